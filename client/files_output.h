// BlockOutput: bytes on their way to a file, pipe or terminal, in blocks; a terminal is left as it
// was.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "common/result.h"
#include "common/terminal_modes.h"

namespace asciinemad {

class BlockOutput {
 public:
  // `fd` stays the caller's; `name` is for errors.
  BlockOutput(int fd, std::string name);

  // Append here, then call flush_if_large().
  std::string& bytes() { return bytes_; }
  Status flush_if_large() { return bytes_.size() < kBlockBytes ? Status() : flush(); }
  // Waits as long as it takes. After an error nothing more is written, and the error comes again.
  Status flush();
  // At the end of a recording, before anything else is shown: as flush(), then turns off in a
  // terminal what the bytes have turned on.
  Status finish();
  const std::optional<Error>& failure() const { return failure_; }

 private:
  // Small enough to be still in the cache when the kernel copies it.
  static constexpr std::size_t kBlockBytes = std::size_t{256} << 10;

  const int fd_;
  const std::string name_;
  std::string bytes_;
  std::optional<TerminalModes> modes_;  // of a terminal
  std::optional<Error> failure_;
};

}  // namespace asciinemad
