// ControlAction: what to ask of a playback, from the words of a command line.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "common/result.h"
#include "proto/message.h"

namespace asciinemad {

using ControlAction = decltype(wire::Control::action);

// What stands behind a verb that steers, without -S ID.
struct VerbWords {
  std::span<const std::string_view> words;
  bool option = false;  // the verb's own one is given
};

// Each understands the words behind one verb; errors are for a usage message.
Result<ControlAction> parse_step(const VerbWords& given);
Result<ControlAction> parse_seek(const VerbWords& given);
Result<ControlAction> parse_speed(const VerbWords& given);
Result<ControlAction> parse_marker(const VerbWords& given);

// The errors that all verbs have in common.
Status check_no_word(const VerbWords& given);
Status check_one_word(const VerbWords& given, const std::string& name);

}  // namespace asciinemad
