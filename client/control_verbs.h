// ControlVerb: a verb of the command line that steers recordings, playbacks or both.
#pragma once

#include <string_view>

#include "client/control_action.h"
#include "client/steer_action.h"
#include "common/result.h"

namespace asciinemad {

struct ControlVerb {
  std::string_view name;
  std::string_view arguments;  // for the usage line: "TIME"
  std::string_view option;     // its own one; empty: it has none
  std::string_view help;       // one or more lines
  // nullptr: nothing that playbacks, or recordings, understand.
  Result<ControlAction> (*control)(const VerbWords& given);
  Result<SteerWish> (*steer)(const VerbWords& given);
};

// nullptr when there is no such verb.
const ControlVerb* find_control_verb(std::string_view name);

}  // namespace asciinemad
