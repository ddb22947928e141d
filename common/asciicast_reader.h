// Reading asciicast line by line, strictly, from files that nobody vouches for.
//
// Takes bytes and does no I/O. Errors are short reasons without the name of the file or the number
// of the line, which the caller adds. Errc::invalid_data: not a recording, or a damaged one;
// Errc::unsupported: a recording of a version that came after this program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

namespace asciinemad {

struct AsciicastHeaderInfo {
  int version = 0;  // 1, 2 or 3
  int cols = 0;
  int rows = 0;

  // False when the line is only the beginning of a JSON document that goes on below, as version 1
  // alone allows. Then the version is deduced, and cols and rows are 0: whether it is a recording
  // shows when the whole document is parsed.
  bool whole = true;
};

// The first line of a file, with or without its newline. A version 1 document on one line is parsed
// as a whole. Keys that are unknown, and null in keys that are not needed here, are accepted.
Result<AsciicastHeaderInfo> parse_header(std::string_view first_line);

struct EventLine {
  std::uint64_t time_us = 0;  // v2: since the start; v3: since the previous event
  std::string code;           // one of the known letters, or whatever a newer writer put there
  std::string data;           // valid UTF-8
};

// A line behind the header of v2 or v3: [number >= 0, string, string] and nothing else. Comments
// and blank lines are the caller's business.
Result<EventLine> parse_event(std::string_view line);

// Where and when a v2 recording can be continued.
struct Tail {
  std::size_t whole_bytes = 0;     // keep these of the part; behind them is nothing worth keeping
  std::uint64_t last_time_us = 0;  // of the last event; 0 when there is only the header
  bool cut = false;                // what is behind whole_bytes is more than blank lines
  bool needs_newline = false;      // the last whole line lacks its newline
};

// Finds the last whole line in the last part of a v2 file, which begins at the beginning of a line.
// Fails with Errc::invalid_data when there is none; then try again with a larger part. When the
// part is the whole file its first line is the header, which counts as a whole line.
Result<Tail> find_tail(std::string_view last_part);

}  // namespace asciinemad
