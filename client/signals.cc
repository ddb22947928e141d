#include "client/signals.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace asciinemad {
namespace {

// Signal handlers reach nothing but globals.
int event_fd = -1;
std::array<struct sigaction, NSIG> found_actions;
sigset_t watched;

bool may_be_ignored(int signum) {
  return signum == SIGHUP || signum == SIGINT || signum == SIGQUIT || signum == SIGTSTP;
}

void on_signal(int signum) {
  const int saved = errno;
  const auto byte = static_cast<unsigned char>(signum);
  (void)!::write(event_fd, &byte, 1);
  errno = saved;
}

}  // namespace

Result<Signals> Signals::watch(std::initializer_list<int> signums) {
  TRY_ASSIGN(Pipe events, make_pipe());
  TRY(set_nonblocking(events.read_end.get(), true));
  TRY(set_nonblocking(events.write_end.get(), true));
  event_fd = events.write_end.get();
  sigemptyset(&watched);
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  for (const int signum : signums) {
    struct sigaction& found = found_actions.at(static_cast<std::size_t>(signum));
    ::sigaction(signum, nullptr, &found);
    // nohup and background jobs: whoever started us wants the signal ignored.
    if (found.sa_handler == SIG_IGN && may_be_ignored(signum)) continue;
    sigaddset(&watched, signum);
    ::sigaction(signum, &action, nullptr);
  }
  // Whoever started us may have blocked them.
  ::sigprocmask(SIG_UNBLOCK, &watched, nullptr);
  return Signals(std::move(events));
}

Signals::~Signals() {
  if (!events_.write_end) return;
  for (int signum = 1; signum < NSIG; ++signum) {
    if (sigismember(&watched, signum) != 1) continue;
    ::sigaction(signum, &found_actions.at(static_cast<std::size_t>(signum)), nullptr);
  }
}

std::optional<int> Signals::next() {
  unsigned char byte = 0;
  if (::read(events_.read_end.get(), &byte, 1) != 1) return std::nullopt;
  return byte;
}

void Signals::stop_self() {
  struct sigaction ours {};
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  ::sigaction(SIGTSTP, &action, &ours);
  ::raise(SIGTSTP);
  ::sigaction(SIGTSTP, &ours, nullptr);
}

}  // namespace asciinemad
