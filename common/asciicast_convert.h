// Writing asciicast v1, v2 and v3 from what RecordingReader gives, keeping what it need not
// understand.
//
// Appends to a string; does no I/O. Separators are ", " in events; the v3 header is written without
// blanks as asciinema 3 does, the v2 header with ", " and ": " as asciinema 2 does.
//
// What a version has no key for keeps the name it has elsewhere, since readers pass over keys they
// do not know: tags in v2, the claimed duration in v3. Two exceptions: v1 gets no idle limit, and
// the terminal's type, of v3 alone, goes with the variable TERM of the others. Variables that are
// null are left out, and so are keys that would appear twice. Times that run backwards are kept in
// v2, where players know how to deal with them.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/recording_reader.h"

namespace asciinemad {

class AsciicastWriter {
 public:
  virtual ~AsciicastWriter() = default;
  virtual void header(const RecordingHeader& header, std::string& out) = 0;
  virtual void event(const RecordingEvent& event, std::string& out) = 0;
  // After the last event.
  virtual void end(std::string& out) = 0;
};

// version: 1, 2 or 3. v1 keeps output events only. v2 and v3 keep every event; times of v3 are
// intervals in milliseconds whose rounding errors do not accumulate, and never negative.
std::unique_ptr<AsciicastWriter> make_asciicast_writer(int version);

}  // namespace asciinemad
