// Fd: an owned file descriptor; and passing descriptors over a Unix socket (SCM_RIGHTS).
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"

namespace asciinemad {

// Owns one descriptor and closes it. Moves; never copies.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1);  // keeps errno

 private:
  int fd_ = -1;
};

// A duplicate with CLOEXEC set; shares the open file description, O_NONBLOCK included.
Result<Fd> duplicate(int fd);

// Sets or clears O_NONBLOCK. It belongs to the open file description: never use this on an
// inherited 0, 1 or 2.
Status set_nonblocking(int fd, bool enabled);

// Closes every descriptor above 2 except those; -1 stands for none.
void close_descriptors_except(std::initializer_list<int> kept);

struct SocketPair {
  Fd first;
  Fd second;
};

// AF_UNIX stream pair, both ends CLOEXEC.
Result<SocketPair> make_socket_pair();

// Effective uid of the process at the other end of a connected Unix socket, as of its connect() or
// listen().
Result<unsigned> peer_uid(int socket);
// Its process id, as of then. Errc::unsupported where the system does not tell.
Result<unsigned> peer_pid(int socket);

struct Pipe {
  Fd read_end;
  Fd write_end;
};

// Both ends CLOEXEC, blocking.
Result<Pipe> make_pipe();

// Most descriptors that travel with one message.
inline constexpr std::size_t kMaxFdsPerMessage = 8;

// Writes all bytes to a file, pipe or terminal, waiting with poll() where the descriptor is
// nonblocking. timeout_ms bounds each wait; -1 waits for ever.
Status write_all(int fd, std::string_view bytes, int timeout_ms);

// Writes what a nonblocking descriptor takes at once and drops that from the front of `bytes`.
// Returns 0, or the errno that ended it: EAGAIN when the rest has to wait.
int write_available(int fd, std::string_view& bytes);

// One sendmsg() with `fds` attached to the first byte. Returns how many bytes were taken (at least
// one when fds were given), Errc::system with EAGAIN when the socket is full, or
// Errc::limit_exceeded when there are more than kMaxFdsPerMessage fds.
Result<std::size_t> send_with_fds(int socket, std::string_view bytes, std::span<const int> fds);

struct Received {
  std::size_t size = 0;    // bytes stored in the buffer; 0 is the end of the stream
  std::vector<Fd> fds;     // CLOEXEC; empty for most reads
  bool truncated = false;  // the kernel dropped descriptors: treat the peer as broken
};

// One nonblocking recvmsg(). Errc::system with EAGAIN when there is nothing to read.
Result<Received> receive_with_fds(int socket, std::span<char> buffer);

}  // namespace asciinemad
