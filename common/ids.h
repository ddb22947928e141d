// Names of sessions and playbacks.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"

namespace asciinemad {

// 8 characters of [a-z2-7], 40 random bits: short enough to type, too many to meet twice.
Result<std::string> make_id();
// Whether a text has that form.
bool is_id(std::string_view text);

}  // namespace asciinemad
