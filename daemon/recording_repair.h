// Repairing a recording whose writer was cut short with its machine.
#pragma once

#include <cstdint>
#include <string>

#include "common/result.h"

namespace asciinemad {

// Cuts an asciicast v2 behind its last whole line: an event, with a newline or, as editors leave
// it, without, or the header. What the machine's death leaves behind it: half a line, zeros where
// the file system had not written yet, anything. Nothing of the first `kept_bytes` is cut. The rest
// is synced. Returns how much was cut off. `fd` is open for reading, and nobody else is known to
// have the file, `path`, open for writing; it is opened so only to be cut. To be run in a thread;
// reads backwards in small blocks, 1 GB/s of zeros.
//
// Errc::invalid_data, and the file is as it was: no regular file of this user's, shorter than
// `kept_bytes`, not a recording, or not to be written. Errc::busy, likewise: somebody writes it, or
// has put another one there. Errors do not name the file.
Result<std::uint64_t> repair_recording(int fd, const std::string& path, std::uint64_t kept_bytes);

}  // namespace asciinemad
