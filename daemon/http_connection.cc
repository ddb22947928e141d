#include "daemon/http_connection.h"

#include <poll.h>

#include <utility>

namespace asciinemad {

Result<std::unique_ptr<HttpConnection>> HttpConnection::open(const std::string& host,
                                                             std::uint16_t port,
                                                             const HttpWaits& waits) {
  TRY_ASSIGN(HttpSocket socket, HttpSocket::connect(host, port, waits));
  return std::unique_ptr<HttpConnection>(new HttpConnection(std::move(socket)));
}

Status HttpConnection::start_tls(const std::string& host, const TrustStore& trusted) {
  TRY_ASSIGN(tls_, HttpTls::handshake(socket_, host, trusted));
  return {};
}

Result<IoStep> HttpConnection::read_some(std::span<char> buffer) {
  return tls_ != nullptr ? tls_->read_some(buffer) : socket_.read_some(buffer);
}

Result<IoStep> HttpConnection::write_some(std::string_view bytes) {
  return tls_ != nullptr ? tls_->write_some(bytes) : socket_.write_some(bytes);
}

Result<std::size_t> HttpConnection::read(std::span<char> buffer, bool begins) {
  const HttpTimeouts& timeouts = socket_.waits().timeouts;
  for (;;) {
    // Each time: a peer who always has more must not keep it from being cancelled.
    TRY(socket_.waits().check());
    TRY_ASSIGN(const IoStep step, read_some(buffer));
    if (step.awaited == 0) return step.bytes;
    TRY(socket_.wait(step.awaited, begins ? timeouts.answer_ms : timeouts.idle_ms));
  }
}

Result<std::optional<std::size_t>> HttpConnection::read_now(std::span<char> buffer) {
  TRY(socket_.waits().check());
  TRY_ASSIGN(const IoStep step, read_some(buffer));
  return step.awaited == 0 ? std::optional(step.bytes) : std::nullopt;
}

Status HttpConnection::write(std::string_view bytes) {
  while (!bytes.empty()) {
    TRY_ASSIGN(const IoStep step, write_some(bytes));
    bytes.remove_prefix(step.bytes);
    if (step.awaited != 0) TRY(socket_.wait(step.awaited));
  }
  return {};
}

Result<std::size_t> HttpConnection::write_or_receive(std::string_view bytes) {
  TRY(socket_.waits().check());
  TRY_ASSIGN(const IoStep step, write_some(bytes));
  if (step.awaited != 0) TRY(socket_.wait(static_cast<short>(step.awaited | POLLIN)));
  return step.bytes;
}

}  // namespace asciinemad
