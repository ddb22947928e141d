#include "common/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "common/printable.h"

namespace asciinemad {
namespace {

constexpr std::size_t kMaxUrlBytes = 8000;
constexpr std::size_t kMaxShownBytes = 200;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_alpha(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }

std::string lower_case(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), lower);
  return lowered;
}

bool starts_with_ignoring_case(std::string_view text, std::string_view lower_prefix) {
  return lower_case(text.substr(0, lower_prefix.size())) == lower_prefix;
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

std::string shortened(const std::string& text) {
  return text.size() > kMaxShownBytes ? text.substr(0, kMaxShownBytes) + "..." : text;
}

Error unusable(std::string_view text, std::string_view reason) {
  return Error{Errc::invalid_argument, presentable_url(text) + ": " + std::string(reason)};
}

std::uint16_t default_port(std::string_view scheme) { return scheme == "https" ? 443 : 80; }

// The characters before the first ':' if they are a scheme.
std::optional<std::string> find_scheme(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || !is_alpha(text[0])) return std::nullopt;
  const std::string_view name = text.substr(0, colon);
  const bool valid = std::all_of(name.begin(), name.end(), [](char c) {
    return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
  if (!valid) return std::nullopt;
  return lower_case(name);
}

// Encodes what may not stand in a request line, and what browsers encode there.
std::string encoded_target(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  constexpr std::string_view kUnsafe = "\"<>\\^`{|}";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7F || kUnsafe.find(c) != std::string_view::npos) {
      encoded += '%';
      encoded += kDigits[byte >> 4];
      encoded += kDigits[byte & 15];
    } else {
      encoded += c;
    }
  }
  return encoded;
}

bool is_valid_host(std::string_view host) {
  return std::all_of(host.begin(), host.end(), [](char c) {
    return is_alpha(c) || is_digit(c) || c == '.' || c == '-' || c == '_';
  });
}

bool is_ipv6(const std::string& host) {
  in6_addr ignored{};
  return ::inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
}

std::optional<std::uint16_t> parse_port(std::string_view digits) {
  unsigned port = 0;
  if (digits.empty() || digits.size() > 5) return std::nullopt;
  for (const char c : digits) {
    if (!is_digit(c)) return std::nullopt;
    port = port * 10 + static_cast<unsigned>(c - '0');
  }
  if (port == 0 || port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

// "[USER[:PASSWORD]@]HOST[:PORT]". `text` is for the message.
Status parse_authority(std::string_view authority, std::string_view text, Url& url) {
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    url.user_info = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return unusable(text, "the IPv6 address has no end");
    url.host = lower_case(authority.substr(1, end - 1));
    port = authority.substr(end + 1);
    if (!is_ipv6(url.host)) return unusable(text, "not an IPv6 address");
    if (!port.empty() && port[0] != ':') return unusable(text, "invalid port");
  } else {
    const std::size_t colon = std::min(authority.find(':'), authority.size());
    url.host = lower_case(authority.substr(0, colon));
    port = authority.substr(colon);
    if (url.host.empty()) return unusable(text, "the URL names no host");
    if (!is_valid_host(url.host)) return unusable(text, "invalid host name");
  }
  url.port = default_port(url.scheme);
  if (port.size() <= 1) return {};
  const std::optional<std::uint16_t> number = parse_port(port.substr(1));
  if (!number.has_value()) return unusable(text, "invalid port");
  url.port = *number;
  return {};
}

// RFC 3986, 5.2.4, for a path that begins with '/'.
std::string without_dot_segments(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const std::size_t next = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(0, next);
    path.remove_prefix(next);
    const bool last = path.empty();
    if (segment == "/." || segment == "/..") {
      if (segment == "/..") out.resize(out.rfind('/') == std::string::npos ? 0 : out.rfind('/'));
      if (last) out += '/';
    } else {
      out += segment;
    }
  }
  return out;
}

struct Target {
  std::string_view path;
  std::string_view query;  // with its '?'
};

Target split_target(std::string_view target) {
  const std::size_t question = std::min(target.find('?'), target.size());
  return {target.substr(0, question), target.substr(question)};
}

}  // namespace

bool Url::same_origin(const Url& other) const {
  return scheme == other.scheme && host == other.host && port == other.port;
}

std::string Url::authority() const {
  std::string text = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != default_port(scheme)) text += ":" + std::to_string(port);
  return text;
}

std::string Url::text() const { return scheme + "://" + authority() + target; }

std::string Url::shown() const { return shortened(text()); }

Result<Url> parse_url(std::string_view text) {
  if (text.size() > kMaxUrlBytes) return unusable(text, "the URL is too long");
  if (std::any_of(text.begin(), text.end(),
                  [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; })) {
    return unusable(text, "the URL contains spaces or control characters");
  }
  const std::optional<std::string> scheme = find_scheme(text);
  if (!scheme.has_value()) return unusable(text, "not a URL");
  if (scheme != "http" && scheme != "https") {
    return unusable(text, "only http and https URLs can be fetched");
  }
  Url url;
  url.scheme = *scheme;
  std::string_view rest = text.substr(scheme->size() + 1);
  if (!rest.starts_with("//")) return unusable(text, "the URL names no host");
  rest = rest.substr(2, rest.find('#') - 2);
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  TRY(parse_authority(rest.substr(0, end), text, url));
  const Target target = split_target(rest.substr(end));
  const std::string path = without_dot_segments(target.path);
  url.target = (path.empty() ? "/" : encoded_target(path)) + encoded_target(target.query);
  return url;
}

Result<Url> resolve_url(const Url& base, std::string_view reference) {
  constexpr std::string_view kSpaces = " \t\r\n\f";
  const std::size_t begin = std::min(reference.find_first_not_of(kSpaces), reference.size());
  reference = reference.substr(begin, reference.find_last_not_of(kSpaces) - begin + 1);
  std::string text;
  for (const char c : reference) text += c == ' ' ? std::string("%20") : std::string(1, c);

  if (find_scheme(text).has_value()) return parse_url(text);
  if (text.starts_with("//")) return parse_url(base.scheme + ":" + text);
  text.resize(std::min(text.find('#'), text.size()));
  const Target old = split_target(base.target);
  const std::string origin = base.scheme + "://" + base.authority();
  if (text.empty()) return parse_url(origin + base.target);
  if (text[0] == '/') return parse_url(origin + text);
  if (text[0] == '?') return parse_url(origin + std::string(old.path) + text);
  return parse_url(origin + std::string(old.path.substr(0, old.path.rfind('/') + 1)) + text);
}

std::string through_ipfs_gateway(std::string_view url, std::string_view gateway) {
  constexpr std::array<std::string_view, 3> kPrefixes = {"ipfs://", "ipfs:/ipfs/", "dweb:/ipfs/"};
  for (const std::string_view prefix : kPrefixes) {
    if (!starts_with_ignoring_case(url, prefix)) continue;
    while (gateway.ends_with('/')) gateway.remove_suffix(1);
    return std::string(gateway) + "/ipfs/" + std::string(url.substr(prefix.size()));
  }
  return std::string(url);
}

std::string percent_decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool has_digits = text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
                            hex_value(text[i + 2]) >= 0;
    if (has_digits) {
      decoded += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

std::string presentable_url(std::string_view text) {
  std::string shown(text);
  // The text may be too malformed to tell where a password ends: the last '@' is on the safe side.
  if (const std::size_t at = shown.rfind('@'); at != std::string::npos) {
    const std::size_t slashes = shown.find("//");
    const std::size_t begin = slashes < at ? slashes + 2 : 0;
    shown.erase(begin, at + 1 - begin);
  }
  return printable(shortened(shown));
}

}  // namespace asciinemad
