// What heads of HTTP messages are made of.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"

namespace asciinemad {

// Names and values; both without line ends.
using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

extern const char* const kUserAgent;

inline constexpr std::size_t kMaxHeaderLineBytes = 8192;

// The value of an Authorization or Proxy-Authorization header.
std::string basic_credentials(const std::string& user, const std::string& password);
// The same for Url::user_info.
std::string basic_credentials(const std::string& user_info);

// A server's words of the status line, for a message.
std::string short_reason(std::string_view reason);

// Errc::invalid_data.
Error not_http();

}  // namespace asciinemad
