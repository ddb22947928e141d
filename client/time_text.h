// Times as people write and read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace asciinemad {

// "90", "90.5", "1:30.5" or "1:01:30" as microseconds, not more than 1e9 s; what is smaller than a
// microsecond does not count. Behind a colon a number is smaller than 60.
std::optional<std::uint64_t> parse_time(std::string_view text);

// A decimal number from 0 to 100, with or without a fraction, without a sign.
std::optional<double> parse_percentage(std::string_view text);

// "45 s", "3 min", "2 h 5 min", "3 days".
std::string span_text(std::uint64_t seconds);

}  // namespace asciinemad
