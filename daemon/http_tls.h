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
  // writes without MSG_NOSIGNAL: the process ignores SIGPIPE.
  static Result<std::unique_ptr<HttpTls>> handshake(const HttpSocket& socket,
                                                    const std::string& host,
                                                    const TrustStore& trusted);
  ~HttpTls();
  HttpTls(const HttpTls&) = delete;
  HttpTls& operator=(const HttpTls&) = delete;

  // At least one byte; 0 at the end. An end that the server did not announce is an error: somebody
  // may have cut the connection.
  Result<std::size_t> read(std::span<char> buffer);
  Status write(std::string_view bytes);

 private:
  explicit HttpTls(const HttpSocket& socket) : socket_(socket) {}

  Status set_up(const std::string& host, const TrustStore& trusted);
  // Waits for what the last call, which returned `rc`, needs to go on; or says why it failed.
  Status wait_after(int rc);

  const HttpSocket& socket_;
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
};

}  // namespace asciinemad
