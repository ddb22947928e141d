// Repairing a recording whose writer was cut short with its machine.
#pragma once

#include <cstdint>

#include "common/result.h"

namespace asciinemad {

// Cuts an asciicast v2, open for reading and writing, behind its last whole line: an event, or the
// header. What the machine's death leaves behind it: half a line, zeros where the file system had
// not written yet, anything. Nothing of the first `kept_bytes` is cut. The rest is synced. Returns
// how much was cut off. To be run in a thread; reads backwards in small blocks, 1 GB/s of zeros.
//
// Errc::invalid_data, and the file is as it was: no regular file of this user's, shorter than
// `kept_bytes`, or not a recording. Errc::busy: somebody writes it. Errors do not name the file.
Result<std::uint64_t> repair_recording(int fd, std::uint64_t kept_bytes);

}  // namespace asciinemad
