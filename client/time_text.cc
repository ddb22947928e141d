#include "client/time_text.h"

#include <algorithm>
#include <cstddef>

namespace asciinemad {
namespace {

constexpr std::uint64_t kSecond = 1'000'000;
constexpr std::uint64_t kMaxTimeUs = 1'000'000'000 * kSecond;
constexpr std::uint64_t kMaxWhole = 1'000'000'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<std::uint64_t> parse_whole(std::string_view digits) {
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), is_digit)) return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : digits) {
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
    if (number > kMaxWhole) return std::nullopt;
  }
  return number;
}

// In millionths. Either side of the point may be empty, not both.
std::optional<std::uint64_t> parse_decimal(std::string_view text) {
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos) {
    const std::optional<std::uint64_t> whole = parse_whole(text);
    return whole.has_value() ? std::optional(*whole * kSecond) : std::nullopt;
  }
  const std::string_view fraction = text.substr(point + 1);
  if (point == 0 && fraction.empty()) return std::nullopt;
  if (!std::all_of(fraction.begin(), fraction.end(), is_digit)) return std::nullopt;
  const std::optional<std::uint64_t> whole = point == 0 ? 0 : parse_whole(text.substr(0, point));
  if (!whole.has_value()) return std::nullopt;
  std::uint64_t millionths = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    millionths *= 10;
    if (i < fraction.size()) millionths += static_cast<std::uint64_t>(fraction[i] - '0');
  }
  return *whole * kSecond + millionths;
}

// "61" or "1:01".
std::optional<std::uint64_t> parse_minutes(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return parse_whole(text);
  const std::optional<std::uint64_t> hours = parse_whole(text.substr(0, colon));
  const std::optional<std::uint64_t> minutes = parse_whole(text.substr(colon + 1));
  if (!hours.has_value() || !minutes.has_value() || *minutes >= 60) return std::nullopt;
  return *hours * 60 + *minutes;
}

}  // namespace

std::optional<std::uint64_t> parse_time(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const bool has_minutes = colon != std::string_view::npos;
  const std::optional<std::uint64_t> minutes =
      has_minutes ? parse_minutes(text.substr(0, colon)) : 0;
  const std::optional<std::uint64_t> us =
      parse_decimal(has_minutes ? text.substr(colon + 1) : text);
  if (!minutes.has_value() || !us.has_value()) return std::nullopt;
  if (has_minutes && *us >= 60 * kSecond) return std::nullopt;
  const std::uint64_t total = *minutes * 60 * kSecond + *us;
  return total <= kMaxTimeUs ? std::optional(total) : std::nullopt;
}

std::optional<double> parse_percentage(std::string_view text) {
  const std::optional<std::uint64_t> millionths = parse_decimal(text);
  if (!millionths.has_value() || *millionths > 100 * kSecond) return std::nullopt;
  return static_cast<double>(*millionths) / static_cast<double>(kSecond);
}

std::string span_text(std::uint64_t seconds) {
  constexpr std::uint64_t kMinute = 60;
  constexpr std::uint64_t kHour = 60 * kMinute;
  constexpr std::uint64_t kDay = 24 * kHour;
  if (seconds < kMinute) return std::to_string(seconds) + " s";
  if (seconds < kHour) return std::to_string(seconds / kMinute) + " min";
  if (seconds >= 2 * kDay) return std::to_string(seconds / kDay) + " days";
  return std::to_string(seconds / kHour) + " h " + std::to_string(seconds / kMinute % 60) + " min";
}

}  // namespace asciinemad
