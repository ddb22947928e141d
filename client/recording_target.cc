#include "client/recording_target.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>
#include <memory>

#include "client/append_point.h"

namespace asciinemad {
namespace {

Error refused(const std::string& path, const std::string& reason) {
  return Error{Errc::invalid_argument, path + ": " + reason};
}

// Files that the shell opened for us (`>(command)`) would otherwise stay open in the recorded
// command, and their reader would never see the end.
void keep_from_command(const std::string& path) {
  for (const std::string_view prefix : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!path.starts_with(prefix)) continue;
    int fd = -1;
    const char* first = path.data() + prefix.size();
    if (std::from_chars(first, path.data() + path.size(), fd).ec == std::errc() &&
        fd > STDERR_FILENO) {
      ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
  }
}

}  // namespace

Result<RecordingTarget> RecordingTarget::open(const Wish& wish) {
  RecordingTarget target;
  target.path_ = wish.path;
  if (wish.path == "-") {
    TRY(target.open_standard_output());
    return target;
  }
  struct stat info {};
  const bool exists = ::stat(wish.path.c_str(), &info) == 0;
  if (!exists && errno != ENOENT) return system_error("open " + wish.path, errno);
  if (exists && S_ISDIR(info.st_mode)) return refused(wish.path, "is a directory");
  // A FIFO opens when its reader does.
  const int access = wish.append && exists && S_ISREG(info.st_mode) ? O_RDWR : O_WRONLY;
  const int flags = access | O_CREAT | O_CLOEXEC | O_NOCTTY;
  if (!exists) target.fd_.reset(::open(wish.path.c_str(), flags | O_EXCL, 0666));
  target.created_ = static_cast<bool>(target.fd_);
  // Through a symbolic link to nowhere, or made by somebody else since we looked.
  if (!target.fd_) target.fd_.reset(::open(wish.path.c_str(), flags, 0666));
  if (!target.fd_) return system_error("open " + wish.path, errno);
  keep_from_command(wish.path);
  target.regular_ = target.created_;
  if (!target.created_) TRY(target.examine_existing(wish));
  target.find_file();
  if (!exists && wish.append) {
    target.warnings_.push_back(wish.path + " does not exist, recording to a new file");
  }
  return target;
}

Status RecordingTarget::examine_existing(const Wish& wish) {
  struct stat info {};
  if (::fstat(fd_.get(), &info) != 0) return system_error("examine " + path_, errno);
  regular_ = S_ISREG(info.st_mode);
  original_bytes_ = kept_bytes_ = regular_ ? info.st_size : 0;
  if (original_bytes_ == 0) return {};
  if (wish.overwrite) {
    kept_bytes_ = 0;
    return {};
  }
  if (!wish.append) {
    return Error{Errc::invalid_argument,
                 path_ +
                     " already exists, aborting\n"
                     "use --overwrite option if you want to replace existing recording\n"
                     "use --append option if you want to append to existing recording"};
  }
  appending_ = true;
  return wish.raw ? Status() : prepare_appending();
}

void RecordingTarget::find_file() {
  if (!regular_) return;
  const std::unique_ptr<char, decltype(&::free)> resolved(::realpath(path_.c_str(), nullptr),
                                                          &::free);
  if (resolved != nullptr) file_ = resolved.get();
}

Status RecordingTarget::prepare_appending() {
  Result<AppendPoint> point = find_append_point(fd_.get());
  if (!point.ok()) return refused(path_, point.error().message);
  kept_bytes_ = static_cast<off_t>(point->kept_bytes);
  time_offset_us_ = point->last_time_us;
  needs_newline_ = point->needs_newline;
  if (point->cut) {
    warnings_.push_back(path_ + " is damaged at its end; dropping " +
                        std::to_string(original_bytes_ - kept_bytes_) +
                        " bytes behind its last whole event");
  }
  return {};
}

Status RecordingTarget::open_standard_output() {
  if (::isatty(STDOUT_FILENO) != 0) {
    return Error{Errc::invalid_argument,
                 "can't record to standard output when it is a terminal; redirect it to a file or "
                 "a program"};
  }
  struct stat info {};
  if (::fstat(STDOUT_FILENO, &info) != 0) return system_error("open standard output", errno);
  if (!S_ISFIFO(info.st_mode) && !S_ISSOCK(info.st_mode)) {
    // A file's offset is shared with the shell on purpose; nothing about it blocks.
    TRY_ASSIGN(fd_, duplicate(STDOUT_FILENO));
    return {};
  }
  // A pipe's flags must not change under the other programs that write to it.
  if (S_ISFIFO(info.st_mode)) {
    fd_.reset(::open("/proc/self/fd/1", O_WRONLY | O_CLOEXEC | O_NONBLOCK));
  }
  needs_pump_ = !fd_;
  return {};
}

Result<RecordingTarget> RecordingTarget::create_in_library(const Environment& environment) {
  const std::optional<std::string> directory = library_directory(environment);
  if (!directory.has_value()) return Error{Errc::not_found, "there is no home directory"};
  TRY(ensure_private_directory(*directory));
  std::array<char, 32> name{};
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::localtime_r(&now, &parts);
  std::strftime(name.data(), name.size(), "%Y%m%d-%H%M%S", &parts);
  RecordingTarget target;
  target.path_ = *directory + "/" + name.data() + "-" + std::to_string(::getpid()) + ".cast";
  target.fd_.reset(
      ::open(target.path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600));
  if (!target.fd_) return system_error("create " + target.path_, errno);
  target.created_ = target.regular_ = true;
  target.find_file();
  return target;
}

Result<RecordingTarget> RecordingTarget::create_unnamed(const Environment& environment) {
  Result<RecordingTarget> in_library = create_in_library(environment);
  if (in_library.ok()) return in_library;
  RecordingTarget target;
  std::string pattern = environment.find("TMPDIR").value_or("/tmp") + "/asciinema-XXXXXX.cast";
  target.fd_.reset(::mkostemps(pattern.data(), 5, O_CLOEXEC));
  if (!target.fd_) return system_error("create " + pattern, errno);
  target.path_ = pattern;
  target.created_ = target.regular_ = true;
  target.find_file();
  target.warnings_.push_back(in_library.error().message + "; recording to " + pattern);
  return target;
}

Status RecordingTarget::begin() {
  // A daemon that died at the start may have written something.
  const bool again = std::exchange(begun_, true) && (regular_ || created_);
  if ((again || kept_bytes_ != original_bytes_) && ::ftruncate(fd_.get(), kept_bytes_) != 0) {
    return system_error("truncate " + path_, errno);
  }
  if (again) ::lseek(fd_.get(), kept_bytes_, SEEK_SET);
  if (!appending_) return {};
  ::lseek(fd_.get(), 0, SEEK_END);
  if (needs_newline_) TRY(write_all(fd_.get(), "\n", 0));
  return {};
}

std::uint64_t RecordingTarget::kept_bytes() const {
  return static_cast<std::uint64_t>(kept_bytes_) + (needs_newline_ ? 1 : 0);
}

void RecordingTarget::abandon() {
  if (created_) {
    ::unlink(path_.c_str());
  } else if (begun_ && regular_) {
    // Nothing is left to do for the user when this fails; the recording then has a second header.
    (void)!::ftruncate(fd_.get(), kept_bytes_);
  }
}

Status RecordingTarget::remove() {
  if (::unlink(path_.c_str()) != 0) return system_error("remove " + path_, errno);
  return {};
}

}  // namespace asciinemad
