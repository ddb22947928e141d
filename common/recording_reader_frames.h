// The frames of a version 1 document, for RecordingReader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace asciinemad {

class FrameCursor {
 public:
  // `text` has the value of "stdout" at `at`, on line `line` of the file; it must stay where it is.
  FrameCursor(std::string_view text, std::size_t at, std::uint64_t line);

  // Whether there is a frame, at least its beginning. Else damage() may say why not.
  bool at_frame() const { return at_frame_; }
  // From the beginning of the frame to the end of the document.
  std::string_view rest() const { return text_.substr(at_); }
  std::uint64_t line() const { return line_; }

  // The whole frame; when the document ends within it: nullopt, and at_frame() is false from then.
  std::optional<std::string_view> frame();
  // Goes on to the next frame. The one here takes `size` bytes.
  void pass(std::size_t size);

  // What ended the frames before the end of their array; empty: nothing did.
  const std::string& damage() const { return damage_; }

 private:
  void advance_to(std::size_t at);
  void end_with(std::string_view damage);

  std::string_view text_;
  std::size_t at_;
  std::uint64_t line_;
  bool at_frame_ = false;
  std::string damage_;
};

}  // namespace asciinemad
