#include "client/shim.h"

#include <fcntl.h>
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
#include "client/shim_loop.h"
#include "proto/message.h"

namespace asciinemad {
namespace {

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
void leave_callers_world(const ShimSetup& setup, const Shim::Command& command,
                         const Pipe& child_events) {
  ::setsid();
  set_process_name("asciinema-shim");
  const int null_fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (null_fd >= 0) ::dup2(null_fd, fd);
  }
  close_descriptors_except({setup.master.get(), setup.slave.get(), setup.recording.get(),
                            setup.link.get(), setup.home.get(), command.gate.get(),
                            command.exec_error.get(), child_events.read_end.get(),
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
[[noreturn]] void shim_main(ShimSetup setup, Pipe gate, Pipe exec_error) {
  ::close(gate.write_end.get());
  Result<Pipe> events = make_pipe();
  if (!events.ok()) report_failed_fork(std::move(setup), events.error().sys_errno);
  static_cast<void>(set_nonblocking(events->write_end.get(), true));
  set_up_signals(events->write_end.get());
  std::array<char*, 4> argv = {const_cast<char*>("sh"), const_cast<char*>("-c"),
                               setup.start.command.data(), nullptr};
  const pid_t command = ::fork();
  if (command < 0) report_failed_fork(std::move(setup), errno);
  if (command == 0) {
    run_command(setup, argv.data(), gate.read_end.get(), exec_error.write_end.get());
  }
  Shim::Command forked{command, std::move(gate.read_end), std::move(exec_error.read_end)};
  leave_callers_world(setup, forked, *events);
  Shim(std::move(setup), std::move(forked), std::move(events->read_end)).run();
  ::_exit(0);
}

}  // namespace

void ShimHandle::start_command() {
  // One for the command, one for the shim.
  (void)!::write(gate_.get(), "gg", 2);
  gate_.reset();
}

Result<ShimHandle> fork_shim(ShimSetup setup) {
  TRY_ASSIGN(Pipe gate, make_pipe());
  TRY_ASSIGN(Pipe exec_error, make_pipe());
  const pid_t shim = ::fork();
  if (shim < 0) return system_error("fork", errno);
  if (shim == 0) shim_main(std::move(setup), std::move(gate), std::move(exec_error));
  return ShimHandle(std::move(gate.write_end));
}

}  // namespace asciinemad
