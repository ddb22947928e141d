// ByteSource: where the bytes of an existing recording come from: a file, a pipe, a decompressor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "common/fd.h"
#include "common/result.h"

namespace asciinemad {

class ByteSource {
 public:
  ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;
  virtual ~ByteSource() = default;

  // Fills the front of `buffer` (not empty) and returns how much; 0 at the end. May be called again
  // after the end: a file may have grown. Blocks until something is there. Errors: Errc::system;
  // Errc::invalid_data from a decompressor; Errc::cancelled.
  virtual Result<std::size_t> read(std::span<char> buffer) = 0;
};

// Reads a descriptor from where it stands, or a regular file from `offset` without moving the
// shared position of its open file description.
class FdSource final : public ByteSource {
 public:
  // `fd` and `cancel_fd` stay the caller's. As soon as `cancel_fd` is readable, a read that would
  // wait ends with Errc::cancelled; -1: nothing cancels. Works for blocking and nonblocking `fd`.
  explicit FdSource(int fd, int cancel_fd = -1) : fd_(fd), cancel_fd_(cancel_fd) {}

  // Only for regular files: the next read starts there.
  void seek(std::uint64_t offset) { offset_ = offset, positioned_ = true; }

  Result<std::size_t> read(std::span<char> buffer) override;

 private:
  const int fd_;
  const int cancel_fd_;
  bool positioned_ = false;
  std::uint64_t offset_ = 0;
};

}  // namespace asciinemad
