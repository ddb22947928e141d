// EventParser: one event of a recording, or one frame of version 1, for RecordingReader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "common/result.h"

namespace asciinemad {

// As far as a double counts microseconds exactly: 285 years.
inline constexpr std::uint64_t kMaxTimeUs = std::uint64_t{1} << 53;

struct ParsedEvent {
  std::uint64_t time_us = 0;  // v1, v3: since the previous event
  std::string_view code;
  std::string_view data;
};

enum class EventShape {
  event,  // [time, code, data]
  frame,  // [delay, data]; its code is "o"
};

// Views in a ParsedEvent point into the text or the parser and are valid until its next call.
// Unpaired surrogate escapes, which Python's json.dumps() writes, become U+FFFD.
class EventParser {
 public:
  EventParser();
  ~EventParser();

  // As parse_front() asks for; cheaper for many events at once than for each.
  static bool is_utf8(std::string_view text);

  // Parses an event at the front of `text`, if it looks as recorders write it; returns what it
  // takes up there, or 0: then parse() knows. `text` must be valid UTF-8 and be followed by 16
  // readable bytes.
  std::size_t parse_front(EventShape shape, std::string_view text, ParsedEvent& event);

  // Parses `text`, which may be anything and is followed by RecordingBuffer::kPaddingBytes readable
  // bytes. Errors are reasons without a place.
  Status parse(EventShape shape, std::string_view text, ParsedEvent& event);

 private:
  struct Slow;

  std::unique_ptr<char[]> decoded_;
  std::unique_ptr<Slow> slow_;
};

}  // namespace asciinemad
