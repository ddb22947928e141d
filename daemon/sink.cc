#include "daemon/sink.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "daemon/file_sink.h"
#include "daemon/pipe_sink.h"
#include "daemon/thread_sink.h"

#ifdef __linux__
#include <sys/vfs.h>
#endif

namespace asciinemad {
namespace {

// Whether a write to this file system may wait for a network or another process. On systems without
// Linux's statfs magic numbers every file counts as local.
bool may_block(int fd) {
#ifdef __linux__
  // From statfs(2) and linux/magic.h: NFS, SMB, CIFS, SMB2, FUSE, Coda, AFS, 9P, Ceph, OCFS2,
  // Lustre.
  constexpr std::array<std::uint32_t, 11> kRemote = {0x6969,     0x517B,     0xFF534D42, 0xFE534D42,
                                                     0x65735546, 0x73757245, 0x5346414F, 0x01021997,
                                                     0x00C36400, 0x7461636F, 0x0BD00BD0};
  struct statfs info {};
  if (::fstatfs(fd, &info) != 0) return false;
  const auto type = static_cast<std::uint32_t>(info.f_type);
  return std::find(kRemote.begin(), kRemote.end(), type) != kRemote.end();
#else
  (void)fd;
  return false;
#endif
}

template <typename Kind>
Result<std::unique_ptr<Sink>> as_sink(Result<std::unique_ptr<Kind>> made) {
  if (!made.ok()) return made.take_error();
  return std::unique_ptr<Sink>(std::move(made).value());
}

// Takes back a partial write, so that the file ends where it ended before. Devices stay as they
// are.
void take_back(int fd, std::size_t written) {
  const off_t end = ::lseek(fd, 0, SEEK_CUR);
  if (end < static_cast<off_t>(written)) return;
  const off_t start = end - static_cast<off_t>(written);
  if (::ftruncate(fd, start) == 0) ::lseek(fd, start, SEEK_SET);
}

}  // namespace

Status write_unit(int fd, std::string_view bytes, Sink::Unit unit, std::size_t& written) {
  written = 0;
  while (written < bytes.size()) {
    const ssize_t n = ::write(fd, bytes.data() + written, bytes.size() - written);
    if (n > 0) {
      written += static_cast<std::size_t>(n);
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    const int error = n < 0 ? errno : ENOSPC;
    if (unit == Sink::Unit::line && written > 0) {
      take_back(fd, written);
      written = 0;
    }
    return system_error("write the recording", error);
  }
  return {};
}

Result<std::unique_ptr<Sink>> make_sink(uv::Loop& loop, Fd fd, Sink::Unit unit,
                                        Sink::Listener& listener) {
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return system_error("examine the recording", errno);
  if (S_ISREG(info.st_mode)) {
    if (may_block(fd.get())) {
      return as_sink(ThreadSink::open(loop, std::move(fd), unit, listener));
    }
    return std::unique_ptr<Sink>(std::make_unique<FileSink>(loop, std::move(fd), unit));
  }
  if (S_ISCHR(info.st_mode) && ::isatty(fd.get()) == 0) {
    return std::unique_ptr<Sink>(std::make_unique<FileSink>(loop, std::move(fd), unit));
  }
  return as_sink(PipeSink::open(loop, std::move(fd), listener));
}

}  // namespace asciinemad
