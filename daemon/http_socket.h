// HttpSocket: a TCP connection for a blocking thread, with time-outs and a way to end every wait.
#pragma once

#include <netdb.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "common/fd.h"
#include "daemon/fetch_request.h"

namespace asciinemad {

// What bounds every wait of a transfer.
struct HttpWaits {
  HttpTimeouts timeouts;
  std::chrono::steady_clock::time_point deadline;
  // Readable (or hung up) as soon as the transfer is to end: Errc::cancelled. -1: never.
  int cancel_fd = -1;
};

// Waits until `fd` is ready for `events` of poll(), at most `timeout_ms`. Errc::timed_out,
// Errc::cancelled.
Status wait_for_socket(int fd, short events, int timeout_ms, const HttpWaits& waits);

class HttpSocket {
 public:
  // Tries the addresses of `host` one after the other, in the resolver's order. The resolver knows
  // no time-out but its own and cannot be cancelled. Errc::unavailable, Errc::timed_out,
  // Errc::cancelled.
  static Result<HttpSocket> connect(const std::string& host, std::uint16_t port,
                                    const HttpWaits& waits);

  // Nonblocking.
  int fd() const { return fd_.get(); }
  const HttpWaits& waits() const { return waits_; }
  Status wait(short events) const;

  // At least one byte; 0 at the end.
  Result<std::size_t> read(std::span<char> buffer) const;
  Status write(std::string_view bytes) const;

 private:
  HttpSocket(Fd fd, const HttpWaits& waits) : fd_(std::move(fd)), waits_(waits) {}

  static Result<Fd> connect_to(const addrinfo& address, int timeout_ms, const HttpWaits& waits);

  Fd fd_;
  HttpWaits waits_;
};

}  // namespace asciinemad
