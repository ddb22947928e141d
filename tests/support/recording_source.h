// Recordings in memory for the tests of their reader: a source in pieces, and all events as values.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/byte_source.h"
#include "common/recording_reader.h"

namespace asciinemad::test {

class TextSource final : public ByteSource {
 public:
  // Gives at most `piece` bytes at a time, and `failure` at the end.
  explicit TextSource(std::string_view text, std::size_t piece = SIZE_MAX,
                      std::optional<Error> failure = std::nullopt)
      : text_(text), piece_(piece), failure_(std::move(failure)) {}

  void seek(std::uint64_t offset) { at_ = std::min<std::size_t>(offset, text_.size()); }
  void append(std::string_view more) { text_.append(more); }

  Result<std::size_t> read(std::span<char> buffer) override {
    if (at_ == text_.size() && failure_) return *failure_;
    const std::size_t size = text_.copy(buffer.data(), std::min(piece_, buffer.size()), at_);
    at_ += size;
    return size;
  }

 private:
  std::string text_;
  const std::size_t piece_;
  const std::optional<Error> failure_;
  std::size_t at_ = 0;
};

struct OwnedEvent {
  std::uint64_t at_us = 0;
  std::string code;
  std::string data;
  std::uint64_t line = 0;

  bool operator==(const OwnedEvent&) const = default;
};

inline OwnedEvent owned(const RecordingEvent& event) {
  return {event.at_us, std::string(event.code), std::string(event.data), event.line};
}

// What a reader makes of a recording.
struct ReadRecording {
  std::string error;  // of open() or next()
  Errc errc = Errc::system;
  RecordingHeader header;
  std::vector<OwnedEvent> events;
  RecordingDamage damage;
  std::vector<RecordingReader::Position> positions;  // before each event, and at the end
};

inline ReadRecording read_recording(ByteSource& source) {
  ReadRecording result;
  RecordingReader reader(source);
  const auto fail = [&result](const Error& error) {
    result.error = error.message;
    result.errc = error.code;
    return result;
  };
  const auto opened = reader.open();
  if (!opened.ok()) return fail(opened.error());
  result.header = reader.header();
  while (true) {
    result.positions.push_back(reader.position());
    const auto event = reader.next();
    result.damage = reader.damage();
    if (!event.ok()) return fail(event.error());
    if (!*event) return result;
    result.events.push_back(owned(**event));
  }
}

inline ReadRecording read_recording(std::string_view text, std::size_t piece = SIZE_MAX) {
  TextSource source(text, piece);
  return read_recording(source);
}

}  // namespace asciinemad::test
