#include "client/programs.h"

#include <unistd.h>

#include <array>

#include "build_config.h"

namespace asciinemad {

std::string sibling_program(std::string_view name) {
  std::array<char, 4096> self{};
  const ssize_t length = ::readlink("/proc/self/exe", self.data(), self.size() - 1);
  if (length > 0) {
    std::string path(self.data(), static_cast<std::size_t>(length));
    path.resize(path.rfind('/') + 1);
    path += name;
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  std::string path = std::string(ASCIINEMAD_LIBEXEC_DIR "/") + std::string(name);
  if (::access(path.c_str(), X_OK) == 0) return path;
  return std::string(name);
}

}  // namespace asciinemad
