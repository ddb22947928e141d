#include "client/control_action.h"

#include <cstdint>
#include <string>

#include "client/time_text.h"
#include "common/config.h"

namespace asciinemad {
namespace {

Error wrong(const std::string& message) { return {Errc::invalid_argument, message}; }

Error unrecognized(std::string_view word) {
  return wrong("unrecognized arguments: " + std::string(word));
}

}  // namespace

Status check_no_word(const VerbWords& given) {
  return given.words.empty() ? Status() : unrecognized(given.words.front());
}

Status check_one_word(const VerbWords& given, const std::string& name) {
  if (given.words.empty()) return wrong("the following arguments are required: " + name);
  return given.words.size() == 1 ? Status() : unrecognized(given.words[1]);
}

Result<ControlAction> parse_step(const VerbWords& given) {
  TRY(check_no_word(given));
  if (given.option) return ControlAction(wire::control::StepBack{});
  return ControlAction(wire::control::Step{});
}

Result<ControlAction> parse_seek(const VerbWords& given) {
  TRY(check_one_word(given, "TIME"));
  const std::string_view word = given.words.front();
  if (word.ends_with('%')) {
    if (const auto percentage = parse_percentage(word.substr(0, word.size() - 1))) {
      return ControlAction(wire::control::SeekToFraction{*percentage / 100});
    }
  } else if (word.starts_with('+') || word.starts_with('-')) {
    if (const auto time = parse_time(word.substr(1))) {
      const auto us = static_cast<std::int64_t>(*time);
      return ControlAction(wire::control::SeekBy{word.starts_with('-') ? -us : us});
    }
  } else if (const auto time = parse_time(word)) {
    return ControlAction(wire::control::SeekTo{*time});
  }
  return wrong("argument TIME: \"" + std::string(word) +
               "\" is not a time such as 90, 1:30, +5, -5 or 50%");
}

Result<ControlAction> parse_speed(const VerbWords& given) {
  TRY(check_one_word(given, "FACTOR"));
  const std::string_view word = given.words.front();
  if (const auto speed = parse_positive_number(word)) {
    return ControlAction(wire::control::SetSpeed{*speed});
  }
  return wrong("argument FACTOR: \"" + std::string(word) +
               "\" is not a positive number (1e-6 to 1e9)");
}

Result<ControlAction> parse_marker(const VerbWords& given) {
  TRY(check_one_word(given, "next or previous"));
  const std::string_view word = given.words.front();
  if (word == "next") return ControlAction(wire::control::NextMarker{});
  if (word == "previous") return ControlAction(wire::control::PreviousMarker{});
  return wrong("invalid choice: \"" + std::string(word) + "\" (choose from next, previous)");
}

}  // namespace asciinemad
