#include "common/log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>

#include "common/fd.h"
#include "common/printable.h"

namespace asciinemad::log {
namespace {

// One process, one log. Used from one thread only.
struct State {
  Level level = Level::info;
  Fd file;
  std::string path;
  bool discarding = false;
  bool for_journal = false;
};

State& state() {
  static State instance;
  return instance;
}

constexpr std::array<std::string_view, 4> kNames = {"error", "warn", "info", "debug"};
// Of syslog(3).
constexpr std::array<std::string_view, 4> kPriorities = {"<3>", "<4>", "<6>", "<7>"};

std::string timestamp() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  ::localtime_r(&now.tv_sec, &parts);
  std::array<char, 40> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::array<char, 8> millis{};
  std::snprintf(millis.data(), millis.size(), ".%03d", static_cast<int>(now.tv_nsec / 1'000'000));
  return std::string(text.data(), length) + millis.data();
}

std::string prefix(Level level) {
  return timestamp() + " [" + std::to_string(::getpid()) + "] " +
         std::string(kNames[static_cast<std::size_t>(level)]) + ": ";
}

std::string journal_prefix(Level level) {
  return std::string(kPriorities[static_cast<std::size_t>(level)]);
}

Result<Fd> open_log(const std::string& path) {
  Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600));
  if (!file) return system_error("open " + path, errno);
  return file;
}

// Several daemons of one user may share the file: whoever finds it full renames it, the others
// follow.
void rotate_when_full() {
  State& s = state();
  struct stat ours {};
  struct stat current {};
  if (::fstat(s.file.get(), &ours) != 0) return;
  if (static_cast<std::uint64_t>(ours.st_size) < kMaxFileBytes) return;
  const bool still_there = ::stat(s.path.c_str(), &current) == 0 && current.st_ino == ours.st_ino &&
                           current.st_dev == ours.st_dev;
  if (still_there && ::rename(s.path.c_str(), (s.path + ".1").c_str()) != 0) {
    // Losing old lines is better than filling the disk.
    (void)!::ftruncate(s.file.get(), 0);
    return;
  }
  Result<Fd> next = open_log(s.path);
  if (next.ok()) {
    s.file = std::move(next).value();
  } else {
    (void)!::ftruncate(s.file.get(), 0);
  }
}

}  // namespace

std::optional<Level> find_level(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (name == kNames[i]) return static_cast<Level>(i);
  }
  return std::nullopt;
}

Level parse_level(std::string_view name) { return find_level(name).value_or(Level::info); }

void set_level(Level level) { state().level = level; }

bool enabled(Level level) { return level <= state().level && !state().discarding; }

Status open_file(const std::string& path) {
  TRY_ASSIGN(state().file, open_log(path));
  state().path = path;
  return {};
}

void discard() { state().discarding = true; }

void use_journal_format() { state().for_journal = true; }

void write_line(Level level, std::string_view text) {
  State& s = state();
  std::string line = s.for_journal && !s.file ? journal_prefix(level) : prefix(level);
  line += printable(text);
  line += '\n';
  if (s.file) rotate_when_full();
  const int fd = s.file ? s.file.get() : STDERR_FILENO;
  (void)!::write(fd, line.data(), line.size());
}

}  // namespace asciinemad::log
