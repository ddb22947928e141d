#include "client/service_units.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <string_view>

#include "build_config.h"
#include "client/deadline.h"
#include "client/programs.h"
#include "common/fd.h"
#include "common/read_file.h"

extern char** environ;

namespace asciinemad {
namespace {

constexpr const char* kService = "asciinemad.service";
constexpr const char* kSocket = "asciinemad.socket";
constexpr std::string_view kWritten =
    "# Written by `asciinema daemon enable`, removed by `disable`.\n";
constexpr std::string_view kExecStart = "\nExecStart=";
constexpr std::size_t kMaxUnitBytes = std::size_t{64} << 10;
// More than it gives the daemon to end (TimeoutStopSec=).
constexpr int kSystemctlTimeoutMs = 45'000;
constexpr int kWriteTimeoutMs = 5000;

std::string_view without_line_ends(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

struct Output {
  bool succeeded = false;
  std::string text;  // of both streams, without line ends at its end
};

Result<Output> collect(pid_t child, int from) {
  Output output;
  const Deadline deadline(kSystemctlTimeoutMs);
  std::array<char, 4096> buffer{};
  ssize_t n = -1;
  while (deadline.wait(from, POLLIN) && (n = ::read(from, buffer.data(), buffer.size())) > 0) {
    output.text.append(buffer.data(), static_cast<std::size_t>(n));
  }
  if (n != 0) ::kill(child, SIGKILL);
  int status = -1;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (n != 0) return Error{Errc::timed_out, "systemctl does not answer"};
  output.succeeded = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  output.text.resize(without_line_ends(output.text).size());
  return output;
}

// systemctl --user ARGUMENT...
Result<Output> run_systemctl(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"systemctl", "--user", "--quiet", "--no-pager"});
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);

  TRY_ASSIGN(Pipe output, make_pipe());
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, output.write_end.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output.write_end.get(), STDERR_FILENO);
  pid_t child = -1;
  const int failure = ::posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) {
    return Error{Errc::unavailable,
                 "systemd is needed for that; " + system_error("systemctl", failure).message};
  }
  output.write_end.reset();
  return collect(child, output.read_end.get());
}

Status systemctl(std::vector<std::string> arguments) {
  const std::string verb = arguments.front();
  TRY_ASSIGN(const Output output, run_systemctl(std::move(arguments)));
  if (output.succeeded) return {};
  return Error{Errc::unavailable, "systemctl --user " + verb + ": " + output.text};
}

Status reload_manager() {
  TRY_ASSIGN(const Output output, run_systemctl({"daemon-reload"}));
  if (output.succeeded) return {};
  return Error{Errc::unavailable, "no systemd user manager can be reached: " + output.text};
}

Result<std::string> property(const char* unit, const std::string& name) {
  TRY_ASSIGN(Output output, run_systemctl({"show", "--property=" + name, "--value", unit}));
  if (output.succeeded) return std::move(output.text);
  return Error{Errc::unavailable, "systemctl --user show: " + output.text};
}

Result<std::string> read_unit(const std::string& path) {
  TRY_ASSIGN(std::optional<std::string> text, read_small_file(path, kMaxUnitBytes));
  if (text.has_value()) return *std::move(text);
  return Error{Errc::not_found, path + " is missing"};
}

bool is_ours(const std::string& unit_file) {
  const Result<std::string> text = read_unit(unit_file);
  return text.ok() && text->starts_with(kWritten);
}

// The unit as it was built or installed with this program.
Result<std::string> own_unit(const char* unit) {
  std::string path = program_directory() + "systemd/" + unit;
  if (::access(path.c_str(), R_OK) != 0) path = std::string(ASCIINEMAD_USER_UNIT_DIR "/") + unit;
  return read_unit(path);
}

// As one word of a command line in a unit: systemd.service(5), "COMMAND LINES".
std::string quoted_for_unit(std::string_view word) {
  std::string quoted = "\"";
  for (const char c : word) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (c == '%' || c == '$') quoted += c;
    quoted += c;
  }
  return quoted + '"';
}

// The program in ExecStart=; of those lines that we write, or have no need for quotes.
std::string program_of(const std::string& text) {
  const std::size_t at = text.find(kExecStart);
  if (at == std::string::npos) return {};
  const std::string_view rest = std::string_view(text).substr(at + kExecStart.size());
  std::string_view line = rest.substr(0, rest.find('\n'));
  if (line.starts_with('"')) line = line.substr(1, line.find('"', 1) - 1);
  return std::string(line);
}

Result<std::string> with_program(std::string text, const std::string& program) {
  const std::size_t at = text.find(kExecStart);
  if (at == std::string::npos) return text;
  if (!program.starts_with('/'))
    return Error{Errc::not_found, "asciinemad is not beside asciinema"};
  const std::size_t begin = at + kExecStart.size();
  return text.replace(begin, text.find('\n', begin) - begin, quoted_for_unit(program));
}

Result<std::string> user_unit_directory(const Environment& environment) {
  std::optional<std::string> base = environment.find("XDG_CONFIG_HOME");
  if (!base.has_value() || !base->starts_with('/')) {
    base = home_directory(environment);
    if (!base.has_value()) return Error{Errc::not_found, "there is no home directory for units"};
    *base += "/.config";
  }
  return *base + "/systemd/user/";
}

Status write_unit(const std::string& path, const std::string& text) {
  TRY(make_parent_directories(path));
  // No symbolic link: one to /dev/null is how a unit is masked.
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!file) return system_error("write " + path, errno);
  return write_all(file.get(), text, kWriteTimeoutMs);
}

// The unit's file, which is written when systemd knows none.
Result<std::string> provide_unit(const Environment& environment, const char* unit) {
  TRY_ASSIGN(std::string known, property(unit, "FragmentPath"));
  if (!known.empty() && !is_ours(known)) return known;
  TRY_ASSIGN(std::string text, own_unit(unit));
  TRY_ASSIGN(text, with_program(std::move(text), sibling_program("asciinemad")));
  TRY_ASSIGN(std::string path, user_unit_directory(environment));
  path += unit;
  TRY(write_unit(path, std::string(kWritten) + text));
  return path;
}

// "/run/user/1000/asciinemad/socket (Stream)"
std::string listening_path(const std::string& listen) {
  return listen.substr(0, listen.rfind(" ("));
}

}  // namespace

Result<EnabledService> enable_service(const Environment& environment) {
  TRY(reload_manager());
  EnabledService enabled;
  for (const char* unit : {kService, kSocket}) {
    TRY_ASSIGN(std::string file, provide_unit(environment, unit));
    enabled.unit_files.push_back(std::move(file));
  }
  TRY(reload_manager());
  TRY(systemctl({"enable", "--now", kSocket}));
  TRY_ASSIGN(const std::string service, read_unit(enabled.unit_files.front()));
  enabled.program = program_of(service);
  TRY_ASSIGN(const std::string listen, property(kSocket, "Listen"));
  enabled.socket = listening_path(listen);
  return enabled;
}

Result<bool> disable_service(const Environment& environment) {
  TRY(reload_manager());
  TRY_ASSIGN(const std::string known, property(kSocket, "FragmentPath"));
  if (known.empty()) return false;
  TRY(systemctl({"disable", "--now", kSocket, kService}));
  TRY_ASSIGN(const std::string directory, user_unit_directory(environment));
  for (const char* unit : {kSocket, kService}) {
    const std::string path = directory + unit;
    if (is_ours(path) && ::unlink(path.c_str()) != 0) return system_error("remove " + path, errno);
  }
  TRY(reload_manager());
  return true;
}

}  // namespace asciinemad
