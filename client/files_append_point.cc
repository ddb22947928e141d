// asciinema-files append-point: where an asciicast v2 can be continued.

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "client/append_point.h"
#include "client/command.h"
#include "client/files_program.h"
#include "common/asciicast_reader.h"
#include "common/fd.h"

namespace asciinemad {
namespace {

// A header may hold a long title and environment; nobody's is longer.
constexpr std::size_t kMaxHeaderBytes = std::size_t{1} << 20;
constexpr std::size_t kFirstTailBytes = std::size_t{64} << 10;

Result<std::string> read_at(int fd, off_t start, std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t n =
        ::pread(fd, bytes.data() + filled, size - filled, start + static_cast<off_t>(filled));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("read", errno);
    if (n == 0) break;
    filled += static_cast<std::size_t>(n);
  }
  bytes.resize(filled);
  return bytes;
}

Status check_appendable(int fd, off_t size) {
  TRY_ASSIGN(const std::string start,
             read_at(fd, 0, std::min(kMaxHeaderBytes, static_cast<std::size_t>(size))));
  Result<AsciicastHeaderInfo> header = parse_header(start.substr(0, start.find('\n')));
  if (!header.ok()) {
    return Error{Errc::invalid_data, "not an asciicast v2 recording (" + header.error().message +
                                         "), can't append to it"};
  }
  if (header->version == 2) return {};
  return Error{Errc::invalid_data, "it is an asciicast v" + std::to_string(header->version) +
                                       " recording; only asciicast v2 can be appended to"};
}

// Where the last whole event ends; reads backwards from the end, as little as needed.
Result<Tail> find_end(int fd, off_t size, off_t& part_start) {
  for (std::size_t want = kFirstTailBytes;; want *= 8) {
    const bool whole_file = want >= static_cast<std::size_t>(size);
    part_start = whole_file ? 0 : size - static_cast<off_t>(want);
    TRY_ASSIGN(std::string part,
               read_at(fd, part_start, static_cast<std::size_t>(size - part_start)));
    if (!whole_file) {
      const std::size_t newline = part.find('\n');
      if (newline == std::string::npos) continue;
      part.erase(0, newline + 1);
      part_start += static_cast<off_t>(newline) + 1;
    }
    Result<Tail> tail = find_tail(part);
    if (tail.ok() || whole_file) return tail;
  }
}

Result<AppendPoint> examine(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return system_error("examine", errno);
  TRY(check_appendable(fd, info.st_size));
  off_t part_start = 0;
  TRY_ASSIGN(const Tail tail, find_end(fd, info.st_size, part_start));
  return AppendPoint{static_cast<std::uint64_t>(part_start) + tail.whole_bytes, tail.last_time_us,
                     tail.needs_newline, tail.cut};
}

}  // namespace

int files_append_point(int argc, char** /*argv*/) {
  if (argc != 1) return kExitUsage;
  const std::string answer = format_append_point(examine(STDIN_FILENO));
  return write_all(STDOUT_FILENO, answer, -1).ok() ? kExitOk : kExitFailure;
}

}  // namespace asciinemad
