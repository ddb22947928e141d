#include "daemon/http_headers.h"

#include <httplib.h>

#include <algorithm>

#include "build_config.h"
#include "common/printable.h"
#include "common/url.h"

namespace asciinemad {

const char* const kUserAgent = "asciinemad/" ASCIINEMAD_VERSION;

std::string basic_credentials(const std::string& user, const std::string& password) {
  return httplib::make_basic_authentication_header(user, password).second;
}

std::string basic_credentials(const std::string& user_info) {
  const std::size_t colon = std::min(user_info.find(':'), user_info.size());
  const std::string password = colon < user_info.size() ? user_info.substr(colon + 1) : "";
  return basic_credentials(percent_decode(user_info.substr(0, colon)), percent_decode(password));
}

std::string short_reason(std::string_view reason) {
  constexpr std::size_t kMaxShown = 60;
  return printable(reason.substr(0, kMaxShown));
}

Error not_http() { return Error{Errc::invalid_data, "the answer is not valid HTTP"}; }

}  // namespace asciinemad
