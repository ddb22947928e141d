#include "daemon/upload_copy.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <string_view>

#include "common/decompress.h"
#include "daemon/platform.h"
#include "daemon/upload_files.h"
#include "daemon/upload_intake_check.h"

namespace asciinemad {
namespace {

constexpr std::size_t kStreamChunkBytes = std::size_t{256} << 10;
constexpr std::uint64_t kKernelChunkBytes = std::uint64_t{16} << 20;

Error copy_error(int err) { return system_error("copy it to the upload queue", err); }

Status check_cancelled(int cancel_fd) {
  pollfd cancelled{cancel_fd, POLLIN, 0};
  if (::poll(&cancelled, 1, 0) > 0) return Error{Errc::cancelled, "cancelled"};
  return {};
}

// Something else, and there may be much of it, is not copied first. The check of the copy says
// more.
Status check_beginning(std::string_view bytes) {
  const std::size_t first = bytes.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (first == std::string_view::npos || bytes[first] == '{') return {};
  return Error{Errc::invalid_data, "not an asciicast: it does not begin with a header"};
}

Result<Compression> examine_beginning(int file) {
  std::array<char, 4096> start;
  const ssize_t n = ::pread(file, start.data(), start.size(), 0);
  if (n < 0) return system_error("read it", errno);
  const std::string_view bytes(start.data(), static_cast<std::size_t>(n));
  const Compression compression = sniff_compression(bytes);
  if (compression == Compression::none) TRY(check_beginning(bytes));
  return compression;
}

Status copy_stream(std::unique_ptr<ByteSource> source, int to, int cancel_fd) {
  TRY_ASSIGN(const std::unique_ptr<ByteSource> bytes, open_decompressed(std::move(source)));
  std::vector<char> buffer(kStreamChunkBytes);
  std::uint64_t copied = 0;
  for (;;) {
    TRY(check_cancelled(cancel_fd));
    TRY_ASSIGN(const std::size_t n, bytes->read(buffer));
    if (n == 0) return {};
    if (copied == 0) TRY(check_beginning({buffer.data(), n}));
    copied += n;
    if (copied > UploadCopy::kMaxStreamBytes) {
      return Error{Errc::limit_exceeded, "it is larger than 8 GiB"};
    }
    Status written = write_all(to, {buffer.data(), n}, -1);
    if (!written.ok()) return copy_error(written.error().sys_errno);
  }
}

// False: not on these file systems.
Result<bool> copy_in_kernel(int from, int to, std::uint64_t size, int cancel_fd) {
  if (clone_file(from, to)) return true;
  std::uint64_t offset = 0;
  while (offset < size) {
    TRY(check_cancelled(cancel_fd));
    const std::int64_t n =
        copy_file_part(from, to, offset, std::min(size - offset, kKernelChunkBytes));
    if (n > 0) {
      offset += static_cast<std::uint64_t>(n);
    } else if (n == 0) {
      return true;  // it has become shorter
    } else if (errno != EINTR) {
      if (errno == ENOSPC || errno == EDQUOT || errno == EIO || errno == EFBIG) {
        return copy_error(errno);
      }
      return false;
    }
  }
  return true;
}

Status copy_file(int from, int to, std::uint64_t size, int cancel_fd) {
  TRY_ASSIGN(const Compression compression, examine_beginning(from));
  if (compression == Compression::none) {
    TRY_ASSIGN(const bool copied, copy_in_kernel(from, to, size, cancel_fd));
    if (copied) return {};
    if (::ftruncate(to, 0) != 0 || ::lseek(to, 0, SEEK_SET) != 0) return copy_error(errno);
  }
  auto source = std::make_unique<FdSource>(from, cancel_fd);
  source->seek(0);
  return copy_stream(std::move(source), to, cancel_fd);
}

Status copy_recording(int from, int to, int cancel_fd) {
  struct stat info {};
  if (::fstat(from, &info) != 0) return system_error("examine it", errno);
  if (S_ISREG(info.st_mode)) {
    return copy_file(from, to, static_cast<std::uint64_t>(info.st_size), cancel_fd);
  }
  if (!S_ISFIFO(info.st_mode) && !S_ISSOCK(info.st_mode)) {
    return Error{Errc::invalid_argument, "it is neither a file nor a pipe"};
  }
  return copy_stream(std::make_unique<FdSource>(from, cancel_fd), to, cancel_fd);
}

}  // namespace

UploadCopy::~UploadCopy() {
  if (!owned_) return;
  ::unlink((upload_recording_path(directory_, item_.number) + ".tmp").c_str());
  remove_upload_files(directory_, item_.number);
}

Status UploadCopy::check(int copy) {
  struct stat info {};
  if (::fstat(copy, &info) != 0) return copy_error(errno);
  TRY_ASSIGN(UploadCheck checked,
             check_recording_for_upload(copy, static_cast<std::uint64_t>(info.st_size)));
  item_.bytes = checked.kept_bytes;
  warnings_ = std::move(checked.warnings);
  if (item_.bytes != static_cast<std::uint64_t>(info.st_size) &&
      ::ftruncate(copy, static_cast<off_t>(item_.bytes)) != 0) {
    return copy_error(errno);
  }
  return {};
}

Status UploadCopy::make(int source, int cancel_fd) {
  const std::string path = upload_recording_path(directory_, item_.number);
  const std::string temporary = path + ".tmp";
  const Fd copy(::open(temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!copy) return system_error("create " + temporary, errno);
  TRY(copy_recording(source, copy.get(), cancel_fd));
  TRY(check(copy.get()));
  if (::fsync(copy.get()) != 0) return copy_error(errno);
  TRY(write_upload_description(directory_, item_, true));
  if (::rename(temporary.c_str(), path.c_str()) != 0) return copy_error(errno);
  TRY(sync_directory(directory_));
  return check_cancelled(cancel_fd);
}

Result<UploadCopy> take_upload(Fd source, const std::string& directory, UploadItem item,
                               int cancel_fd) {
  UploadCopy copy(directory, std::move(item));
  TRY(copy.make(source.get(), cancel_fd));
  return copy;
}

}  // namespace asciinemad
