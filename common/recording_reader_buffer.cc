#include "common/recording_reader_buffer.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace asciinemad {
namespace {

// Large enough to make system calls rare, small enough to stay in a core's cache until parsed.
constexpr std::size_t kBlockBytes = std::size_t{256} << 10;

}  // namespace

void RecordingBuffer::Free::operator()(char* memory) const { std::free(memory); }

void RecordingBuffer::consume(std::size_t size) {
  begin_ += size;
  offset_ += size;
  lines_end_ = std::max(lines_end_, begin_);
}

Result<bool> RecordingBuffer::read_more() {
  TRY(make_room());
  // No more than a block, however large the buffer had to become.
  const std::size_t room = std::min(capacity_ - end_, kBlockBytes);
  TRY_ASSIGN(const std::size_t size, source_.read({data_.get() + end_, room}));
  const std::string_view added(data_.get() + end_, size);
  const std::size_t newline = added.rfind('\n');
  if (newline != std::string_view::npos) lines_end_ = end_ + newline + 1;
  end_ += size;
  return size > 0;
}

void RecordingBuffer::restart_at(std::uint64_t offset) {
  begin_ = lines_end_ = end_ = 0;
  offset_ = offset;
}

Status RecordingBuffer::make_room() {
  if (begin_ > 0) {
    std::memmove(data_.get(), data_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    lines_end_ -= begin_;
    begin_ = 0;
  }
  if (capacity_ > 0 && capacity_ - end_ >= kBlockBytes / 4) return {};
  const std::size_t capacity = std::max(kBlockBytes, capacity_ * 2);
  auto* const moved = static_cast<char*>(std::realloc(data_.get(), capacity + kPaddingBytes));
  if (moved == nullptr) return system_error("read", ENOMEM);
  static_cast<void>(data_.release());  // realloc() has freed it
  data_.reset(moved);
  capacity_ = capacity;
  return {};
}

}  // namespace asciinemad
