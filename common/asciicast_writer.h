// Writing asciicast v2: newline-delimited JSON, one header line, then one line for each event.
//
// Separators are ", " and ": " as in asciinema 2.4, since other tools search for `"o", `. Times
// are microseconds since the start of the recording, written in seconds with six decimals.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace asciinemad {

// Every member has an initialiser so that designated ones may leave any out without a warning.
struct AsciicastHeader {
  int cols = 0;
  int rows = 0;
  std::optional<std::int64_t> timestamp = {};  // seconds since 1970
  std::optional<double> idle_time_limit = {};  // seconds, finite

  // Any bytes; what is not valid UTF-8 is replaced. Names in `env` are written in their order and
  // should be unique. An empty `env` is left out.
  std::optional<std::string> command = {};
  std::optional<std::string> title = {};
  std::vector<std::pair<std::string, std::string>> env = {};
};

enum class EventCode : char { output = 'o', input = 'i', marker = 'm', resize = 'r' };

// Each appends one whole line, newline included.
void append_header_v2(std::string& out, const AsciicastHeader& header);
void append_event_v2(std::string& out, std::uint64_t at_us, EventCode code,
                     std::string_view valid_utf8);
void append_resize_v2(std::string& out, std::uint64_t at_us, int cols, int rows);

}  // namespace asciinemad
