#include "daemon/http_proxy.h"

#include <algorithm>

namespace asciinemad {
namespace {

std::string lower_case(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lowered;
}

// "HOST", ".DOMAIN", "1.2.3.4", "::1", "[::1]", each but "::1" also with ":PORT".
bool is_exempted_by(std::string_view entry, const Url& url) {
  if (entry == "*") return true;
  const bool bracketed = entry.starts_with('[');
  const bool bare_ipv6 = !bracketed && std::count(entry.begin(), entry.end(), ':') > 1;
  if (const std::size_t colon = entry.rfind(':');
      !bare_ipv6 && colon != std::string_view::npos && !entry.ends_with(']')) {
    if (entry.substr(colon + 1) != std::to_string(url.port)) return false;
    entry = entry.substr(0, colon);
  }
  if (bracketed && entry.ends_with(']')) entry = entry.substr(1, entry.size() - 2);
  if (entry.starts_with('.')) entry.remove_prefix(1);
  if (entry.empty()) return false;
  const std::string name = lower_case(entry);
  return url.host == name || url.host.ends_with("." + name);
}

bool is_exempted(const Url& url, std::string_view no_proxy) {
  constexpr std::string_view kSeparators = ", \t";
  while (!no_proxy.empty()) {
    const std::size_t end = std::min(no_proxy.find_first_of(kSeparators), no_proxy.size());
    if (is_exempted_by(no_proxy.substr(0, end), url)) return true;
    no_proxy.remove_prefix(std::min(end + 1, no_proxy.size()));
  }
  return false;
}

}  // namespace

Result<std::optional<Url>> proxy_for(const Url& url, const ProxySettings& settings) {
  std::string value = url.is_https() ? settings.https_proxy : settings.http_proxy;
  if (value.empty() || is_exempted(url, settings.no_proxy)) return std::optional<Url>();
  // A "://" further on is part of a password.
  const std::size_t colon = std::min(value.find(':'), value.size());
  if (!std::string_view(value).substr(colon).starts_with("://")) {
    value = "http://" + value;
  } else if (lower_case(value.substr(0, colon)) != "http") {
    return Error{Errc::invalid_argument,
                 "the proxy " + presentable_url(value) + ": only http proxies can be used"};
  }
  Result<Url> proxy = parse_url(value);
  if (!proxy.ok()) {
    return Error{Errc::invalid_argument, "the proxy cannot be used: " + proxy.error().message};
  }
  return std::optional<Url>(std::move(proxy).value());
}

}  // namespace asciinemad
