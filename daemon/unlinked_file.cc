#include "daemon/unlinked_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

namespace asciinemad {
namespace {

Fd open_on_disk(const std::string& directory) {
#ifdef O_TMPFILE
  if (Fd fd(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)); fd) return fd;
#endif
  std::string path = directory + "/spool-XXXXXX";
  Fd fd(::mkostemp(path.data(), O_CLOEXEC));
  if (fd) ::unlink(path.c_str());
  return fd;
}

}  // namespace

Result<Fd> open_unlinked_file(const std::string& directory) {
  if (Fd fd = open_on_disk(directory); fd) return fd;
  const int error = errno;
#ifdef MFD_CLOEXEC
  if (Fd fd(::memfd_create("asciinemad-spool", MFD_CLOEXEC)); fd) return fd;
#endif
  return system_error("make a file in " + directory, error);
}

}  // namespace asciinemad
