#include "common/fd.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace asciinemad {

void Fd::reset(int fd) {
  if (fd_ >= 0) {
    const int saved = errno;
    ::close(fd_);
    errno = saved;
  }
  fd_ = fd;
}

Result<Fd> duplicate(int fd) {
  const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) return system_error("duplicate descriptor", errno);
  return Fd(copy);
}

Status set_nonblocking(int fd, bool enabled) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return system_error("read descriptor flags", errno);
  const int wanted = enabled ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
  if (wanted != flags && ::fcntl(fd, F_SETFL, wanted) < 0) {
    return system_error("set descriptor flags", errno);
  }
  return {};
}

Result<SocketPair> make_socket_pair() {
  std::array<int, 2> fds{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) < 0) {
    return system_error("create socket pair", errno);
  }
  return SocketPair{Fd(fds[0]), Fd(fds[1])};
}

Result<Pipe> make_pipe() {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) < 0) return system_error("create pipe", errno);
  return Pipe{Fd(fds[0]), Fd(fds[1])};
}

Status write_all(int fd, std::string_view bytes, int timeout_ms) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno != EAGAIN) return system_error("write", errno);
    pollfd waiting{fd, POLLOUT, 0};
    const int ready = ::poll(&waiting, 1, timeout_ms);
    if (ready == 0) return Error{Errc::timed_out, "write: no progress in time"};
    if (ready < 0 && errno != EINTR) return system_error("poll", errno);
  }
  return {};
}

int write_available(int fd, std::string_view& bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n == 0) return EAGAIN;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

Result<std::size_t> send_with_fds(int socket, std::string_view bytes, std::span<const int> fds) {
  if (fds.size() > kMaxFdsPerMessage) {
    return Error{Errc::limit_exceeded, "send: " + std::to_string(fds.size()) +
                                           " descriptors with one message; at most " +
                                           std::to_string(kMaxFdsPerMessage) + " can be sent"};
  }
  iovec chunk{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &chunk;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMaxFdsPerMessage)> control{};
  if (!fds.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
  }
  for (;;) {
    const ssize_t n = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR) return system_error("send", errno);
  }
}

Result<Received> receive_with_fds(int socket, std::span<char> buffer) {
  iovec chunk{buffer.data(), buffer.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMaxFdsPerMessage)> control{};
  msghdr message{};
  message.msg_iov = &chunk;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t n = -1;
  do {
    n = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return system_error("receive", errno);

  Received received;
  received.size = static_cast<std::size_t>(n);
  received.truncated = (message.msg_flags & MSG_CTRUNC) != 0;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
      received.fds.emplace_back(fd);
    }
  }
  return received;
}

Result<unsigned> peer_uid(int socket) {
#ifdef __linux__
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return system_error("ask for the peer's user", errno);
  }
  return credentials.uid;
#else
  uid_t uid = 0;
  gid_t gid = 0;
  if (::getpeereid(socket, &uid, &gid) != 0) {
    return system_error("ask for the peer's user", errno);
  }
  return uid;
#endif
}

Result<unsigned> peer_pid(int socket) {
#ifdef __linux__
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return system_error("ask for the peer's process", errno);
  }
  return static_cast<unsigned>(credentials.pid);
#else
  static_cast<void>(socket);
  return Error{Errc::unsupported, "the peer's process is not known here"};
#endif
}

void close_descriptors_except(std::initializer_list<int> kept) {
  std::vector<int> sorted(kept);
  std::sort(sorted.begin(), sorted.end());
#ifdef __linux__
  unsigned first = STDERR_FILENO + 1;
  for (const int fd : sorted) {
    if (fd <= STDERR_FILENO) continue;
    const auto next = static_cast<unsigned>(fd);
    if (next > first) ::close_range(first, next - 1, 0);
    first = std::max(first, next + 1);
  }
  ::close_range(first, ~0U, 0);
#else
  const long limit = ::sysconf(_SC_OPEN_MAX);
  for (int fd = STDERR_FILENO + 1; fd < limit; ++fd) {
    if (!std::binary_search(sorted.begin(), sorted.end(), fd)) ::close(fd);
  }
#endif
}

}  // namespace asciinemad
