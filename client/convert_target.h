// ConvertTarget: where a converted recording goes. A file appears under its name when it is
// complete, and only then; what is there before stays as it is until then.
#pragma once

#include <sys/stat.h>

#include <string>

#include "common/fd.h"
#include "common/result.h"

namespace asciinemad {

// Whether `path` is a file with something in it, which takes --overwrite.
bool holds_something(const std::string& path);

class ConvertTarget {
 public:
  // "-" is standard output. Descriptors (/dev/stdout, /dev/fd/N), FIFOs and devices are written as
  // they are. Links lead to the file they name. `input`: of the descriptor that is read; the target
  // must be another file. One target at a time in a process: a signal that ends the process removes
  // what is unfinished.
  static Result<ConvertTarget> open(const std::string& path, const struct stat& input);

  ConvertTarget(ConvertTarget&& other) noexcept;
  ConvertTarget& operator=(ConvertTarget&&) = delete;
  // Removes what was not committed.
  ~ConvertTarget();

  int fd() const { return fd_.get(); }
  // Everything is written: shows it under its name. Without `overwrite` a file that somebody put
  // there in the meantime is left alone.
  Status commit(bool overwrite);

 private:
  ConvertTarget() = default;
  Status create_temporary(const struct stat* replaced);

  std::string given_;  // for messages
  std::string path_;   // behind all links
  std::string temporary_;
  bool replaces_ = false;
  Fd fd_;
};

}  // namespace asciinemad
