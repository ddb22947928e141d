// RecordingReader::Impl: its state, and what it does in two files: opening, and reading events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/recording_reader.h"
#include "common/recording_reader_buffer.h"
#include "common/recording_reader_event.h"
#include "common/recording_reader_frames.h"
#include "common/recording_reader_header.h"

namespace asciinemad {

inline constexpr std::string_view kTooLong = "the line is too long";

inline Error at_line(std::uint64_t line, Error error) {
  error.message.insert(0, "line " + std::to_string(line) + ": ");
  return error;
}

class RecordingReader::Impl {
 public:
  Impl(ByteSource& source, Growth growth) : buffer_(source), growth_(growth) {}

  Status open();
  Result<std::optional<RecordingEvent>> next();
  Position position() const;
  Status resume_at(const Position& position);

  RecordingHeader header;
  RecordingDamage damage;

 private:
  // Whether the source may have more later than it has now.
  bool growing() const { return growth_ == Growth::growing && broken_.empty(); }
  // Reads once; false at the end. `line` is for the error.
  Result<bool> read_more(std::uint64_t line);

  Status load_first_line();
  Status load_document();
  Status check_header(const HeaderText& text, std::string_view line, std::optional<int> version);
  void begin_document(std::string_view document, const HeaderText& text);

  Result<bool> load_lines();
  Result<std::optional<RecordingEvent>> next_line();
  bool take_usual_line(ParsedEvent& event);
  Result<bool> take_line(ParsedEvent& event);
  std::optional<RecordingEvent> take_last_line();

  std::optional<RecordingEvent> next_frame();
  bool take_frame(ParsedEvent& event);

  bool accept_time(std::uint64_t time_us);
  void add_bad(std::uint64_t line, std::string_view reason);
  void add_cut(std::uint64_t line, std::string_view reason);
  Error header_error(Errc code, std::string_view reason) const {
    return at_line(header_line_, Error{code, std::string(reason)});
  }

  RecordingBuffer buffer_;
  const Growth growth_;
  EventParser parser_;

  bool ended_ = false;
  std::string broken_;       // why the source gives no more; empty: it does, or is at its end
  bool usual_ = false;       // the whole lines in the buffer, or the document, are valid UTF-8
  std::uint64_t count_ = 0;  // lines taken; v1: frames
  std::uint64_t at_us_ = 0;
  std::uint64_t furthest_ = 0;  // count_ when reading was resumed elsewhere, the largest

  std::size_t header_begin_ = 0;  // in the buffer; before it are only blanks
  std::uint64_t header_line_ = 1;

  // v1: the first frame, the next one, and what is wrong behind the frames.
  std::optional<FrameCursor> first_frame_;
  std::optional<FrameCursor> frame_;
  std::optional<RecordingDamage::BadLine> document_damage_;
};

}  // namespace asciinemad
