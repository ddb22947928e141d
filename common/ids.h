// Names that the daemon gives to sessions and playbacks.
#pragma once

#include <string>

#include "common/result.h"

namespace asciinemad {

// 8 characters of [a-z2-7], 40 random bits: short enough to type, too many to meet twice.
Result<std::string> make_id();

}  // namespace asciinemad
