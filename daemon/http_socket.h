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

  // Errc::timed_out after the deadline, Errc::cancelled.
  Status check() const;
};

// What a call that does not wait came to.
struct IoStep {
  std::size_t bytes = 0;
  // The events of poll() without which nothing can be done, else 0. A read of 0 bytes that awaits
  // nothing is the end.
  short awaited = 0;
};

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
  // Until one of the events of poll() has come, at most idle_ms, or so long. Errc::timed_out,
  // Errc::cancelled.
  Status wait(short events) const { return wait(events, waits_.timeouts.idle_ms); }
  Status wait(short events, int timeout_ms) const;

  // Errc::unavailable when the connection has failed.
  Result<IoStep> read_some(std::span<char> buffer) const;
  Result<IoStep> write_some(std::string_view bytes) const;

 private:
  HttpSocket(Fd fd, const HttpWaits& waits) : fd_(std::move(fd)), waits_(waits) {}

  static Result<Fd> connect_to(const addrinfo& address, int timeout_ms, const HttpWaits& waits);

  Fd fd_;
  HttpWaits waits_;
};

}  // namespace asciinemad
