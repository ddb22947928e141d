#include "daemon/recording_repair.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/asciicast_reader.h"
#include "common/fd.h"
#include "daemon/file_id.h"
#include "daemon/platform.h"

namespace asciinemad {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{64} << 10;
// Longer ones are none of the recorder's, which writes what it reads at a time.
constexpr std::size_t kMaxLineBytes = std::size_t{16} << 20;
constexpr std::size_t kMaxHeaderBytes = std::size_t{4} << 20;

Result<std::string> read_part(int fd, std::uint64_t begin, std::uint64_t end) {
  std::string part(static_cast<std::size_t>(end - begin), '\0');
  std::size_t size = 0;
  while (size < part.size()) {
    const ssize_t n =
        ::pread(fd, part.data() + size, part.size() - size, static_cast<off_t>(begin + size));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("read", errno);
    if (n == 0) return Error{Errc::busy, "it is being cut"};
    size += static_cast<std::size_t>(n);
  }
  return part;
}

Result<std::uint64_t> size_of(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return system_error("examine", errno);
  if (!S_ISREG(info.st_mode)) return Error{Errc::invalid_data, "not a regular file"};
  if (info.st_uid != ::geteuid()) return Error{Errc::invalid_data, "another user's file"};
  return static_cast<std::uint64_t>(info.st_size);
}

// Where the header ends.
Result<std::uint64_t> header_end(int fd, std::uint64_t size) {
  for (std::uint64_t bytes = 4096;; bytes *= 4) {
    const std::uint64_t end = std::min({bytes, size, std::uint64_t{kMaxHeaderBytes}});
    TRY_ASSIGN(const std::string part, read_part(fd, 0, end));
    const std::size_t newline = part.find('\n');
    if (newline != std::string::npos) {
      TRY_ASSIGN(const AsciicastHeaderInfo header, parse_header(part.substr(0, newline)));
      if (header.version != 2) return Error{Errc::invalid_data, "not an asciicast v2"};
      return newline + 1;
    }
    if (end != bytes) return Error{Errc::invalid_data, "it has no header"};
  }
}

// The lines of a part of a file, from the last to the first.
class LinesBackwards {
 public:
  LinesBackwards(int fd, std::uint64_t begin, std::uint64_t end)
      : fd_(fd), begin_(begin), block_begin_(end), end_(end) {}

  // Goes to the newline before; false when there is none.
  Result<bool> previous();
  // Behind the newline.
  std::uint64_t position() const { return end_; }
  // The line that ends there; nullopt when it is too long.
  Result<std::optional<std::string>> line();
  // What stands behind the last newline; to be asked for first.
  Result<std::optional<std::string>> rest();

 private:
  // Of the last newline in the bytes before `end`, or nothing.
  Result<std::optional<std::uint64_t>> newline_before(std::uint64_t end);

  const int fd_;
  const std::uint64_t begin_;
  std::string block_;
  std::uint64_t block_begin_;
  std::uint64_t end_;
  std::optional<std::uint64_t> next_;  // the newline before that one, once it was looked for
  bool looked_ = false;
};

Result<std::optional<std::uint64_t>> LinesBackwards::newline_before(std::uint64_t end) {
  for (;;) {
    if (end == begin_) return std::optional<std::uint64_t>();
    if (end <= block_begin_) {
      const std::uint64_t from = end - std::min<std::uint64_t>(end - begin_, kBlockBytes);
      TRY_ASSIGN(block_, read_part(fd_, from, end));
      block_begin_ = from;
    }
    const std::size_t found = std::string_view(block_)
                                  .substr(0, static_cast<std::size_t>(end - block_begin_))
                                  .rfind('\n');
    if (found != std::string_view::npos) return std::optional(block_begin_ + found);
    end = block_begin_;
  }
}

Result<bool> LinesBackwards::previous() {
  if (!looked_) {
    TRY_ASSIGN(next_, newline_before(end_));
  }
  looked_ = false;
  if (!next_.has_value()) return false;
  end_ = *next_ + 1;
  return true;
}

Result<std::optional<std::string>> LinesBackwards::line() {
  TRY_ASSIGN(next_, newline_before(end_ - 1));
  looked_ = true;
  const std::uint64_t begin = next_.has_value() ? *next_ + 1 : begin_;
  const std::uint64_t size = end_ - 1 - begin;
  if (size > kMaxLineBytes) return std::optional<std::string>();
  if (begin < block_begin_ || end_ > block_begin_ + block_.size()) {
    TRY_ASSIGN(std::string text, read_part(fd_, begin, end_ - 1));
    return std::optional(std::move(text));
  }
  return std::optional(block_.substr(static_cast<std::size_t>(begin - block_begin_),
                                     static_cast<std::size_t>(size)));
}

Result<std::optional<std::string>> LinesBackwards::rest() {
  TRY_ASSIGN(next_, newline_before(end_));
  looked_ = true;
  const std::uint64_t begin = next_.has_value() ? *next_ + 1 : begin_;
  if (end_ - begin > kMaxLineBytes) return std::optional<std::string>();
  TRY_ASSIGN(std::string text, read_part(fd_, begin, end_));
  return std::optional(std::move(text));
}

bool is_event(std::string_view line) {
  // Garbage may be millions of lines.
  return line.starts_with('[') && line.ends_with(']') && parse_event(line).ok();
}

Result<std::uint64_t> last_line_end(int fd, std::uint64_t begin, std::uint64_t end) {
  LinesBackwards lines(fd, begin, end);
  TRY_ASSIGN(const std::optional<std::string> rest, lines.rest());
  if (rest.has_value() && is_event(*rest)) return end;
  for (;;) {
    TRY_ASSIGN(const bool more, lines.previous());
    if (!more) return begin;
    TRY_ASSIGN(const std::optional<std::string> line, lines.line());
    if (line.has_value() && is_event(*line)) return lines.position();
  }
}

// Looking for the end takes time, in which somebody may have begun to write.
Status cut(int fd, const std::string& path, std::uint64_t size, std::uint64_t whole) {
  if (has_writers(fd).value_or(false)) return Error{Errc::busy, "it is being written"};
  const Fd writing(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!writing) return Error{Errc::invalid_data, system_error("open", errno).message};
  if (file_id(writing.get()) != file_id(fd)) return Error{Errc::busy, "it was replaced"};
  TRY_ASSIGN(const std::uint64_t size_now, size_of(fd));
  if (size_now != size) return Error{Errc::busy, "it is being written"};
  return cut_file(writing.get(), whole);
}

}  // namespace

Result<std::uint64_t> repair_recording(int fd, const std::string& path, std::uint64_t kept_bytes) {
  TRY_ASSIGN(const std::uint64_t size, size_of(fd));
  if (size < kept_bytes) return Error{Errc::invalid_data, "shorter than it was"};
  TRY_ASSIGN(const std::uint64_t header, header_end(fd, size));
  TRY_ASSIGN(const std::uint64_t whole, last_line_end(fd, std::max(header, kept_bytes), size));
  if (whole != size) TRY(cut(fd, path, size, whole));
  if (::fsync(fd) != 0) return system_error("sync", errno);
  return size - whole;
}

}  // namespace asciinemad
