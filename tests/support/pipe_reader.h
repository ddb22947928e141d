// PipeReader: collects, in the loop, what comes out of a pipe, FIFO or socket.
#pragma once

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

#include "common/fd.h"
#include "daemon/uv_loop.h"

namespace asciinemad::test {

class PipeReader {
 public:
  PipeReader(uv::Loop& loop, Fd fd) : fd_(std::move(fd)) {
    auto poll = uv::make_poll(loop, fd_.get());
    if (!poll.ok()) std::abort();
    poll_ = std::move(poll).value();
    uv::watch<&PipeReader::on_readable>(poll_, UV_READABLE, this);
  }
  PipeReader(const PipeReader&) = delete;
  PipeReader& operator=(const PipeReader&) = delete;

  const std::string& bytes() const { return bytes_; }
  // Every writer is gone. Nothing is read any more.
  bool ended() const { return ended_; }

 private:
  void on_readable(int /*events*/) {
    std::array<char, 65536> buffer{};
    const ssize_t n = ::read(fd_.get(), buffer.data(), buffer.size());
    if (n > 0) bytes_.append(buffer.data(), static_cast<std::size_t>(n));
    if (n != 0) return;
    ended_ = true;
    uv::watch<&PipeReader::on_readable>(poll_, 0, this);
  }

  Fd fd_;
  uv::Handle<uv::Poll> poll_;
  std::string bytes_;
  bool ended_ = false;
};

}  // namespace asciinemad::test
