#include "common/read_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "common/fd.h"

namespace asciinemad {

Result<std::optional<std::string>> read_small_file(const std::string& path, std::size_t max_bytes) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file) {
    // ENOTDIR: service accounts have HOME=/dev/null.
    if (errno == ENOENT || errno == ENOTDIR) return std::optional<std::string>();
    return system_error("open " + path, errno);
  }
  std::string text;
  std::array<char, 4096> chunk;
  while (true) {
    const ssize_t n = ::read(file.get(), chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("read " + path, errno);
    if (n == 0) return std::optional<std::string>(std::move(text));
    text.append(chunk.data(), static_cast<std::size_t>(n));
    if (text.size() > max_bytes) {
      return Error{Errc::limit_exceeded,
                   "read " + path + ": larger than " + std::to_string(max_bytes) + " bytes"};
    }
  }
}

}  // namespace asciinemad
