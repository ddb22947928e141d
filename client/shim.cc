#include "client/shim.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "client/daemon_link.h"
#include "client/platform.h"
#include "common/clock.h"
#include "proto/message.h"

namespace asciinemad {
namespace {

// From SIGHUP to SIGKILL for a command that does not go.
constexpr std::uint64_t kHangupGraceUs = 5'000'000;

// Written by the handler, one byte a signal, so that poll() sees children end.
int child_pipe_write_fd = -1;

void on_child(int /*signum*/) {
  const int saved = errno;
  (void)!::write(child_pipe_write_fd, "c", 1);
  errno = saved;
}

void unblock_signals() {
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Between fork and exec: only async-signal-safe calls. Never returns.
[[noreturn]] void run_command(const ShimSetup& setup, char* const* argv, int gate, int exec_error) {
  for (int signum = 1; signum < NSIG; ++signum) ::signal(signum, SIG_DFL);
  unblock_signals();
  const int slave = setup.slave.get();
  ::setsid();
  ::ioctl(slave, TIOCSCTTY, 0);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(slave, fd);
  char byte = 0;
  ssize_t n = -1;
  do {
    n = ::read(gate, &byte, 1);
  } while (n < 0 && errno == EINTR);
  if (n != 1) ::_exit(127);  // the client gave up
  ::execv(setup.shell.c_str(), argv);
  const int reason = errno;
  (void)!::write(exec_error, &reason, sizeof(reason));
  ::_exit(127);
}

class Shim {
 public:
  Shim(ShimSetup setup, pid_t command, Fd exec_error, Fd child_events)
      : setup_(std::move(setup)),
        link_(std::move(setup_.link)),
        command_(command),
        exec_error_(std::move(exec_error)),
        child_events_(std::move(child_events)) {}

  // Until the command has ended and the daemon has taken all of its output.
  void run();

 private:
  void take_messages();
  void hang_up();
  void kill_when_due();
  void reap();
  void report_exit(const wire::Exit& exit);
  void signal_command(int signum) const;

  ShimSetup setup_;
  DaemonLink link_;
  const pid_t command_;
  Fd exec_error_;
  Fd child_events_;
  wire::Checkpoint checkpoint_;

  bool linked_ = true;   // the daemon is there
  bool running_ = true;  // the command is
  bool reported_ = false;
  std::uint64_t kill_at_us_ = 0;  // 0: nobody was told to go
};

void Shim::run() {
  while (running_ || (linked_ && reported_)) {
    std::array<pollfd, 2> waiting = {{{child_events_.get(), POLLIN, 0}, {link_.fd(), POLLIN, 0}}};
    if (!linked_) waiting[1].fd = -1;
    int timeout_ms = -1;
    if (running_ && kill_at_us_ != 0) {
      const std::uint64_t now_us = SystemClock().now_us();
      timeout_ms = kill_at_us_ > now_us ? static_cast<int>((kill_at_us_ - now_us) / 1000) + 1 : 0;
    }
    const int ready = ::poll(waiting.data(), waiting.size(), timeout_ms);
    if (ready < 0 && errno != EINTR) return;
    kill_when_due();
    if (ready <= 0) continue;
    if (waiting[0].revents != 0) reap();
    if (waiting[1].revents != 0) take_messages();
  }
}

void Shim::take_messages() {
  for (;;) {
    Result<std::optional<wire::Reply>> event = link_.next_event();
    if (!event.ok()) {
      linked_ = false;
      hang_up();
      return;
    }
    if (!event->has_value()) return;
    const auto& body = (*event)->body;
    if (const auto* checkpoint = std::get_if<wire::Checkpoint>(&body)) checkpoint_ = *checkpoint;
    if (std::holds_alternative<wire::Terminate>(body)) hang_up();
    if (std::holds_alternative<wire::Ok>(body)) reported_ = false;  // drained: nothing to wait for
  }
}

// To the session leader and to whoever has the terminal, as the kernel does when one is closed.
void Shim::signal_command(int signum) const {
  const pid_t foreground = ::tcgetpgrp(setup_.master.get());
  if (foreground > 0 && foreground != command_) ::kill(-foreground, signum);
  // The leader's group; where the leader has not got that far, it itself.
  if (::kill(-command_, signum) != 0) ::kill(command_, signum);
}

void Shim::hang_up() {
  if (!running_ || kill_at_us_ != 0) return;
  kill_at_us_ = SystemClock().now_us() + kHangupGraceUs;
  // The leader may be an sh that waits for a shell in a group of its own, whose jobs are in others:
  // closing the terminal is for all of them.
  signal_session(command_, SIGHUP);
  signal_command(SIGHUP);
  signal_command(SIGCONT);
}

void Shim::kill_when_due() {
  if (!running_ || kill_at_us_ == 0 || SystemClock().now_us() < kill_at_us_) return;
  kill_at_us_ = SystemClock().now_us() + kHangupGraceUs;
  signal_command(SIGKILL);
}

void Shim::reap() {
  std::array<char, 64> bytes{};
  (void)!::read(child_events_.get(), bytes.data(), bytes.size());
  int status = 0;
  if (!running_ || ::waitpid(command_, &status, WNOHANG) != command_) return;
  running_ = false;
  // A job that its shell had forked and not yet executed may have lost the first one.
  if (kill_at_us_ != 0) signal_session(command_, SIGHUP);
  int reason = 0;
  wire::Exit exit;
  if (::read(exec_error_.get(), &reason, sizeof(reason)) == sizeof(reason)) {
    exit = {wire::Exit::Kind::exec_failed, static_cast<std::uint16_t>(reason)};
  } else if (WIFSIGNALED(status)) {
    exit = {wire::Exit::Kind::signal, static_cast<std::uint16_t>(WTERMSIG(status))};
  } else {
    exit = {wire::Exit::Kind::code, static_cast<std::uint16_t>(WEXITSTATUS(status))};
  }
  report_exit(exit);
}

void Shim::report_exit(const wire::Exit& exit) {
  if (!linked_) return;
  wire::Request request;
  request.body = wire::Exited{exit};
  reported_ = link_.send(std::move(request), {}).ok();
}

// Deaf to what is meant for the client, all ears for the command's end.
void set_up_signals(int child_events) {
  for (const int signum : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU,
                           SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH}) {
    ::signal(signum, SIG_IGN);
  }
  ::signal(SIGCONT, SIG_DFL);
  child_pipe_write_fd = child_events;
  struct sigaction action {};
  action.sa_handler = on_child;
  action.sa_flags = SA_NOCLDSTOP;
  ::sigaction(SIGCHLD, &action, nullptr);
  unblock_signals();
}

// Out of the user's terminal, job and descriptors.
void leave_callers_world(const ShimSetup& setup, int exec_error, const Pipe& child_events) {
  ::setsid();
  set_process_name("asciinema-shim");
  const int null_fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (null_fd >= 0) ::dup2(null_fd, fd);
  }
  close_descriptors_except({setup.master.get(), setup.slave.get(), setup.recording.get(),
                            setup.link.get(), exec_error, child_events.read_end.get(),
                            child_events.write_end.get()});
  // Where this fails a file system stays busy until the end; nothing to tell anybody.
  (void)!::chdir("/");
}

[[noreturn]] void report_failed_fork(ShimSetup setup, int reason) {
  DaemonLink link(std::move(setup.link));
  wire::Request request;
  request.body = wire::Exited{{wire::Exit::Kind::exec_failed, static_cast<std::uint16_t>(reason)}};
  static_cast<void>(link.call(std::move(request), {}));
  ::_exit(1);
}

// In the forked process. The command is forked before the caller's descriptors are closed, since
// they are its own.
[[noreturn]] void shim_main(ShimSetup setup, const Pipe& gate, Pipe exec_error) {
  ::close(gate.write_end.get());
  Result<Pipe> events = make_pipe();
  if (!events.ok()) report_failed_fork(std::move(setup), events.error().sys_errno);
  static_cast<void>(set_nonblocking(events->write_end.get(), true));
  set_up_signals(events->write_end.get());
  std::array<char*, 4> argv = {const_cast<char*>("sh"), const_cast<char*>("-c"),
                               setup.command.data(), nullptr};
  const pid_t command = ::fork();
  if (command < 0) report_failed_fork(std::move(setup), errno);
  if (command == 0) {
    run_command(setup, argv.data(), gate.read_end.get(), exec_error.write_end.get());
  }
  leave_callers_world(setup, exec_error.read_end.get(), *events);
  Shim(std::move(setup), command, std::move(exec_error.read_end), std::move(events->read_end))
      .run();
  ::_exit(0);
}

}  // namespace

void ShimHandle::start_command() {
  (void)!::write(gate_.get(), "g", 1);
  gate_.reset();
}

Result<ShimHandle> fork_shim(ShimSetup setup) {
  TRY_ASSIGN(Pipe gate, make_pipe());
  TRY_ASSIGN(Pipe exec_error, make_pipe());
  const pid_t shim = ::fork();
  if (shim < 0) return system_error("fork", errno);
  if (shim == 0) shim_main(std::move(setup), gate, std::move(exec_error));
  return ShimHandle(std::move(gate.write_end));
}

}  // namespace asciinemad
