// HttpTls: TLS over an HttpSocket, to a server whose certificate was verified.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "daemon/http_socket.h"

namespace asciinemad {

// Where the certificates of trusted authorities are; each empty for the system's.
struct TrustStore {
  std::string file;
  std::string directory;  // or several, separated by ':'
};

class HttpTls {
 public:
  // `socket` must outlive what is returned. `host` is what the certificate must be for. OpenSSL
  // writes without MSG_NOSIGNAL: the process ignores SIGPIPE. Errc::untrusted for the certificate,
  // invalid_argument for a TrustStore that cannot be read, invalid_data for what is no TLS, else
  // unavailable, timed_out, cancelled.
  static Result<std::unique_ptr<HttpTls>> handshake(const HttpSocket& socket,
                                                    const std::string& host,
                                                    const TrustStore& trusted);
  ~HttpTls();
  HttpTls(const HttpTls&) = delete;
  HttpTls& operator=(const HttpTls&) = delete;

  // Either may await both directions. An end that the server did not announce is an error: somebody
  // may have cut the connection. After a write has failed, what the server sent before can still be
  // read.
  Result<IoStep> read_some(std::span<char> buffer);
  Result<IoStep> write_some(std::string_view bytes);

 private:
  explicit HttpTls(const HttpSocket& socket) : socket_(socket) {}

  Status set_up(const std::string& host, const TrustStore& trusted);
  // What the last call, which returned `rc`, needs to go on; or why it failed.
  Result<IoStep> step_after(int rc);

  const HttpSocket& socket_;
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
  bool saw_http_ = false;
};

}  // namespace asciinemad
