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

void raise_limits() {
  for (const auto resource : {RLIMIT_NOFILE, RLIMIT_FSIZE, RLIMIT_CPU, RLIMIT_AS, RLIMIT_DATA}) {
    rlimit limit{};
    if (::getrlimit(resource, &limit) != 0) continue;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(resource, &limit);
  }
}

}  // namespace asciinemad
