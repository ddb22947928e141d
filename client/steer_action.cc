#include "client/steer_action.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "client/key_names.h"

namespace asciinemad {
namespace {

// 1 to 65535.
std::optional<std::uint16_t> parse_length(std::string_view text) {
  std::uint16_t length = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, length);
  if (error != std::errc() || stop != end || length == 0) return std::nullopt;
  return length;
}

Result<SteerWish> parse_keys(const VerbWords& given) {
  if (given.words.empty()) {
    return Error{Errc::invalid_argument, "the following arguments are required: KEY"};
  }
  std::string bytes;
  for (const std::string_view word : given.words) {
    TRY_ASSIGN(const std::string key, key_bytes(word));
    bytes += key;
  }
  return SteerWish{wire::steer::Send{bytes}};
}

}  // namespace

Result<SteerWish> parse_mark(const VerbWords& given) {
  if (given.words.empty()) return SteerWish{wire::steer::Mark{}};
  TRY(check_one_word(given, "LABEL"));
  return SteerWish{wire::steer::Mark{std::string(given.words.front())}};
}

Result<SteerWish> parse_resize(const VerbWords& given) {
  TRY(check_one_word(given, "COLSxROWS"));
  const std::string_view word = given.words.front();
  const std::size_t cross = word.find_first_of("xX");
  if (cross != std::string_view::npos) {
    const std::optional<std::uint16_t> cols = parse_length(word.substr(0, cross));
    const std::optional<std::uint16_t> rows = parse_length(word.substr(cross + 1));
    if (cols.has_value() && rows.has_value()) {
      return SteerWish{wire::steer::Resize{{*cols, *rows, 0, 0}}};
    }
  }
  return Error{Errc::invalid_argument, "argument COLSxROWS: \"" + std::string(word) +
                                           "\" is not a size such as 80x24 (1 to 65535 each)"};
}

Result<SteerWish> parse_send(const VerbWords& given) {
  if (given.option) return parse_keys(given);
  TRY(check_one_word(given, "TEXT"));
  const std::string_view word = given.words.front();
  if (word == "-") return SteerWish{wire::steer::Send{}, true};
  return SteerWish{wire::steer::Send{std::string(word)}};
}

Result<SteerWish> parse_title(const VerbWords& given) {
  TRY(check_one_word(given, "TEXT"));
  return SteerWish{wire::steer::Title{std::string(given.words.front())}};
}

std::vector<SteerAction> divide(const SteerAction& action) {
  const auto* send = std::get_if<wire::steer::Send>(&action);
  if (send == nullptr || send->bytes.size() <= kMaxSendBytes) return {action};
  std::vector<SteerAction> messages;
  const std::string& bytes = send->bytes;
  for (std::size_t at = 0; at < bytes.size(); at += kMaxSendBytes) {
    messages.emplace_back(wire::steer::Send{bytes.substr(at, kMaxSendBytes)});
  }
  return messages;
}

}  // namespace asciinemad
