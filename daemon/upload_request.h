// UploadRequest, UploadOutcome, UploadFunction: one attempt to upload a recording, and what comes
// of it; between the daemon and its HTTP module.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/result.h"
#include "daemon/fetch_request.h"

namespace asciinemad {

struct UploadRequest {
  std::string server_url;  // http or https, no slash at the end
  std::string user;
  std::string install_id;
  std::string http_proxy;
  std::string https_proxy;
  std::string no_proxy;
  std::string ca_file;       // absolute; empty: the system's
  std::string ca_directory;  // the same
  // Form fields; empty: not sent. With one of them the newer API is used (POST /api/v1/recordings).
  std::string title;
  std::string visibility;
  std::string key;     // Idempotency-Key
  int recording = -1;  // a regular file; read with pread(), stays the caller's
  std::uint64_t bytes = 0;
};

// What a server said, as it said it; bounded, not yet fit for a terminal.
struct UploadAnswer {
  int status = 0;
  std::string reason;  // of the status line
  std::string content_type;
  std::string location;
  std::string warning;
  std::string retry_after;
  std::string body;            // at most kMaxUploadAnswerBytes of it, decompressed
  bool title_dropped = false;  // the server has only the old API, which takes no title
};

inline constexpr std::size_t kMaxUploadAnswerBytes = std::size_t{64} << 10;

struct UploadOutcome {
  // As soon as its head has come whole; what then goes wrong only shortens the body.
  std::optional<UploadAnswer> answer;
  // Without an answer. Errc::unavailable, timed_out, invalid_data: the network, or what came is no
  // HTTP, or the HTTP module can't be loaded; untrusted: the certificate; invalid_argument: the
  // URL, proxy, trusted certificates or redirection (the message says where to), or http where
  // https was expected, need a person; system: the recording can't be read; cancelled; or what
  // before_end() returned. One line, no URL with credentials.
  Error error;
  // All of the request has been handed to the network: without an answer nobody knows whether the
  // server has the recording.
  bool body_sent = false;
};

// Called from the attempt's thread.
class UploadObserver {
 public:
  // How many bytes of the recording have been handed to the network; 0 again when a redirection or
  // the older API starts it over.
  virtual void on_sent(std::uint64_t bytes) = 0;
  // The next bytes are the last of the request; they go out only after this returned ok, and it may
  // block. Called again if the request is sent again. An error becomes the attempt's.
  virtual Status before_end() = 0;

 protected:
  ~UploadObserver() = default;
};

// Blocks until there is an outcome; every wait ends when `cancel_fd` becomes readable or is hung
// up. `timeouts.total_ms` is for the whole attempt.
using UploadFunction = UploadOutcome (*)(const UploadRequest& request, UploadObserver& observer,
                                         const HttpTimeouts& timeouts, int cancel_fd);

}  // namespace asciinemad
