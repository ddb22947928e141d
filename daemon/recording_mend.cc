#include "daemon/recording_mend.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "common/log.h"
#include "daemon/platform.h"

namespace asciinemad {
namespace {

// Where the last line that has an end ends; `from` when there is none behind it.
Result<std::uint64_t> end_of_last_line(int fd, std::uint64_t from, std::uint64_t size) {
  TRY_ASSIGN(const Fd reader, reopen_for_reading(fd));
  std::array<char, 4096> buffer;
  for (std::uint64_t end = size; end > from;) {
    const std::size_t wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), end - from));
    const ssize_t n =
        ::pread(reader.get(), buffer.data(), wanted, static_cast<off_t>(end - wanted));
    if (n < 0 || static_cast<std::size_t>(n) != wanted) {
      return system_error("read the recording", n < 0 ? errno : EIO);
    }
    const std::size_t newline = std::string_view(buffer.data(), wanted).rfind('\n');
    if (newline != std::string_view::npos) return end - wanted + newline + 1;
    end -= wanted;
  }
  return from;
}

}  // namespace

Status mend_recording(int fd, wire::Format format, std::uint64_t kept_bytes,
                      std::optional<std::uint64_t> recorded_bytes) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return system_error("examine the recording", errno);
  const off_t offset = ::lseek(fd, 0, SEEK_CUR);
  // Behind the offset stands what somebody else has written: standard output is shared.
  if (!S_ISREG(info.st_mode) || offset != info.st_size) return {};
  const auto size = static_cast<std::uint64_t>(offset);
  std::uint64_t end = std::min(size, recorded_bytes.value_or(size));
  if (!recorded_bytes.has_value() && format == wire::Format::asciicast_v2) {
    TRY_ASSIGN(end, end_of_last_line(fd, std::min(kept_bytes, size), size));
  }
  if (end < kept_bytes || end == size) return {};
  log::info("recording: cut back from ", size, " to ", end, " bytes");
  if (::ftruncate(fd, static_cast<off_t>(end)) != 0) {
    return system_error("cut the recording back", errno);
  }
  ::lseek(fd, static_cast<off_t>(end), SEEK_SET);
  return {};
}

}  // namespace asciinemad
