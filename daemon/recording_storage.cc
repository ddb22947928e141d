#include "daemon/recording_storage.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "common/decompress.h"
#include "daemon/unlinked_file.h"

namespace asciinemad {
namespace {

constexpr std::size_t kPullBytes = std::size_t{64} << 10;

Result<std::size_t> read_fd_at(int fd, std::uint64_t offset, std::span<char> buffer) {
  for (;;) {
    const ssize_t n = ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(offset));
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR) return system_error("read", errno);
  }
}

Result<bool> is_plain_file(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return system_error("examine", errno);
  if (S_ISDIR(info.st_mode)) return system_error("read", EISDIR);
  if (!S_ISREG(info.st_mode)) return false;
  std::array<char, kSniffBytes> first{};
  TRY_ASSIGN(const std::size_t size, read_fd_at(fd, 0, first));
  return sniff_compression({first.data(), size}) == Compression::none;
}

}  // namespace

Result<std::shared_ptr<RecordingStorage>> RecordingStorage::open(
    Fd recording, int cancel_fd, const std::string& spool_directory) {
  // Its members are used by threads that may outlive the playback.
  std::shared_ptr<RecordingStorage> storage(new RecordingStorage);
  storage->recording_ = std::move(recording);
  const int fd = storage->recording_.get();
  TRY_ASSIGN(const bool plain, is_plain_file(fd));
  if (plain) return storage;
  TRY_ASSIGN(storage->spool_, open_unlinked_file(spool_directory));
  auto raw = std::make_unique<FdSource>(fd, cancel_fd);
  struct stat info {};
  storage->stream_ = ::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode);
  if (!storage->stream_) raw->seek(0);
  TRY_ASSIGN(storage->source_, open_decompressed(std::move(raw)));
  storage->buffer_.resize(kPullBytes);
  return storage;
}

Status RecordingStorage::check_room() const {
  if (spooled_ < kSmallSpoolBytes) return {};
  if (spooled_ >= kMaxSpoolBytes) {
    return Error{Errc::limit_exceeded, "more than " + std::to_string(kMaxSpoolBytes >> 20) +
                                           " MiB of a pipe or compressed file can't be kept"};
  }
  struct statvfs disk {};
  if (::fstatvfs(spool_.get(), &disk) == 0 && disk.f_blocks > 0 &&
      std::uint64_t{disk.f_bavail} * disk.f_frsize < kSpareBytes) {
    return system_error("keep what was read", ENOSPC);
  }
  return {};
}

Status RecordingStorage::pull() {
  TRY(check_room());
  TRY_ASSIGN(const std::size_t size, source_->read(buffer_));
  if (size == 0) {
    ended_ = true;
    return {};
  }
  std::string_view rest(buffer_.data(), size);
  while (!rest.empty()) {
    const ssize_t n = ::pwrite(spool_.get(), rest.data(), rest.size(),
                               static_cast<off_t>(spooled_ + size - rest.size()));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("keep what was read", errno);
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  spooled_ += size;
  return {};
}

Result<std::size_t> RecordingStorage::read_at(std::uint64_t offset, std::span<char> buffer) {
  if (source_ == nullptr) return read_fd_at(recording_.get(), offset, buffer);
  while (offset >= spooled_) {
    const std::lock_guard<std::mutex> lock(pull_mutex_);
    if (offset < spooled_) break;
    if (ended_) return std::size_t{0};
    TRY(pull());
  }
  const std::uint64_t available = spooled_ - offset;
  return read_fd_at(spool_.get(), offset, buffer.first(std::min(buffer.size(), available)));
}

Result<std::size_t> StorageCursor::read(std::span<char> buffer) {
  if (interrupted_) return Error{Errc::cancelled, "interrupted"};
  if (storage_.would_pull(offset_)) {
    if (waiting_ == Waiting::never && storage_.is_stream()) return std::size_t{0};
    on_pull();
  }
  TRY_ASSIGN(const std::size_t size, storage_.read_at(offset_, buffer));
  offset_ += size;
  return size;
}

}  // namespace asciinemad
