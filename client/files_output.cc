#include "client/files_output.h"

#include <unistd.h>

#include "common/fd.h"

namespace asciinemad {

BlockOutput::BlockOutput(int fd, std::string name) : fd_(fd), name_(std::move(name)) {
  if (::isatty(fd) != 0) modes_.emplace();
}

Status BlockOutput::flush() {
  if (!failure_.has_value() && !bytes_.empty()) {
    if (modes_.has_value()) modes_->observe(bytes_);
    if (Status written = write_all(fd_, bytes_, -1); !written.ok()) {
      failure_ = system_error("write " + name_, written.error().sys_errno);
    }
  }
  bytes_.clear();
  // One huge event must not be paid for until the end.
  if (bytes_.capacity() > 8 * kBlockBytes) bytes_.shrink_to_fit();
  return failure_.has_value() ? Status(*failure_) : Status();
}

Status BlockOutput::finish() {
  TRY(flush());
  if (modes_.has_value()) bytes_ = modes_->undo();
  return flush();
}

}  // namespace asciinemad
