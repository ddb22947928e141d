// Whether servers may take a recording: read once, as a whole, before it is queued.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"

namespace asciinemad {

struct UploadCheck {
  int version = 0;               // of the asciicast: 1, 2 or 3
  std::uint64_t kept_bytes = 0;  // what is behind them is an incomplete last line, to be cut off
  std::vector<std::string> warnings;  // a line each, for the user
};

// `fd` is a regular file with an uncompressed recording of `bytes` bytes that nobody writes to; it
// stays the caller's, as does its position. Errc::invalid_data: servers will refuse it; the message
// says why, as a part of a sentence, without the file's name. Other errors: it can't be read.
// Blocks for as long as the disk takes; constant memory, except for v1, which is held as a whole.
Result<UploadCheck> check_recording_for_upload(int fd, std::uint64_t bytes);

}  // namespace asciinemad
