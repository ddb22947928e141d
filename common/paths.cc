#include "common/paths.h"

#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace asciinemad {
namespace {

static_assert(sizeof(sockaddr_un::sun_path) == kMaxSocketPathBytes + 1);

bool is_absolute(std::string_view path) { return path.starts_with('/'); }

std::optional<std::string> find_absolute(const Environment& environment, std::string_view name) {
  std::optional<std::string> path = environment.find(name);
  if (path && !is_absolute(*path)) path.reset();
  return path;
}

std::optional<std::string> below(std::optional<std::string> directory, std::string_view name) {
  if (directory) directory->append(name);
  return directory;
}

bool is_regular_file(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

// A trailing slash would make lstat() follow the symbolic link we want to refuse.
std::string without_trailing_slashes(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return std::string(path);
}

Error refuse_directory(const std::string& path, std::string_view reason) {
  return Error{Errc::invalid_argument, "use directory " + path + ": it " + std::string(reason)};
}

Status check_private(const std::string& path, const struct stat& info) {
  if (S_ISLNK(info.st_mode)) return refuse_directory(path, "is a symbolic link");
  if (!S_ISDIR(info.st_mode)) return refuse_directory(path, "is not a directory");
  if (info.st_uid != ::geteuid()) {
    return refuse_directory(path, "is owned by uid " + std::to_string(info.st_uid));
  }
  if ((info.st_mode & 077U) != 0) {
    std::array<char, 16> mode{};
    std::snprintf(mode.data(), mode.size(), "%04o", info.st_mode & 07777U);
    return refuse_directory(path,
                            std::string("is accessible to others (mode ") + mode.data() + ")");
  }
  return {};
}

}  // namespace

std::string program_directory() {
  std::array<char, 4096> self{};
  const ssize_t length = ::readlink("/proc/self/exe", self.data(), self.size() - 1);
  if (length <= 0) return {};
  const std::string path(self.data(), static_cast<std::size_t>(length));
  return path.substr(0, path.rfind('/') + 1);
}

std::optional<std::string> Environment::find(std::string_view name) const {
  std::optional<std::string> value = raw(name);
  if (value && value->empty()) value.reset();
  return value;
}

std::optional<std::string> ProcessEnvironment::raw(std::string_view name) const {
  const char* value = std::getenv(std::string(name).c_str());
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

// From the file and not through getpwuid(): that loads modules at run time, which the statically
// linked client can't count on.
std::optional<std::string> ProcessEnvironment::account_home() const {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen("/etc/passwd", "re"), &std::fclose);
  if (!file) return std::nullopt;
  const uid_t uid = ::geteuid();
  while (const passwd* entry = ::fgetpwent(file.get())) {
    if (entry->pw_uid == uid) return std::string(entry->pw_dir);
  }
  return std::nullopt;
}

std::optional<std::string> FixedEnvironment::raw(std::string_view name) const {
  const auto found = variables_.find(name);
  if (found == variables_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::string> FixedEnvironment::account_home() const {
  if (account_home_.empty()) return std::nullopt;
  return account_home_;
}

std::optional<std::string> home_directory(const Environment& environment) {
  if (auto home = find_absolute(environment, "HOME")) return home;
  std::optional<std::string> home = environment.account_home();
  if (home && !is_absolute(*home)) home.reset();
  return home;
}

std::optional<std::string> config_directory(const Environment& environment) {
  if (auto directory = environment.find("ASCIINEMA_CONFIG_HOME")) return directory;
  if (auto xdg = find_absolute(environment, "XDG_CONFIG_HOME")) return below(xdg, "/asciinema");
  const std::optional<std::string> home = home_directory(environment);
  if (home && is_regular_file(*home + "/.asciinema/config")) return *home + "/.asciinema";
  return below(home, "/.config/asciinema");
}

std::optional<std::string> state_directory(const Environment& environment) {
  if (auto xdg = find_absolute(environment, "XDG_STATE_HOME")) return below(xdg, "/asciinema");
  return below(home_directory(environment), "/.local/state/asciinema");
}

std::optional<std::string> library_directory(const Environment& environment) {
  return below(state_directory(environment), "/recordings");
}

std::optional<std::string> daemon_log_path(const Environment& environment) {
  return below(state_directory(environment), "/asciinemad.log");
}

Result<std::string> control_socket_path(const Environment& environment) {
  if (auto path = environment.find("ASCIINEMAD_SOCKET")) {
    if (is_absolute(*path)) return *path;
    return Error{Errc::invalid_argument,
                 "ASCIINEMAD_SOCKET: \"" + *path + "\" is not an absolute path"};
  }
  if (auto xdg = find_absolute(environment, "XDG_RUNTIME_DIR")) return *xdg + "/asciinemad/socket";
  return "/tmp/asciinemad-" + std::to_string(::geteuid()) + "/socket";
}

std::string state_file_path(const std::string& socket_path, std::string_view session) {
  return socket_path.substr(0, socket_path.rfind('/')) + "/state-" + std::string(session);
}

Status check_socket_path(std::string_view path) {
  if (path.size() <= kMaxSocketPathBytes) return {};
  return Error{Errc::limit_exceeded,
               "socket path " + std::string(path) + " is " + std::to_string(path.size()) +
                   " bytes long, the limit is " + std::to_string(kMaxSocketPathBytes)};
}

Status make_parent_directories(std::string_view path) {
  const std::string whole = without_trailing_slashes(path);
  for (std::size_t slash = whole.find('/', 1); slash != std::string::npos;
       slash = whole.find('/', slash + 1)) {
    const std::string parent = whole.substr(0, slash);
    // Something else that exists under this name fails the next step with ENOTDIR.
    if (::mkdir(parent.c_str(), 0777) != 0 && errno != EEXIST) {
      return system_error("create directory " + parent, errno);
    }
  }
  return {};
}

namespace {

// A directory made in another user's would be in that user's way, and in their hands.
Status check_parent(const std::string& directory) {
  const std::string parent = directory.substr(0, directory.rfind('/'));
  struct stat info {};
  if (parent.empty() || ::stat(parent.c_str(), &info) != 0) return {};  // made later, by us
  if (info.st_uid == ::geteuid() || info.st_uid == 0) return {};
  return Error{Errc::invalid_argument, parent + ": is owned by uid " + std::to_string(info.st_uid)};
}

}  // namespace

Status ensure_private_directory(std::string_view path) {
  const std::string directory = without_trailing_slashes(path);
  TRY(check_parent(directory));
  int rc = ::mkdir(directory.c_str(), 0700);
  if (rc != 0 && errno == ENOENT) {
    TRY(make_parent_directories(directory));
    rc = ::mkdir(directory.c_str(), 0700);
  }
  if (rc != 0 && errno != EEXIST) return system_error("create directory " + directory, errno);

  // A directory we own in a sticky or private parent cannot be swapped behind this check.
  struct stat info {};
  if (::lstat(directory.c_str(), &info) != 0) return system_error("stat " + directory, errno);
  return check_private(directory, info);
}

Result<sockaddr_un> socket_address(std::string_view path) {
  TRY(check_socket_path(path));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, path.size());
  return address;
}

}  // namespace asciinemad
