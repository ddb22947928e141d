// ControlAction: what to ask of a playback, from the words of a command line.
#pragma once

#include <span>
#include <string_view>

#include "common/result.h"
#include "proto/message.h"

namespace asciinemad {

using ControlAction = decltype(wire::Control::action);

// A verb that steers playbacks.
struct ControlVerb {
  std::string_view name;
  std::string_view arguments;  // for the usage line: "TIME"
  std::string_view help;       // one or more lines
  // Understands the words behind the verb; the error is for a usage message.
  Result<ControlAction> (*parse)(std::span<const std::string_view> words);
};

std::span<const ControlVerb> control_verbs();

// nullptr when there is no such verb.
const ControlVerb* find_control_verb(std::string_view name);

}  // namespace asciinemad
