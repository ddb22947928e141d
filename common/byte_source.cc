#include "common/byte_source.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace asciinemad {
namespace {

// Returns when `fd` can be read without waiting, which includes its end and errors of its own.
Status wait_readable(int fd, int cancel_fd) {
  while (true) {
    // poll() passes over negative descriptors.
    std::array<pollfd, 2> waiting{{{fd, POLLIN, 0}, {cancel_fd, POLLIN, 0}}};
    if (::poll(waiting.data(), waiting.size(), -1) < 0) {
      if (errno == EINTR) continue;
      return system_error("poll", errno);
    }
    if (waiting[0].revents != 0) return {};
    if (waiting[1].revents != 0) return Error{Errc::cancelled, "read: cancelled"};
  }
}

}  // namespace

Result<std::size_t> FdSource::read(std::span<char> buffer) {
  while (true) {
    // A blocking descriptor would not let go once read() waits. Regular files never do.
    if (cancel_fd_ >= 0 && !positioned_) TRY(wait_readable(fd_, cancel_fd_));
    const ssize_t n = positioned_
                          ? ::pread(fd_, buffer.data(), buffer.size(), static_cast<off_t>(offset_))
                          : ::read(fd_, buffer.data(), buffer.size());
    if (n >= 0) {
      offset_ += static_cast<std::uint64_t>(n);
      return static_cast<std::size_t>(n);
    }
    if (errno == EAGAIN) {
      TRY(wait_readable(fd_, cancel_fd_));
    } else if (errno != EINTR) {
      return system_error("read", errno);
    }
  }
}

}  // namespace asciinemad
