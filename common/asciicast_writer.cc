#include "common/asciicast_writer.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>

#include "common/json_text.h"
#include "common/utf8.h"

namespace asciinemad {
namespace {

constexpr std::uint64_t kMicrosPerSecond = 1'000'000;

template <typename Integer>
void append_integer(std::string& out, Integer value) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

void append_seconds(std::string& out, std::uint64_t at_us) {
  append_integer(out, at_us / kMicrosPerSecond);
  std::uint64_t rest = at_us % kMicrosPerSecond;
  std::array<char, 7> fraction{'.'};
  for (std::size_t i = fraction.size() - 1; i > 0; --i) {
    fraction[i] = static_cast<char>('0' + rest % 10);
    rest /= 10;
  }
  out.append(fraction.data(), fraction.size());
}

// Shortest form that reads back as the same value, and always as a float: 2 is written 2.0.
void append_float(std::string& out, double value) {
  const double size = std::abs(value);
  const bool plain = size == 0 || (size >= 1e-4 && size < 1e16);
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific)
                       .ptr;
  const std::string_view text(digits.data(), static_cast<std::size_t>(end - digits.data()));
  out.append(text);
  if (plain && text.find('.') == std::string_view::npos) out.append(".0");
}

// Values come from the environment and the command line, which are just bytes.
void append_sanitized(std::string& out, std::string_view bytes) {
  Utf8Decoder decoder;
  std::string text(decoder.decode(bytes));
  text.append(decoder.finish());
  append_json_string(out, text);
}

void append_text_member(std::string& out, std::string_view key,
                        const std::optional<std::string>& value) {
  if (!value) return;
  out.append(", \"").append(key).append("\": ");
  append_sanitized(out, *value);
}

void append_env(std::string& out, const std::vector<std::pair<std::string, std::string>>& env) {
  if (env.empty()) return;
  std::string_view separator = ", \"env\": {";
  for (const auto& [name, value] : env) {
    out.append(separator);
    append_sanitized(out, name);
    out.append(": ");
    append_sanitized(out, value);
    separator = ", ";
  }
  out.push_back('}');
}

}  // namespace

void append_header_v2(std::string& out, const AsciicastHeader& header) {
  out.append("{\"version\": 2, \"width\": ");
  append_integer(out, header.cols);
  out.append(", \"height\": ");
  append_integer(out, header.rows);
  if (header.timestamp) {
    out.append(", \"timestamp\": ");
    append_integer(out, *header.timestamp);
  }
  // JSON has no way to write an infinite limit, and leaving it out means the same.
  if (header.idle_time_limit && std::isfinite(*header.idle_time_limit)) {
    out.append(", \"idle_time_limit\": ");
    append_float(out, *header.idle_time_limit);
  }
  append_text_member(out, "command", header.command);
  append_env(out, header.env);
  append_text_member(out, "title", header.title);
  out.append("}\n");
}

void append_event_v2(std::string& out, std::uint64_t at_us, EventCode code,
                     std::string_view valid_utf8) {
  out.push_back('[');
  append_seconds(out, at_us);
  const std::array<char, 7> middle{',', ' ', '"', static_cast<char>(code), '"', ',', ' '};
  out.append(middle.data(), middle.size());
  append_json_string(out, valid_utf8);
  out.append("]\n");
}

void append_resize_v2(std::string& out, std::uint64_t at_us, int cols, int rows) {
  std::string size;
  append_integer(size, cols);
  size.push_back('x');
  append_integer(size, rows);
  append_event_v2(out, at_us, EventCode::resize, size);
}

}  // namespace asciinemad
