#include "client/pump.h"

#include <unistd.h>

#include <array>
#include <cerrno>

namespace asciinemad {
namespace {

// Not more than PIPE_BUF: what fits into a pipe or socket that poll() calls writable.
constexpr std::size_t kChunkBytes = 4096;

}  // namespace

pollfd Pump::waits_for() const {
  if (done()) return {-1, 0, 0};
  if (pending_.empty()) return {from_.get(), POLLIN, 0};
  return {to_.get(), POLLOUT, 0};
}

void Pump::run() {
  if (done()) return;
  if (pending_.empty()) {
    std::array<char, kChunkBytes> buffer;
    const ssize_t n = ::read(from_.get(), buffer.data(), buffer.size());
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (n <= 0) {
      close();
      return;
    }
    pending_.assign(buffer.data(), static_cast<std::size_t>(n));
    return;
  }
  const ssize_t n = ::write(to_.get(), pending_.data(), pending_.size());
  if (n >= 0) {
    pending_.erase(0, static_cast<std::size_t>(n));
  } else if (errno != EINTR && errno != EAGAIN) {
    target_error_ = errno;
    close();
  }
}

// Whoever feeds a pipe of ours must learn that nobody reads it any more.
void Pump::close() {
  from_.reset();
  to_.reset();
}

}  // namespace asciinemad
