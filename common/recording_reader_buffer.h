// RecordingBuffer: a block of a recording's bytes, filled from a ByteSource, for RecordingReader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "common/byte_source.h"
#include "common/result.h"

namespace asciinemad {

class RecordingBuffer {
 public:
  // Readable behind bytes(), so that simdjson can parse what is there without copying it.
  static constexpr std::size_t kPaddingBytes = 64;

  explicit RecordingBuffer(ByteSource& source) : source_(source) {}

  // What was read and not consumed; and those of them up to the last newline.
  std::string_view bytes() const { return {data_.get() + begin_, end_ - begin_}; }
  std::string_view whole_lines() const { return {data_.get() + begin_, lines_end_ - begin_}; }

  // Of bytes().front() in the source.
  std::uint64_t offset() const { return offset_; }

  void consume(std::size_t size);

  // Reads once and appends; false at the end of the source. Views become invalid. Grows as far as
  // the caller lets bytes() grow.
  Result<bool> read_more();

  // Forgets all bytes; the source has been positioned at `offset`.
  void restart_at(std::uint64_t offset);

 private:
  struct Free {
    void operator()(char* memory) const;
  };

  Status make_room();

  ByteSource& source_;
  // From malloc(), because realloc() moves the pages of large blocks instead of copying them.
  std::unique_ptr<char, Free> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t lines_end_ = 0;  // begin_ <= lines_end_ <= end_
  std::size_t end_ = 0;
  std::uint64_t offset_ = 0;
};

}  // namespace asciinemad
