#include "client/platform.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "common/read_file.h"

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

#ifdef __linux__
namespace {

// Field 6 of /proc/PID/stat; 0 when the process is gone. The name in field 2 may hold anything, so
// counting begins behind its parenthesis.
pid_t session_of(const std::string& pid) {
  Result<std::optional<std::string>> stat = read_small_file("/proc/" + pid + "/stat", 4096);
  if (!stat.ok() || !stat->has_value()) return 0;
  const std::size_t name_end = (*stat)->rfind(')');
  if (name_end == std::string::npos) return 0;
  int session = 0;
  const int fields = std::sscanf((*stat)->c_str() + name_end + 1, " %*c %*d %*d %d", &session);
  return fields == 1 ? session : 0;
}

}  // namespace

void signal_session(pid_t session, int signum) {
  DIR* processes = ::opendir("/proc");
  if (processes == nullptr) return;
  while (const dirent* entry = ::readdir(processes)) {
    const std::string pid = entry->d_name;
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    if (session_of(pid) == session) ::kill(std::atoi(pid.c_str()), signum);
  }
  ::closedir(processes);
}
#else
void signal_session(pid_t session, int signum) { ::kill(session, signum); }
#endif

void set_process_name(const char* name) {
#ifdef __linux__
  ::prctl(PR_SET_NAME, name);
#else
  (void)name;
#endif
}

}  // namespace asciinemad
