#include "client/daemon_launch.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "client/programs.h"

extern char** environ;

namespace asciinemad {
namespace {

// What the daemon needs of the caller's environment; nothing else of it may live on in a process
// that outlasts the session.
std::vector<char*> daemon_environment() {
  constexpr std::array<std::string_view, 9> kPrefixes = {
      "HOME=",    "PATH=", "TZ=",         "USER=",
      "LOGNAME=", "XDG_",  "ASCIINEMAD_", "ASCIINEMA_CONFIG_HOME=",
      "TMPDIR="};
  std::vector<char*> kept;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view variable(*entry);
    const std::string_view name = variable.substr(0, variable.find('='));
    bool keep = name.ends_with("SAN_OPTIONS");
    for (const std::string_view prefix : kPrefixes) keep = keep || variable.starts_with(prefix);
    if (keep) kept.push_back(*entry);
  }
  kept.push_back(nullptr);
  return kept;
}

// The errno that kept the program from being executed; 0: nothing did.
int read_failure(int fd) {
  int reason = 0;
  ssize_t n = -1;
  do {
    n = ::read(fd, &reason, sizeof(reason));
  } while (n < 0 && errno == EINTR);
  return n == sizeof(reason) ? reason : 0;
}

}  // namespace

Error cannot_start(const Environment& environment, const std::string& reason) {
  const std::optional<std::string> log = daemon_log_path(environment);
  return Error{Errc::unavailable, "cannot start asciinemad: " + reason +
                                      (log.has_value() ? " (log: " + *log + ")" : "")};
}

Status spawn_daemon(const Environment& environment, std::vector<std::string> arguments,
                    int inherited) {
  const std::string program = sibling_program("asciinemad");
  arguments.insert(arguments.begin(), program);
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  std::vector<char*> envp = daemon_environment();

  TRY_ASSIGN(Pipe failure, make_pipe());
  const pid_t child = ::fork();
  if (child < 0) return cannot_start(environment, system_error("fork", errno).message);
  if (child == 0) {
    if (::fork() != 0) ::_exit(0);
    ::fcntl(inherited, F_SETFD, 0);
    ::execvpe(program.c_str(), argv.data(), envp.data());
    const int reason = errno;
    (void)!::write(failure.write_end.get(), &reason, sizeof(reason));
    ::_exit(127);
  }
  failure.write_end.reset();
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const int reason = read_failure(failure.read_end.get());
  if (reason == 0) return {};
  return cannot_start(environment, system_error("execute " + program, reason).message);
}

Result<DaemonLaunch> DaemonLaunch::begin(const Environment& environment,
                                         const std::string& socket_path) {
  TRY_ASSIGN(Pipe ready, make_pipe());
  std::vector<std::string> arguments = {"--on-demand", "--socket", socket_path, "--ready-fd",
                                        std::to_string(ready.write_end.get())};
  if (const auto idle = environment.find("ASCIINEMAD_IDLE_EXIT")) {
    arguments.insert(arguments.end(), {"--idle-exit", *idle});
  }
  TRY(spawn_daemon(environment, std::move(arguments), ready.write_end.get()));
  TRY(set_nonblocking(ready.read_end.get(), true));
  return DaemonLaunch(std::move(ready.read_end));
}

// It says "ready", or what is wrong, and closes the pipe.
Result<bool> DaemonLaunch::step(const Environment& environment) {
  std::array<char, 512> buffer{};
  for (;;) {
    const ssize_t n = ::read(ready_.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {
      if (deadline_.remaining_ms() > 0) return false;
      return cannot_start(environment, "it did not start in time");
    }
    if (n <= 0) break;
    message_.append(buffer.data(), static_cast<std::size_t>(n));
  }
  if (message_ == "ready") return true;
  return cannot_start(environment, message_.empty() ? "it ended at once" : message_);
}

}  // namespace asciinemad
