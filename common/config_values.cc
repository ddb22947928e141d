#include "common/config_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdio>
#include <system_error>
#include <variant>

namespace asciinemad {
namespace {

constexpr std::size_t kMaxQuotedBytes = 60;
constexpr std::size_t kMaxLabelBytes = 1024;
constexpr double kMinNumber = 1e-6;
constexpr double kMaxNumber = 1e9;
constexpr double kMaxMebibytes = 1 << 20;
constexpr double kSecondsPerDay = 24 * 3600;
constexpr double kMaxDays = 36500;
constexpr double kMaxWholeSeconds = 999'999;

Error reason(std::string_view text) { return Error{Errc::invalid_argument, std::string(text)}; }

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\f\v";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

void add_name(std::vector<std::string>& names, std::string_view text) {
  const std::string_view name = trimmed(text);
  if (name.empty() || std::find(names.begin(), names.end(), name) != names.end()) return;
  names.emplace_back(name);
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

bool contains_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

// TOML can write a NUL in a string, and everything we pass these texts to would stop there.
Result<std::string> text_of(const ConfigValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return reason("is not a text in quotes");
  if (contains_nul(*text)) return reason("contains a NUL character");
  return *text;
}

std::optional<double> usable_number(double number) {
  // False for NaN, too.
  if (number >= kMinNumber && number <= kMaxNumber) return number;
  return std::nullopt;
}

std::optional<double> number_of(const ConfigValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    return parse_positive_number(trimmed(*text));
  }
  const auto* number = std::get_if<double>(&value);
  return number == nullptr ? std::nullopt : usable_number(*number);
}

bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }

bool is_blank_or_control(char c) { return is_control(c) || c == ' '; }

}  // namespace

Status set_text(std::optional<std::string>& target, const ConfigValue& value) {
  TRY_ASSIGN(std::string text, text_of(value));
  target.reset();
  if (!trimmed(text).empty()) target = std::move(text);
  return {};
}

Status set_url(std::string& target, const ConfigValue& value) {
  TRY_ASSIGN(const std::string text, text_of(value));
  TRY_ASSIGN(target, parse_server_url(text));
  return {};
}

Status set_flag(bool& target, const ConfigValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) {
    target = *flag;
    return {};
  }
  if (const auto* text = std::get_if<std::string>(&value)) {
    const auto is_text = [text](std::string_view word) {
      return equals_ignoring_case(*text, word);
    };
    constexpr std::array<std::string_view, 4> kTrue = {"yes", "true", "on", "1"};
    constexpr std::array<std::string_view, 4> kFalse = {"no", "false", "off", "0"};
    target = std::any_of(kTrue.begin(), kTrue.end(), is_text);
    if (target || std::any_of(kFalse.begin(), kFalse.end(), is_text)) return {};
  }
  return reason("is not one of true, false, yes, no, on, off, 1, 0");
}

Status set_seconds(std::optional<double>& target, const ConfigValue& value) {
  const std::optional<double> seconds = number_of(value);
  if (!seconds) return reason("is not a positive number of seconds (1e-6 to 1e9)");
  target = seconds;
  return {};
}

Status set_speed(double& target, const ConfigValue& value) {
  const std::optional<double> speed = number_of(value);
  if (!speed) return reason("is not a positive number (1e-6 to 1e9)");
  target = *speed;
  return {};
}

Status set_mebibytes(std::uint64_t& target_bytes, const ConfigValue& value) {
  const std::optional<double> mebibytes = number_of(value);
  if (!mebibytes || *mebibytes < 1 || *mebibytes > kMaxMebibytes) {
    return reason("is not a number of MiB from 1 to 1048576");
  }
  target_bytes = static_cast<std::uint64_t>(*mebibytes * (1 << 20));
  return {};
}

Status set_days(std::uint64_t& target_s, const ConfigValue& value) {
  const std::optional<double> days = number_of(value);
  if (!days || *days * kSecondsPerDay < 1 || *days > kMaxDays) {
    return reason("is not a positive number of days, up to 36500");
  }
  target_s = static_cast<std::uint64_t>(*days * kSecondsPerDay);
  return {};
}

Status set_whole_seconds(std::uint64_t& target_s, const ConfigValue& value) {
  const std::optional<double> seconds = number_of(value);
  if (!seconds || *seconds < 1 || *seconds > kMaxWholeSeconds) {
    return reason("is not a number of seconds from 1 to 999999");
  }
  target_s = static_cast<std::uint64_t>(*seconds);
  return {};
}

Status set_log_level(log::Level& target, const ConfigValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  const std::optional<log::Level> level =
      text != nullptr ? log::find_level(trimmed(*text)) : std::nullopt;
  if (!level) return reason("is not one of error, warn, info, debug");
  target = *level;
  return {};
}

Status set_key(std::optional<Key>& target, const ConfigValue& value) {
  TRY_ASSIGN(const std::string text, text_of(value));
  target.reset();
  if (text.empty() || equals_ignoring_case(text, "none")) return {};
  Result<Key> key = parse_key(text);
  if (!key.ok()) {
    return reason(
        "is not a hotkey: use C-x or ^x (x a letter, space or one of @ \\ ] ^ _ ?), one character, "
        "or none; Escape cannot be one");
  }
  target = std::move(key).value();
  return {};
}

Status set_label(std::string& target, const ConfigValue& value) {
  TRY_ASSIGN(const std::string text, text_of(value));
  TRY_ASSIGN(target, parse_label(text));
  return {};
}

Status set_on_disconnect(bool& target_detaches, const ConfigValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  target_detaches = text != nullptr && equals_ignoring_case(*text, "detach");
  if (target_detaches || (text != nullptr && equals_ignoring_case(*text, "hang-up"))) return {};
  return reason("is neither hang-up nor detach");
}

Status set_env_names(std::vector<std::string>& target, const ConfigValue& value) {
  target.clear();
  if (const auto* names = std::get_if<std::vector<std::string>>(&value)) {
    for (const std::string& name : *names) add_name(target, name);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    target = parse_env_names(*text);
  } else {
    return reason("is not a list of variable names");
  }
  const bool has_nul = std::any_of(target.begin(), target.end(), contains_nul);
  return has_nul ? reason("contains a NUL character") : Status();
}

Result<std::string> parse_server_url(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view scheme = text.substr(0, colon);
  const bool is_http =
      equals_ignoring_case(scheme, "http") || equals_ignoring_case(scheme, "https");
  if (colon == std::string_view::npos || !is_http || text.substr(colon, 3) != "://") {
    return reason("is not an http:// or https:// address");
  }
  if (text.find_first_of("?#") != std::string_view::npos ||
      std::any_of(text.begin(), text.end(), is_blank_or_control)) {
    return reason("is not a plain address: blanks, ? and # cannot be part of it");
  }
  while (text.ends_with('/')) text.remove_suffix(1);
  if (text.size() <= colon + 3 || text[colon + 3] == '/' || text[colon + 3] == ':') {
    return reason("names no host");
  }
  return std::string(text);
}

std::string quoted(std::string_view text) {
  std::size_t length = std::min(text.size(), kMaxQuotedBytes);
  // Not in the middle of a UTF-8 character.
  while (length < text.size() && length > 0 && (text[length] & 0xc0) == 0x80) --length;
  std::string out = "\"";
  for (const char c : text.substr(0, length)) {
    if (!is_control(c)) {
      out += c;
      continue;
    }
    std::array<char, 8> escape{};
    std::snprintf(escape.data(), escape.size(), "\\x%02x", static_cast<unsigned char>(c));
    out += escape.data();
  }
  return out + (length < text.size() ? "...\"" : "\"");
}

std::string described(const ConfigValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return quoted(*text);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* other = std::get_if<OtherValue>(&value)) return std::string(other->type_name);
  if (const auto* number = std::get_if<double>(&value)) {
    std::array<char, 32> digits{};
    std::snprintf(digits.data(), digits.size(), "%g", *number);
    return digits.data();
  }
  return "a list";
}

std::optional<double> parse_positive_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return usable_number(number);
}

Result<std::string> parse_label(std::string_view text) {
  if (text.size() > kMaxLabelBytes) return reason("is longer than 1024 bytes");
  if (std::any_of(text.begin(), text.end(), is_control)) {
    return reason("contains a control character");
  }
  return std::string(text);
}

std::vector<std::string> parse_env_names(std::string_view text) {
  std::vector<std::string> names;
  while (true) {
    const std::size_t comma = text.find(',');
    add_name(names, text.substr(0, comma));
    if (comma == std::string_view::npos) return names;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace asciinemad
