// http_get: one GET request over a connection of its own, for a blocking thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/url.h"
#include "daemon/http_socket.h"
#include "daemon/http_tls.h"

namespace asciinemad {

struct HttpGet {
  Url url;                   // its user_info is sent as basic authentication
  std::optional<Url> proxy;  // the same
  TrustStore trusted;
  HttpWaits waits;
};

struct HttpHead {
  int status = 0;
  std::string reason;  // in the server's words: printable, short, perhaps empty
  std::string location;
  std::string content_type;
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

// Follows no redirects, and any status is a success. Ok means that the body, if it was wanted, came
// whole. Else Errc::unavailable, timed_out, cancelled, or invalid_data for what is no HTTP or ended
// early. Messages name no URL.
Status http_get(const HttpGet& request, HttpReceiver& receiver);

}  // namespace asciinemad
