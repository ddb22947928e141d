// FileWatch: tells when a regular file has been written to.
#pragma once

#include "common/fd.h"

namespace asciinemad {

class FileWatch {
 public:
  // Where the system cannot watch descriptors, fd() is -1 and poll_interval_ms() tells how often to
  // look.
  explicit FileWatch(int file);

  // Readable after a change, until drain().
  int fd() const { return watch_.get(); }
  void drain() const;
  int poll_interval_ms() const { return watch_ ? -1 : 200; }

 private:
  Fd watch_;
};

}  // namespace asciinemad
