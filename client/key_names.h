// key_bytes: what a terminal types for a key that is given by its name.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"

namespace asciinemad {

// As xterm without any special mode, whatever the program has switched on. A key is a name (Enter,
// PageUp, F5...; case does not count) or one character, with any of C-, M- and S- before it; ^x is
// C-x. Errc::invalid_argument for another one, with a suggestion where there is one.
Result<std::string> key_bytes(std::string_view name);

}  // namespace asciinemad
