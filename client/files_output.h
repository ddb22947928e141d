// BlockOutput: bytes on their way to a file, pipe or terminal, in blocks.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "common/result.h"

namespace asciinemad {

class BlockOutput {
 public:
  // `fd` stays the caller's; `name` is for errors.
  BlockOutput(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}

  // Append here, then call flush_if_large().
  std::string& bytes() { return bytes_; }
  Status flush_if_large() { return bytes_.size() < kBlockBytes ? Status() : flush(); }
  // Waits as long as it takes. After an error nothing more is written, and the error comes again.
  Status flush();
  const std::optional<Error>& failure() const { return failure_; }

 private:
  // Small enough to be still in the cache when the kernel copies it.
  static constexpr std::size_t kBlockBytes = std::size_t{256} << 10;

  const int fd_;
  const std::string name_;
  std::string bytes_;
  std::optional<Error> failure_;
};

}  // namespace asciinemad
