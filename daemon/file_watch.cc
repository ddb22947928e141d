#include "daemon/file_watch.h"

#ifdef __linux__
#include <sys/inotify.h>
#endif
#include <unistd.h>

#include <array>
#include <string>

namespace asciinemad {

FileWatch::FileWatch(int file) {
#ifdef __linux__
  watch_.reset(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  // By descriptor: the file may have been renamed, or be out of our sight.
  const std::string path = "/proc/self/fd/" + std::to_string(file);
  if (watch_ && ::inotify_add_watch(watch_.get(), path.c_str(), IN_MODIFY) < 0) watch_.reset();
#else
  static_cast<void>(file);
#endif
}

void FileWatch::drain() const {
  std::array<char, 4096> events;
  while (watch_ && ::read(watch_.get(), events.data(), events.size()) > 0) {
  }
}

}  // namespace asciinemad
