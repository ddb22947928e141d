#include "client/platform.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#ifdef __linux__
#include <sys/prctl.h>
#endif

namespace asciinemad {
namespace {

// TIOCGPTPEER needs no path, so it works where /dev/pts is another mount namespace's.
Fd open_slave(int master) {
#ifdef TIOCGPTPEER
  Fd peer(::ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (peer) return peer;
#endif
  const char* name = ::ptsname(master);
  if (name == nullptr) return Fd();
  return Fd(::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
}

}  // namespace

Result<PtyPair> open_pty(const std::optional<termios>& settings, const wire::WindowSize& size) {
  PtyPair pty;
  pty.master.reset(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!pty.master || ::grantpt(pty.master.get()) != 0 || ::unlockpt(pty.master.get()) != 0) {
    return system_error("open a pseudo-terminal", errno);
  }
  pty.slave = open_slave(pty.master.get());
  if (!pty.slave) return system_error("open a pseudo-terminal's slave", errno);
  if (settings.has_value()) ::tcsetattr(pty.slave.get(), TCSANOW, &*settings);
  winsize window{};
  window.ws_col = size.cols;
  window.ws_row = size.rows;
  window.ws_xpixel = size.xpixel;
  window.ws_ypixel = size.ypixel;
  if (::ioctl(pty.master.get(), TIOCSWINSZ, &window) != 0) {
    return system_error("set the window size", errno);
  }
  return pty;
}

void close_descriptors_except(std::initializer_list<int> kept) {
  std::vector<int> sorted(kept);
  std::sort(sorted.begin(), sorted.end());
#ifdef __linux__
  unsigned first = STDERR_FILENO + 1;
  for (const int fd : sorted) {
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

void set_process_name(const char* name) {
#ifdef __linux__
  ::prctl(PR_SET_NAME, name);
#else
  (void)name;
#endif
}

}  // namespace asciinemad
