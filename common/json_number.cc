#include "common/json_number.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <string_view>

namespace asciinemad {
namespace {

template <std::size_t decimals>
void append_fixed(std::string& out, std::uint64_t value) {
  std::array<char, 20 + 1 + decimals> text;  // NOLINT: filled from its end
  char* at = text.data() + text.size();
  for (std::size_t i = 0; i < decimals; ++i, value /= 10) {
    *--at = static_cast<char>('0' + value % 10);
  }
  *--at = '.';
  do {
    *--at = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  out.append(at, text.data() + text.size());
}

}  // namespace

void append_json_integer(std::string& out, std::int64_t value) {
  std::array<char, 24> digits{};
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

void append_json_seconds(std::string& out, std::uint64_t us) { append_fixed<6>(out, us); }

void append_json_milliseconds(std::string& out, std::uint64_t ms) { append_fixed<3>(out, ms); }

void append_json_float(std::string& out, double finite) {
  const double size = std::abs(finite);
  const bool plain = size == 0 || (size >= 1e-4 && size < 1e16);
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), finite,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific)
                       .ptr;
  const std::string_view text(digits.data(), static_cast<std::size_t>(end - digits.data()));
  out.append(text);
  if (plain && text.find('.') == std::string_view::npos) out.append(".0");
}

}  // namespace asciinemad
