// make_uuid: a name that nobody else has.
#pragma once

#include <string>

#include "common/result.h"

namespace asciinemad {

// A random UUID, version 4 (RFC 4122), in lower case.
Result<std::string> make_uuid();

}  // namespace asciinemad
