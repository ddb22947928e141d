#include "client/daemon_start.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <vector>

#include "client/deadline.h"
#include "client/programs.h"

extern char** environ;

namespace asciinemad {
namespace {

// A new daemon reports within milliseconds; this is for a machine on its knees.
constexpr int kStartTimeoutMs = 5000;

// What the daemon needs of the caller's environment; nothing else of it may live on in a process
// that outlasts the session.
std::vector<char*> daemon_environment() {
  constexpr std::array<std::string_view, 8> kPrefixes = {
      "HOME=", "PATH=", "TZ=", "USER=", "LOGNAME=", "XDG_", "ASCIINEMAD_", "TMPDIR="};
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

// Runs asciinemad with `arguments`, not as a child of this process; of our descriptors above 2 it
// inherits `inherited` alone.
Status spawn_daemon(std::vector<std::string> arguments, int inherited) {
  const std::string program = sibling_program("asciinemad");
  arguments.insert(arguments.begin(), program);
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  std::vector<char*> envp = daemon_environment();

  TRY_ASSIGN(Pipe failure, make_pipe());
  const pid_t child = ::fork();
  if (child < 0) return system_error("fork", errno);
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
  int reason = 0;
  if (::read(failure.read_end.get(), &reason, sizeof(reason)) == sizeof(reason)) {
    return system_error("execute " + program, reason);
  }
  return {};
}

// What a new daemon says on its ready descriptor until it closes it.
std::string read_message(int fd) {
  std::string message;
  std::array<char, 512> buffer{};
  const Deadline deadline(kStartTimeoutMs);
  for (;;) {
    if (!deadline.wait(fd, POLLIN)) return "it did not start in time";
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n <= 0) return message;
    message.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

Error cannot_start(const Environment& environment, const std::string& reason) {
  const std::optional<std::string> log = daemon_log_path(environment);
  return Error{Errc::unavailable, "cannot start asciinemad: " + reason +
                                      (log.has_value() ? " (log: " + *log + ")" : "")};
}

Status start_shared_daemon(const Environment& environment, const std::string& socket_path,
                           Niceness niceness) {
  const int nice = ::getpriority(PRIO_PROCESS, 0);
  if (nice > 0 && niceness == Niceness::refused) {
    return Error{Errc::unavailable,
                 "a shared asciinemad must not start here, it would be as nice (" +
                     std::to_string(nice) + ") for everybody"};
  }
  TRY_ASSIGN(Pipe ready, make_pipe());
  std::vector<std::string> arguments = {"--on-demand", "--socket", socket_path, "--ready-fd",
                                        std::to_string(ready.write_end.get())};
  if (const auto idle = environment.find("ASCIINEMAD_IDLE_EXIT")) {
    arguments.insert(arguments.end(), {"--idle-exit", *idle});
  }
  if (Status status = spawn_daemon(std::move(arguments), ready.write_end.get()); !status.ok()) {
    return cannot_start(environment, status.error().message);
  }
  ready.write_end.reset();
  const std::string message = read_message(ready.read_end.get());
  if (message == "ready") return {};
  return cannot_start(environment, message.empty() ? "it ended at once" : message);
}

bool nobody_listens(const Error& error) {
  return error.sys_errno == ENOENT || error.sys_errno == ECONNREFUSED;
}

Result<DaemonLink> connect_and_greet(const std::string& socket_path) {
  TRY_ASSIGN(DaemonLink link, DaemonLink::connect(socket_path));
  TRY(link.hello(DaemonLink::kHelloTimeoutMs));
  return link;
}

Result<DaemonLink> connect_or_start(const Environment& environment, const std::string& socket_path,
                                    Niceness niceness) {
  // A second round, for a daemon that was just going when it was asked.
  for (int round = 0;; ++round) {
    Result<DaemonLink> link = connect_and_greet(socket_path);
    if (link.ok()) return link;
    const bool going = link.error().code == Errc::unavailable;
    if (round >= 2 || (!going && !nobody_listens(link.error()))) return link.take_error();
    TRY(start_shared_daemon(environment, socket_path, niceness));
  }
}

}  // namespace

Result<DaemonLink> start_private_daemon(const Environment& environment) {
  TRY_ASSIGN(SocketPair pair, make_socket_pair());
  Status spawned =
      spawn_daemon({"--private", std::to_string(pair.second.get())}, pair.second.get());
  if (!spawned.ok()) return cannot_start(environment, spawned.error().message);
  pair.second.reset();
  DaemonLink link(std::move(pair.first));
  if (Result<wire::HelloReply> hello = link.hello(kStartTimeoutMs); !hello.ok()) {
    return cannot_start(environment, hello.error().message);
  }
  return link;
}

bool another_daemon_may_help(const Error& error) {
  switch (error.code) {
    case Errc::busy:
    case Errc::limit_exceeded:
    case Errc::unsupported:
    case Errc::unavailable:
    case Errc::timed_out:
      return true;
    default:
      return false;
  }
}

Result<DaemonLink> connect_to_shared_daemon(const Environment& environment, Niceness niceness) {
  TRY_ASSIGN(const std::string path, control_socket_path(environment));
  TRY(check_socket_path(path));
  return connect_or_start(environment, path, niceness);
}

Result<DaemonLink> connect_to_running_daemon(const Environment& environment) {
  TRY_ASSIGN(const std::string path, control_socket_path(environment));
  Result<DaemonLink> link = connect_and_greet(path);
  if (!link.ok() && nobody_listens(link.error())) {
    return Error{Errc::not_found, "no asciinemad runs at " + path};
  }
  return link;
}

Result<DaemonConnection> connect_to_daemon(const Environment& environment) {
  Result<DaemonLink> shared = connect_to_shared_daemon(environment);
  if (shared.ok()) return DaemonConnection{std::move(shared).value(), {}};
  TRY_ASSIGN(DaemonLink own, start_private_daemon(environment));
  return DaemonConnection{std::move(own), shared.error().message};
}

}  // namespace asciinemad
