// HttpConnection: a TCP connection, with or without TLS, for a blocking thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "daemon/http_socket.h"
#include "daemon/http_tls.h"

namespace asciinemad {

// Errors are those of HttpSocket and HttpTls.
class HttpConnection {
 public:
  static Result<std::unique_ptr<HttpConnection>> open(const std::string& host, std::uint16_t port,
                                                      const HttpWaits& waits);
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // All bytes from here on are TLS's.
  Status start_tls(const std::string& host, const TrustStore& trusted);
  bool is_tls() const { return tls_ != nullptr; }
  int fd() const { return socket_.fd(); }

  // At least one byte; 0 at the end. `begins`: of an answer, which may take longer to come.
  Result<std::size_t> read(std::span<char> buffer, bool begins = false);
  // Without waiting; nullopt when nothing has come yet.
  Result<std::optional<std::size_t>> read_now(std::span<char> buffer);
  Status write(std::string_view bytes);
  // How many bytes were taken. When 0, something may have come instead.
  Result<std::size_t> write_or_receive(std::string_view bytes);

 private:
  explicit HttpConnection(HttpSocket socket) : socket_(std::move(socket)) {}

  Result<IoStep> read_some(std::span<char> buffer);
  Result<IoStep> write_some(std::string_view bytes);

  const HttpSocket socket_;
  std::unique_ptr<HttpTls> tls_;
};

}  // namespace asciinemad
