#include "daemon/state_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>

#include "common/fd.h"

namespace asciinemad {

Status write_state_file(const std::string& path, std::string_view content) {
  const std::string temporary = path + ".new";
  const Fd file(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return system_error("create " + temporary, errno);
  TRY(write_all(file.get(), content, 0));
  if (::rename(temporary.c_str(), path.c_str()) != 0) return system_error("create " + path, errno);
  return {};
}

Status remove_state_file(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return system_error("remove " + path, errno);
}

}  // namespace asciinemad
