// asciinemad: the per-user daemon that records terminal sessions.

#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <string>

#include "build_config.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/paths.h"
#include "daemon/daemon.h"
#include "daemon/platform.h"
#include "daemon/service.h"
#include "daemon/settings.h"

namespace asciinemad {
namespace {

constexpr const char* kHelp =
    "usage: asciinemad [OPTION]...\n"
    "\n"
    "Records terminal sessions for asciinema. The client starts it when needed, or\n"
    "systemd does, which may pass the socket; without options it serves until it is\n"
    "told to end and logs to standard error.\n"
    "\n"
    "  --socket PATH       listen there (default: $XDG_RUNTIME_DIR/asciinemad/socket)\n"
    "  --on-demand         log to a file, end when idle\n"
    "  --idle-exit SECONDS with --on-demand: how long idle is (default: as configured)\n"
    "  --ready-fd N        write \"ready\" or an error message there, then close it\n"
    "  --private N         serve the one connection on this descriptor, then end\n"
    "  -h, --help          show this help\n"
    "  --version           show the version\n";

struct Arguments {
  std::string socket_path;
  bool on_demand = false;
  std::optional<std::uint64_t> idle_exit_s;
  int ready_fd = -1;
  std::optional<int> private_fd;
};

// One process, one command line; the daemon reloads without knowing of it.
Arguments& arguments_of_process() {
  static Arguments instance;
  return instance;
}

int usage_error(const std::string& message) {
  std::cerr << "asciinemad: " << message << "\nTry 'asciinemad --help'.\n";
  return 2;
}

template <typename Number>
bool parse_number(const char* text, Number& number) {
  const std::string_view view(text);
  const auto [end, error] = std::from_chars(view.data(), view.data() + view.size(), number);
  return error == std::errc() && end == view.data() + view.size() && number >= 0;
}

// Options without a letter, outside of what a char holds.
constexpr int kSocket = 1000;
constexpr int kOnDemand = 1001;
constexpr int kIdleExit = 1002;
constexpr int kReadyFd = 1003;
constexpr int kPrivate = 1004;
constexpr int kVersion = 1005;

// False: the option's argument makes no sense.
bool apply(Arguments& arguments, int choice) {
  switch (choice) {
    case kSocket:
      arguments.socket_path = optarg;
      return arguments.socket_path.front() == '/';
    case kIdleExit:
      return parse_number(optarg, arguments.idle_exit_s.emplace(0)) && *arguments.idle_exit_s > 0 &&
             *arguments.idle_exit_s < 1'000'000;
    case kReadyFd:
      return parse_number(optarg, arguments.ready_fd) && arguments.ready_fd > STDERR_FILENO;
    case kPrivate:
      return parse_number(optarg, arguments.private_fd.emplace(-1)) &&
             *arguments.private_fd > STDERR_FILENO;
    default:
      arguments.on_demand = true;
      return true;
  }
}

// Exit status when the process is to end at once.
std::optional<int> parse_arguments(int argc, char** argv, Arguments& arguments) {
  const std::array<option, 8> options = {{{"socket", required_argument, nullptr, kSocket},
                                          {"on-demand", no_argument, nullptr, kOnDemand},
                                          {"idle-exit", required_argument, nullptr, kIdleExit},
                                          {"ready-fd", required_argument, nullptr, kReadyFd},
                                          {"private", required_argument, nullptr, kPrivate},
                                          {"version", no_argument, nullptr, kVersion},
                                          {"help", no_argument, nullptr, 'h'},
                                          {nullptr, 0, nullptr, 0}}};
  for (int choice = 0; (choice = ::getopt_long(argc, argv, "h", options.data(), nullptr)) != -1;) {
    if (choice == '?') return usage_error("unknown or incomplete option");
    if (choice == 'h' || choice == kVersion) {
      std::cout << (choice == 'h' ? kHelp : "asciinemad " ASCIINEMAD_VERSION "\n");
      return 0;
    }
    if (!apply(arguments, choice)) {
      return usage_error(std::string("\"") + optarg +
                         "\" is neither an absolute path nor a number "
                         "that fits");
    }
  }
  if (optind < argc)
    return usage_error(std::string("unexpected argument \"") + argv[optind] + "\"");
  return std::nullopt;
}

// The launcher's world must not show through: its directory, umask, signals and descriptors.
void become_independent(const Arguments& arguments) {
  ::umask(077);
  raise_limits();
  if (::chdir("/") != 0) std::perror("asciinemad: chdir /");
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  // SIGHUP until the daemon watches it, which a private one does not.
  for (const int signum : {SIGPIPE, SIGXFSZ, SIGHUP, SIGTTOU, SIGTTIN, SIGTSTP}) {
    ::signal(signum, SIG_IGN);
  }
  for (const int signum : {SIGTERM, SIGINT, SIGQUIT, SIGCHLD, SIGUSR1}) ::signal(signum, SIG_DFL);
  if (!arguments.on_demand && !arguments.private_fd.has_value()) return;
  ::setsid();
  // 0, 1 and 2 stay taken, so that no descriptor of a session ever gets one of these numbers.
  const int null_fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (null_fd >= 0) ::dup2(null_fd, fd);
  }
  close_descriptors_except({arguments.private_fd.value_or(STDERR_FILENO), arguments.ready_fd});
}

// An empty path when there is nowhere to log.
std::string open_log(const Arguments& arguments, const Environment& environment) {
  if (!arguments.on_demand && !arguments.private_fd.has_value()) {
    if (logs_to_journal()) log::use_journal_format();
    return {};
  }
  const std::optional<std::string> path = daemon_log_path(environment);
  if (!path.has_value() || !make_parent_directories(*path).ok() || !log::open_file(*path).ok()) {
    log::discard();
    return {};
  }
  return *path;
}

void tell_launcher(int ready_fd, const std::string& message) {
  if (ready_fd < 0) return;
  (void)!::write(ready_fd, message.data(), message.size());
  ::close(ready_fd);
}

// Returns the time to wait when idle: the command line's, which lasts.
std::uint64_t apply_settings(const DaemonSettings& settings) {
  log::set_level(settings.log_level);
  return arguments_of_process().idle_exit_s.value_or(settings.idle_exit_s) * 1000;
}

Result<std::uint64_t> reload_settings() {
  TRY_ASSIGN(const DaemonSettings settings, load_daemon_settings(ProcessEnvironment()));
  return apply_settings(settings);
}

// Bad settings must not keep anybody from recording.
DaemonSettings settings_or_defaults(const Environment& environment) {
  Result<DaemonSettings> settings = load_daemon_settings(environment);
  if (settings.ok()) return *settings;
  log::warn("settings are not used: ", settings.error().message);
  return default_daemon_settings(environment);
}

Result<std::string> bound_path(const Fd& socket) {
  sockaddr_un address{};
  socklen_t size = sizeof(address);
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return system_error("examine the service manager's socket", errno);
  }
  if (address.sun_path[0] != '/') {
    return Error{Errc::invalid_argument, "the service manager's socket has no path"};
  }
  return std::string(address.sun_path, ::strnlen(address.sun_path, sizeof(address.sun_path)));
}

// systemd's socket, or the path to listen at.
Status choose_socket(const Arguments& arguments, const Environment& environment,
                     Daemon::Options& options) {
  if (arguments.private_fd.has_value()) return {};
  TRY_ASSIGN(options.listen_socket, take_listen_socket());
  options.socket_path = arguments.socket_path;
  if (options.listen_socket.has_value()) {
    TRY_ASSIGN(options.socket_path, bound_path(*options.listen_socket));
  } else if (options.socket_path.empty()) {
    TRY_ASSIGN(options.socket_path, control_socket_path(environment));
  }
  return {};
}

int serve(const Arguments& arguments) {
  const ProcessEnvironment environment;
  Daemon::Options options;
  options.log_path = open_log(arguments, environment);
  const std::uint64_t idle_exit_ms = apply_settings(settings_or_defaults(environment));
  options.reload = reload_settings;
  options.private_peer = arguments.private_fd;
  options.spool_directory = state_directory(environment).value_or("/tmp");
  options.upload_directory = options.spool_directory + "/queue";
  options.registry_directory = options.spool_directory + "/sessions";
  // Where it can't be made, unnamed files are kept in memory.
  static_cast<void>(make_parent_directories(options.spool_directory + "/."));
  if (arguments.on_demand) options.idle_exit_ms = idle_exit_ms;
  if (Status status = choose_socket(arguments, environment, options); !status.ok()) {
    tell_launcher(arguments.ready_fd, status.error().message);
    return usage_error(status.error().message);
  }
  Daemon daemon(std::move(options));
  if (Status status = daemon.open(); !status.ok()) {
    log::error(status.error().message);
    // Another daemon on the socket is what the launcher wants, too.
    const bool served = status.error().code == Errc::unavailable;
    tell_launcher(arguments.ready_fd, served ? "ready" : status.error().message);
    return served && arguments.on_demand ? 0 : 1;
  }
  log::info("asciinemad " ASCIINEMAD_VERSION " serves");
  tell_launcher(arguments.ready_fd, "ready");
  daemon.run();
  return 0;
}

}  // namespace
}  // namespace asciinemad

int main(int argc, char** argv) {
  asciinemad::Arguments& arguments = asciinemad::arguments_of_process();
  if (const std::optional<int> status = asciinemad::parse_arguments(argc, argv, arguments)) {
    return *status;
  }
  asciinemad::become_independent(arguments);
  return asciinemad::serve(arguments);
}
