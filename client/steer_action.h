// SteerAction: what to ask of a recording that is being made, from the words of a command line.
#pragma once

#include <cstddef>
#include <vector>

#include "client/control_action.h"
#include "common/result.h"
#include "proto/message.h"

namespace asciinemad {

using SteerAction = decltype(wire::Steer::action);

// What one message types at most.
inline constexpr std::size_t kMaxSendBytes = 65536;

struct SteerWish {
  SteerAction action;
  // To be typed is what standard input has, not what `action` says.
  bool from_input = false;
};

// Each understands the words behind one verb; errors are for a usage message.
Result<SteerWish> parse_mark(const VerbWords& given);
Result<SteerWish> parse_resize(const VerbWords& given);
Result<SteerWish> parse_send(const VerbWords& given);
Result<SteerWish> parse_title(const VerbWords& given);

// The messages that it takes, one at least: what is too long to be typed at once is divided.
std::vector<SteerAction> divide(const SteerAction& action);

}  // namespace asciinemad
