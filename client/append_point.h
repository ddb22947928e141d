// Where an existing asciicast v2 recording can be continued.
//
// Reading recordings takes a JSON parser, whose libraries would double the time every `asciinema`
// takes to start. So a second program, asciinema-files, does it, and runs only when needed.
#pragma once

#include <cstdint>
#include <string>

#include "common/result.h"

namespace asciinemad {

struct AppendPoint {
  std::uint64_t kept_bytes = 0;    // the file ends here, with a whole event
  std::uint64_t last_time_us = 0;  // of that event
  bool needs_newline = false;
  bool cut = false;  // something behind kept_bytes is lost
};

// Asks asciinema-files about the file `fd`, which must be readable; its offset stays as it is. An
// error says why the file can't be continued.
Result<AppendPoint> find_append_point(int fd);

// One line between the two programs.
std::string format_append_point(const Result<AppendPoint>& point);
Result<AppendPoint> parse_append_point(const std::string& line);

}  // namespace asciinemad
