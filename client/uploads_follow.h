// Following the upload queue: until all is decided, or for somebody who looks on.
#pragma once

#include <cstdint>
#include <vector>

#include "client/messages.h"
#include "common/paths.h"

namespace asciinemad {

// Both return the process's exit status.

// Until the uploads of these numbers, or all that are not decided when it begins, are; names those
// that are not done in the end.
int wait_for_uploads(const Environment& environment, const Messages& messages,
                     const std::vector<std::uint64_t>& numbers);

// A table that is drawn again and again where standard output is a terminal, else a line for each
// change; until a signal.
int watch_uploads(const Environment& environment, const Messages& messages);

}  // namespace asciinemad
