#include "client/convert_target.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <optional>

namespace asciinemad {
namespace {

// As many links as the kernel follows, and tries for a name nobody else has.
constexpr int kMaxLinks = 40;
constexpr int kMaxTries = 100;
// Leaves room in NAME_MAX for what makes the name of the temporary file unique.
constexpr std::size_t kMaxNameBytes = 200;

// What a signal's handler removes; all that it may look at.
std::array<char, 4096> unfinished_path;
volatile sig_atomic_t unfinished = 0;

void on_deadly_signal(int signum) {
  if (unfinished != 0) ::unlink(unfinished_path.data());
  ::raise(signum);  // by its default action now
}

void set_unfinished(const std::string& path) {
  unfinished = 0;
  if (path.empty() || path.size() >= unfinished_path.size()) return;
  *std::copy(path.begin(), path.end(), unfinished_path.begin()) = '\0';
  unfinished = 1;
  for (const int signum : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGXCPU, SIGXFSZ}) {
    struct sigaction action {};
    ::sigaction(signum, nullptr, &action);
    if (action.sa_handler != SIG_DFL) continue;
    action.sa_handler = on_deadly_signal;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    ::sigaction(signum, &action, nullptr);
  }
}

// The descriptor that the path is just another name for.
std::optional<int> named_descriptor(std::string_view path) {
  if (path == "-" || path == "/dev/stdout") return STDOUT_FILENO;
  if (path == "/dev/stderr") return STDERR_FILENO;
  for (const std::string_view prefix : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!path.starts_with(prefix)) continue;
    const std::string_view number = path.substr(prefix.size());
    int fd = -1;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), fd);
    if (error == std::errc() && end == number.data() + number.size() && fd >= 0) return fd;
  }
  return std::nullopt;
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash + 1);
}

// realpath() would not do: the last link may lead to what is yet to be made.
std::string follow_links(std::string path) {
  std::array<char, 4096> link;
  for (int i = 0; i < kMaxLinks; ++i) {
    const ssize_t n = ::readlink(path.c_str(), link.data(), link.size());
    if (n <= 0) break;
    const std::string target(link.data(), static_cast<std::size_t>(n));
    path = (target.front() == '/' ? std::string() : directory_of(path)).append(target);
  }
  return path;
}

bool same_file(const struct stat& a, const struct stat& b) {
  return S_ISREG(a.st_mode) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

}  // namespace

bool holds_something(const std::string& path) {
  struct stat info {};
  return !named_descriptor(path).has_value() && ::stat(path.c_str(), &info) == 0 &&
         S_ISREG(info.st_mode) && info.st_size > 0;
}

Result<ConvertTarget> ConvertTarget::open(const std::string& path, const struct stat& input) {
  ConvertTarget target;
  target.given_ = path;
  target.path_ = follow_links(path);
  struct stat found {};
  const std::optional<int> descriptor = named_descriptor(path);
  if (descriptor.has_value()) {
    Result<Fd> own = duplicate(*descriptor);
    if (!own.ok()) return system_error("open " + path, own.error().sys_errno);
    target.fd_ = std::move(*own);
    if (::fstat(target.fd_.get(), &found) != 0) return system_error("examine " + path, errno);
  }
  const bool exists = descriptor.has_value() || ::stat(path.c_str(), &found) == 0;
  if (!exists && errno != ENOENT) return system_error("open " + path, errno);
  if (exists && same_file(found, input)) {
    return Error{Errc::invalid_argument, path + " is the recording that is to be converted"};
  }
  if (descriptor.has_value()) return target;
  if (exists && !S_ISREG(found.st_mode)) {
    target.fd_.reset(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
    if (!target.fd_) return system_error("open " + path, errno);
    return target;
  }
  // A rename asks for no permission on what it replaces.
  if (exists && ::access(path.c_str(), W_OK) != 0) return system_error("open " + path, errno);
  TRY(target.create_temporary(exists ? &found : nullptr));
  return target;
}

Status ConvertTarget::create_temporary(const struct stat* replaced) {
  replaces_ = replaced != nullptr;
  const std::string directory = directory_of(path_);
  const std::string unique = directory + "." + path_.substr(directory.size(), kMaxNameBytes) + "." +
                             std::to_string(::getpid()) + "-";
  for (int i = 0; i < kMaxTries && !fd_; ++i) {
    temporary_ = unique;
    temporary_.append(std::to_string(i)).append(".tmp");
    fd_.reset(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0666));
    if (!fd_ && errno != EEXIST) break;
  }
  if (!fd_) {
    temporary_.clear();
    return system_error("open " + given_, errno);
  }
  set_unfinished(temporary_);
  if (replaced != nullptr && ::fchmod(fd_.get(), replaced->st_mode & 07777U) != 0) {
    return system_error("set the permissions of " + given_, errno);
  }
  return {};
}

ConvertTarget::ConvertTarget(ConvertTarget&& other) noexcept
    : given_(std::move(other.given_)),
      path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      replaces_(other.replaces_),
      fd_(std::move(other.fd_)) {}

ConvertTarget::~ConvertTarget() {
  if (temporary_.empty()) return;
  ::unlink(temporary_.c_str());
  set_unfinished({});
}

Status ConvertTarget::commit(bool overwrite) {
  // What is replaced must not be lost when the machine fails before the new content is on disk.
  if (replaces_ && ::fdatasync(fd_.get()) != 0) return system_error("write " + given_, errno);
  // Where a quota or the network keeps data from the disk, this is where it shows.
  if (::close(fd_.release()) != 0 && errno != EINTR) return system_error("write " + given_, errno);
  if (temporary_.empty()) return {};
  if (!overwrite && !replaces_ && ::link(temporary_.c_str(), path_.c_str()) != 0 &&
      errno == EEXIST) {
    return Error{Errc::invalid_argument, given_ + " came into being in the meantime"};
  }
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    return system_error("rename to " + given_, errno);
  }
  // Two names of one file stay two when one is renamed to the other.
  ::unlink(temporary_.c_str());
  temporary_.clear();
  set_unfinished({});
  return {};
}

}  // namespace asciinemad
