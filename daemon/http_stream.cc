#include "daemon/http_stream.h"

#include <algorithm>
#include <utility>

#include "daemon/http_headers.h"

namespace asciinemad {
namespace {

constexpr std::size_t kMaxHeadBytes = 65536;
// The library matches the status line with a regular expression, whose stack grows with its length.
constexpr std::size_t kMaxStatusLineBytes = 1024;

// "HTTP/1.x 1..", which the final answer is still to follow, or what may become that.
bool may_be_informational(std::string_view text) {
  constexpr std::string_view kStart = "HTTP/1.? 1";
  const std::string_view start = text.substr(0, kStart.size());
  return std::equal(start.begin(), start.end(), kStart.begin(),
                    [](char c, char wanted) { return wanted == '?' || c == wanted; });
}

// An alert or handshake record.
bool is_tls(std::string_view text) {
  return text.size() > 1 && (text[0] == 0x15 || text[0] == 0x16) && text[1] == 3;
}

}  // namespace

bool HttpStream::receive(bool wait) {
  std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
            buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
  end_ -= std::exchange(begin_, 0);
  const std::span<char> room = std::span(buffer_).subspan(end_);
  if (room.empty()) {  // an informational answer that has no end
    error_ = not_http();
    return false;
  }
  std::optional<std::size_t> got;
  if (wait) {
    Result<std::size_t> some = connection_.read(room, !started_);
    if (some.ok()) got = *some;
    if (!some.ok()) error_ = some.take_error();
  } else {
    Result<std::optional<std::size_t>> some = connection_.read_now(room);
    if (some.ok()) got = *some;
    if (!some.ok()) error_ = some.take_error();
  }
  at_end_ = got == std::size_t{0};
  end_ += got.value_or(0);
  return got.value_or(0) > 0;
}

bool HttpStream::start_answer() {
  while (!started_ && may_be_informational(unread())) {
    const std::size_t end = unread().find("\r\n\r\n");
    if (end == std::string_view::npos) return false;
    begin_ += end + 4;
  }
  if (!started_ && !connection_.is_tls() && is_tls(unread())) {
    error_ = Error{Errc::invalid_argument, "it answered https where http was expected"};
  }
  started_ = true;
  return true;
}

bool HttpStream::has_answer() {
  while (!started_ && !error_.has_value() && !at_end_) {
    if (receive(false)) {
      start_answer();
    } else if (!error_.has_value()) {
      return false;
    }
  }
  return started_ && !error_.has_value();
}

HttpStream::Sent HttpStream::send(std::string_view bytes) {
  while (!bytes.empty()) {
    if (has_answer()) return Sent::unwanted;
    if (error_.has_value() || at_end_) return Sent::failed;
    Result<std::size_t> taken = connection_.write_or_receive(bytes);
    if (!taken.ok()) {
      // Servers say why they don't want a body, and then close or reset the connection.
      if (has_answer()) return Sent::unwanted;
      error_ = taken.take_error();
      return Sent::failed;
    }
    bytes.remove_prefix(*taken);
  }
  return Sent::whole;
}

bool HttpStream::take_line_byte(char byte) {
  line_ += byte;
  const std::size_t most = line_.starts_with("HTTP/") ? kMaxStatusLineBytes : kMaxHeaderLineBytes;
  if (in_head_) ++head_bytes_;
  if (head_bytes_ > kMaxHeadBytes || line_.size() > most) {
    error_ = not_http();
    return false;
  }
  if (byte != '\n') return true;
  lines_[0] = std::exchange(lines_[1], std::exchange(line_, ""));
  return true;
}

bool HttpStream::saw_last_chunk() const {
  const std::string_view size = lines_[0];
  return size.starts_with('0') && size.find_first_not_of('0') == size.find_first_of("; \t\r");
}

void HttpStream::remember(std::string_view bytes) {
  last_bytes_.append(bytes.substr(bytes.size() - std::min<std::size_t>(bytes.size(), 4)));
  if (last_bytes_.size() > 4) last_bytes_.erase(0, last_bytes_.size() - 4);
}

ssize_t HttpStream::read(char* buffer, std::size_t size) {
  while (!error_.has_value() && (unread().empty() || !start_answer())) {
    if (receive(true)) continue;
    // Where the connection ends, what looked like the start of another answer is all there is.
    if (!at_end_ || unread().empty()) break;
    started_ = true;
  }
  if (error_.has_value()) return -1;
  if (unread().empty()) return 0;
  const std::size_t n = unread().copy(buffer, size);
  begin_ += n;
  if (size == 1) {
    if (!take_line_byte(buffer[0])) return -1;
  } else {
    line_.clear();
    lines_.fill({});
  }
  if (!in_head_) remember({buffer, n});
  return static_cast<ssize_t>(n);
}

}  // namespace asciinemad
