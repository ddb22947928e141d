#include "client/control_action.h"

#include <array>
#include <cstdint>
#include <string>

#include "client/time_text.h"
#include "common/config.h"

namespace asciinemad {
namespace {

using Words = std::span<const std::string_view>;

Error wrong(const std::string& message) { return {Errc::invalid_argument, message}; }

Error unrecognized(std::string_view word) {
  return wrong("unrecognized arguments: " + std::string(word));
}

Status check_one(Words words, const std::string& name) {
  if (words.empty()) return wrong("the following arguments are required: " + name);
  return words.size() == 1 ? Status() : unrecognized(words[1]);
}

template <typename Action>
Result<ControlAction> parse_nothing(Words words) {
  if (!words.empty()) return unrecognized(words.front());
  return ControlAction(Action{});
}

Result<ControlAction> parse_step(Words words) {
  if (words.empty()) return ControlAction(wire::control::Step{});
  if (words.size() == 1 && words.front() == "--back") {
    return ControlAction(wire::control::StepBack{});
  }
  return unrecognized(words.front() == "--back" ? words[1] : words.front());
}

Result<ControlAction> parse_seek(Words words) {
  TRY(check_one(words, "TIME"));
  const std::string_view word = words.front();
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

Result<ControlAction> parse_speed(Words words) {
  TRY(check_one(words, "FACTOR"));
  if (const auto speed = parse_positive_number(words.front())) {
    return ControlAction(wire::control::SetSpeed{*speed});
  }
  return wrong("argument FACTOR: \"" + std::string(words.front()) +
               "\" is not a positive number (1e-6 to 1e9)");
}

Result<ControlAction> parse_marker(Words words) {
  TRY(check_one(words, "next or previous"));
  if (words.front() == "next") return ControlAction(wire::control::NextMarker{});
  if (words.front() == "previous") return ControlAction(wire::control::PreviousMarker{});
  return wrong("invalid choice: \"" + std::string(words.front()) +
               "\" (choose from next, previous)");
}

constexpr std::array<ControlVerb, 8> kVerbs = {
    {{"pause", "", "Pause a playback.", parse_nothing<wire::control::Pause>},
     {"resume", "", "Let a paused playback go on.", parse_nothing<wire::control::Resume>},
     {"toggle", "", "Pause a playback, or let it go on.", parse_nothing<wire::control::Toggle>},
     {"step", "[--back]", "Go to the next frame of a playback, or the one before, and pause.",
      parse_step},
     {"seek", "TIME",
      "Go to another place in a playback: 90, 90.5, 1:30 or 1:01:30 from its\n"
      "beginning, so much further (+5) or back (-5), or a part of the whole (50%).",
      parse_seek},
     {"speed", "FACTOR", "Play so many times as fast as it was recorded.", parse_speed},
     {"marker", "{next,previous}", "Go to a marker of a playback, and pause.", parse_marker},
     {"stop", "", "End a playback.", parse_nothing<wire::control::Stop>}}};

}  // namespace

std::span<const ControlVerb> control_verbs() { return kVerbs; }

const ControlVerb* find_control_verb(std::string_view name) {
  for (const ControlVerb& verb : kVerbs) {
    if (verb.name == name) return &verb;
  }
  return nullptr;
}

}  // namespace asciinemad
