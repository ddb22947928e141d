#include <algorithm>
#include <array>
#include <ctime>
#include <vector>

#include "daemon/upload_verdict.h"

namespace asciinemad {
namespace {

constexpr std::uint64_t kMaxRetryAfterMs = std::uint64_t{24} * 3600 * 1000;

std::string_view without_blanks_around(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// Digits only, at most `max_digits` of them.
std::optional<int> parse_number(std::string_view text, std::size_t max_digits) {
  if (text.empty() || text.size() > max_digits) return std::nullopt;
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> words;
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(separators), text.size()));
    if (text.empty()) return words;
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::optional<int> parse_month(std::string_view name) {
  constexpr std::array<std::string_view, 12> kNames = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto* const found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<int>(found - kNames.begin());
}

bool is_day_of_week(std::string_view name) {
  constexpr std::array<std::string_view, 7> kNames = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                      "Thursday", "Friday", "Saturday"};
  return std::any_of(kNames.begin(), kNames.end(), [&](std::string_view whole) {
    return name == whole || name == whole.substr(0, 3);
  });
}

// Two digits mean the latest such year that is at most 50 years ahead (RFC 9110, 5.6.7).
std::optional<int> parse_year(std::string_view text, std::int64_t now_ms) {
  if (text.size() == 4) return parse_number(text, 4);
  const std::optional<int> year = text.size() == 2 ? parse_number(text, 2) : std::nullopt;
  const std::time_t now_s = now_ms / 1000;
  std::tm now{};
  if (!year.has_value() || ::gmtime_r(&now_s, &now) == nullptr) return std::nullopt;
  const int last = now.tm_year + 1900 + 50;
  return last - (last - *year) % 100;
}

bool parse_time_of_day(std::string_view text, std::tm& time) {
  if (text.size() != 8 || text[2] != ':' || text[5] != ':') return false;
  const std::optional<int> hour = parse_number(text.substr(0, 2), 2);
  const std::optional<int> minute = parse_number(text.substr(3, 2), 2);
  const std::optional<int> second = parse_number(text.substr(6), 2);
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) return false;
  time.tm_hour = *hour;
  time.tm_min = *minute;
  time.tm_sec = std::min(*second, 59);  // a leap second
  return true;
}

// "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994".
// Seconds since 1970. Not with strptime(), which takes the names of the locale.
std::optional<std::int64_t> parse_http_date(std::string_view text, std::int64_t now_ms) {
  const std::vector<std::string_view> words = split(text, " ,-");
  const bool has_zone = words.size() == 6 && words[5] == "GMT";
  if (!has_zone && words.size() != 5) return std::nullopt;
  if (!is_day_of_week(words[0])) return std::nullopt;
  const std::optional<int> day = parse_number(words[has_zone ? 1 : 2], 2);
  const std::optional<int> month = parse_month(words[has_zone ? 2 : 1]);
  const std::optional<int> year = parse_year(words[has_zone ? 3 : 4], now_ms);
  std::tm time{};
  if (!day || !month || !year || !parse_time_of_day(words[has_zone ? 4 : 3], time)) {
    return std::nullopt;
  }
  time.tm_mday = *day;
  time.tm_mon = *month;
  time.tm_year = *year - 1900;
  const std::time_t seconds = ::timegm(&time);
  // timegm() makes the first of May of the 31st of April.
  if (time.tm_mon != *month) return std::nullopt;
  return seconds;
}

}  // namespace

std::optional<std::uint64_t> parse_retry_after(std::string_view text, std::int64_t now_ms) {
  text = without_blanks_around(text);
  if (text.empty()) return std::nullopt;
  if (text.find_first_not_of("0123456789") == std::string_view::npos) {
    text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
    if (text.empty()) return 0;
    const std::optional<int> seconds = parse_number(text, 6);
    if (!seconds.has_value()) return kMaxRetryAfterMs;
    return std::min(static_cast<std::uint64_t>(*seconds) * 1000, kMaxRetryAfterMs);
  }
  const std::optional<std::int64_t> at_s = parse_http_date(text, now_ms);
  if (!at_s.has_value()) return std::nullopt;
  const std::int64_t at_ms = *at_s * 1000;
  if (at_ms <= now_ms) return 0;
  // Unsigned, since the difference may be more than the type of either holds.
  const std::uint64_t wait_ms =
      static_cast<std::uint64_t>(at_ms) - static_cast<std::uint64_t>(now_ms);
  return std::min(wait_ms, kMaxRetryAfterMs);
}

std::uint64_t backoff_ms(std::uint32_t failures, double random) {
  std::uint64_t bound = kFirstBackoffMs;
  for (std::uint32_t i = 1; i < failures && bound < kMaxBackoffMs; ++i) bound *= 2;
  bound = std::min(bound, kMaxBackoffMs);
  return std::max(static_cast<std::uint64_t>(random * static_cast<double>(bound)), kMinBackoffMs);
}

}  // namespace asciinemad
