// Mending the end of a recording that a daemon was writing when it died.
#pragma once

#include <cstdint>
#include <optional>

#include "common/result.h"
#include "proto/message.h"

namespace asciinemad {

// Cuts the regular file `fd` back to `recorded_bytes`, if that is given and less, and where nothing
// more is known, behind its last whole line; never to less than `kept_bytes`, what stood there
// before the session. What is written next follows there. Anything but a regular file is left as it
// is.
Status mend_recording(int fd, wire::Format format, std::uint64_t kept_bytes,
                      std::optional<std::uint64_t> recorded_bytes);

}  // namespace asciinemad
