// http_exchange: one request and its answer over a connection of its own, for a blocking thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/http_headers.h"
#include "daemon/http_route.h"

namespace asciinemad {

struct HttpHead {
  int status = 0;
  std::string reason;  // in the server's words: printable, short, perhaps empty
  std::string location;
  std::string content_type;
  std::string warning;
  std::string retry_after;
  // Of the body to come; only when it is known and the body is not compressed.
  std::optional<std::uint64_t> content_bytes;
};

class HttpReceiver {
 public:
  virtual ~HttpReceiver() = default;
  // Whether the body is wanted.
  virtual bool on_head(const HttpHead& head) = 0;
  // Decompressed, never empty. An error ends the transfer and becomes its result.
  virtual Status on_body(std::string_view bytes) = 0;
};

// What is sent with a request, piece by piece.
class HttpBody {
 public:
  virtual ~HttpBody() = default;
  // Of all pieces together; never 0.
  virtual std::uint64_t bytes() const = 0;
  // The next piece, not empty and valid until the next call. Called when the one before has been
  // handed to the network, and not for what an early answer makes unnecessary. An error closes the
  // connection and becomes the result.
  virtual Result<std::string_view> next() = 0;
  // The last piece has been handed to the network.
  virtual void on_sent() = 0;
};

struct HttpRequest {
  const char* method;
  HttpHeaders headers;  // besides Host, Content-Length and what is for a proxy
  HttpBody* body = nullptr;
};

// Follows no redirects, and any status is a success, also one that comes while the body still goes
// out. Ok means that the answer's body, if it was wanted, came whole; the receiver may have got the
// head, and some of the body, of an answer that did not. Else Errc::unavailable, timed_out,
// cancelled, untrusted (the server's certificate), invalid_argument (the trusted certificates, or
// the proxy wants to know who asks), invalid_data for what is no HTTP or ended early. Messages name
// no URL.
Status http_exchange(const HttpRoute& route, const HttpRequest& request, HttpReceiver& receiver);

}  // namespace asciinemad
