// HttpStream: what goes out and comes in over a connection for one request and its answer.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/http_connection.h"

namespace asciinemad {

// Informational answers (1xx) are dropped. The heads and chunk sizes of others are bounded, since
// whoever parses them reads byte by byte and has no bound.
class HttpStream {
 public:
  enum class Sent {
    whole,
    unwanted,  // not or in part: the server has begun its answer, whatever is still to be sent
    failed,    // see error() and at_end()
  };

  explicit HttpStream(HttpConnection& connection) : connection_(connection) {}
  HttpStream(const HttpStream&) = delete;
  HttpStream& operator=(const HttpStream&) = delete;

  Sent send(std::string_view bytes);
  // Whether the server has begun its answer; does not wait.
  bool has_answer();

  // At least one byte; 0 at the end; -1: error().
  ssize_t read(char* buffer, std::size_t size);
  // What follows is the body.
  void on_head_end() { in_head_ = false; }

  // What ended the transfer, unless the other side or the reader did.
  const std::optional<Error>& error() const { return error_; }
  // More was wanted than the server sent.
  bool at_end() const { return at_end_; }
  bool got_anything() const { return started_; }
  // Of a chunked body: the size of the last chunk was read and the line behind it.
  bool saw_last_chunk() const;
  // The end of what was read of the body, at most four bytes.
  std::string_view last_bytes() const { return last_bytes_; }
  int fd() const { return connection_.fd(); }

 private:
  std::string_view unread() const { return {buffer_.data() + begin_, end_ - begin_}; }
  // Puts more behind what is unread. False when nothing came: error(), at_end() or, if it was not
  // to wait, nothing yet.
  bool receive(bool wait);
  // Whether what is unread belongs to the final answer; drops what does not.
  bool start_answer();
  bool take_line_byte(char byte);
  void remember(std::string_view bytes);

  HttpConnection& connection_;
  std::array<char, 16384> buffer_{};
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool started_ = false;  // the final answer has
  bool at_end_ = false;
  std::optional<Error> error_;

  std::string last_bytes_;
  bool in_head_ = true;
  std::size_t head_bytes_ = 0;
  std::string line_;                  // so far; a body's single byte may be in front of it
  std::array<std::string, 2> lines_;  // the last whole ones, with nothing else between them
};

}  // namespace asciinemad
