#include "daemon/http_get.h"

#include <utility>

namespace asciinemad {

Status http_get(const HttpRoute& route, HttpReceiver& receiver) {
  HttpHeaders headers = {
      {"User-Agent", kUserAgent},
      {"Accept", "application/x-asciicast, application/asciicast+json, text/html;q=0.5, */*;q=0.1"},
      // No brotli: whether its stream is whole could not be told.
      {"Accept-Encoding", "gzip"}};
  if (!route.url.user_info.empty()) {
    headers.emplace_back("Authorization", basic_credentials(route.url.user_info));
  }
  return http_exchange(route, {"GET", std::move(headers), nullptr}, receiver);
}

}  // namespace asciinemad
