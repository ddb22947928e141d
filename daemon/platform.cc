#include "daemon/platform.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace asciinemad {

int accept_cloexec(int listening) {
#ifdef __APPLE__
  const int peer = ::accept(listening, nullptr, nullptr);
  if (peer >= 0) {
    ::fcntl(peer, F_SETFD, FD_CLOEXEC);
    ::fcntl(peer, F_SETFL, O_NONBLOCK);
  }
  return peer;
#else
  return ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
#endif
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

void close_descriptors_from(int lowest, int keep) {
#ifdef __linux__
  if (keep < lowest) {
    ::close_range(static_cast<unsigned>(lowest), ~0U, 0);
    return;
  }
  if (keep > lowest) {
    ::close_range(static_cast<unsigned>(lowest), static_cast<unsigned>(keep) - 1, 0);
  }
  ::close_range(static_cast<unsigned>(keep) + 1, ~0U, 0);
#else
  const long limit = ::sysconf(_SC_OPEN_MAX);
  for (int fd = lowest; fd < limit; ++fd) {
    if (fd != keep) ::close(fd);
  }
#endif
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace asciinemad
