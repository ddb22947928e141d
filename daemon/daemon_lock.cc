#include "daemon/daemon_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <system_error>

#include "common/read_file.h"

namespace asciinemad {
namespace {

constexpr std::size_t kMaxPidBytes = 16;

std::optional<pid_t> read_pid(const Fd& lock) {
  std::array<char, kMaxPidBytes> text{};
  const ssize_t n = ::pread(lock.get(), text.data(), text.size(), 0);
  pid_t pid = 0;
  if (n <= 0) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + n, pid);
  if (error != std::errc() || pid <= 1) return std::nullopt;
  return pid;
}

bool is_own_asciinemad(const std::string& proc) {
  struct stat info {};
  if (::stat(proc.c_str(), &info) != 0 || info.st_uid != ::geteuid()) return false;
  // Not /proc/PID/exe, which an upgrade of the program renames.
  const Result<std::optional<std::string>> name = read_small_file(proc + "/comm", 64);
  return name.ok() && *name == "asciinemad\n";
}

bool has_open(const std::string& proc, const Fd& file) {
  struct stat wanted {};
  if (::fstat(file.get(), &wanted) != 0) return false;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(proc + "/fd", error), end; !error && entry != end;
       entry.increment(error)) {
    struct stat found {};
    if (::stat(entry->path().c_str(), &found) == 0 && found.st_dev == wanted.st_dev &&
        found.st_ino == wanted.st_ino) {
      return true;
    }
  }
  return false;
}

}  // namespace

Result<Fd> open_lock_file(const std::string& path) {
  Fd lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return system_error("open " + path, errno);
  return lock;
}

Result<bool> try_lock(const Fd& lock) {
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return false;
    return system_error("lock", errno);
  }
  // Without it nobody can ask us to hand over, and that is all.
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock.get(), 0) == 0) {
    (void)!::pwrite(lock.get(), pid.data(), pid.size(), 0);
  }
  return true;
}

std::optional<pid_t> find_lock_holder(const Fd& lock) {
  const std::optional<pid_t> pid = read_pid(lock);
  if (!pid.has_value()) return std::nullopt;
  const std::string proc = "/proc/" + std::to_string(*pid);
  if (!is_own_asciinemad(proc) || !has_open(proc, lock)) return std::nullopt;
  return pid;
}

}  // namespace asciinemad
