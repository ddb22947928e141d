#include "daemon/http_route.h"

#include <algorithm>
#include <string>

#include "daemon/http_headers.h"

namespace asciinemad {
namespace {

// Asks the proxy for a connection to the URL's host. Byte by byte, since what follows is TLS's.
Status open_tunnel(HttpConnection& connection, const Url& url, const Url& proxy) {
  const std::string host =
      url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
  const std::string peer = host + ":" + std::to_string(url.port);
  std::string head =
      "CONNECT " + peer + " HTTP/1.1\r\nHost: " + peer + "\r\nUser-Agent: " + kUserAgent + "\r\n";
  if (!proxy.user_info.empty()) {
    head += "Proxy-Authorization: " + basic_credentials(proxy.user_info) + "\r\n";
  }
  TRY(connection.write(head + "\r\n"));

  std::string answer;
  while (!answer.ends_with("\r\n\r\n")) {
    char byte = 0;
    TRY_ASSIGN(const std::size_t got, connection.read({&byte, 1}));
    if (got == 0) return Error{Errc::unavailable, "the proxy closed the connection"};
    answer += byte;
    if (answer.size() > kMaxHeaderLineBytes) return not_http();
  }
  const std::string line = answer.substr(0, answer.find("\r\n"));
  if (line.starts_with("HTTP/1.") && line.size() >= 12 && line.substr(8, 2) == " 2") return {};
  return proxy_refusal(proxy, line.substr(std::min(line.find(' ') + 1, line.size())));
}

}  // namespace

Result<std::unique_ptr<HttpConnection>> open_route(const HttpRoute& route) {
  const Url& peer = route.proxy.has_value() ? *route.proxy : route.url;
  TRY_ASSIGN(auto connection, HttpConnection::open(peer.host, peer.port, route.waits));
  if (route.url.is_https()) {
    if (route.proxy.has_value()) TRY(open_tunnel(*connection, route.url, *route.proxy));
    TRY(connection->start_tls(route.url.host, route.trusted));
  }
  return connection;
}

Error proxy_refusal(const Url& proxy, const std::string& status) {
  const Errc code = status.starts_with("407") ? Errc::invalid_argument : Errc::unavailable;
  return Error{code, "the proxy " + proxy.authority() + " answered " + short_reason(status)};
}

}  // namespace asciinemad
