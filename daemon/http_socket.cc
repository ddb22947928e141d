#include "daemon/http_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace asciinemad {
namespace {

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Error network_error(int err) { return Error{Errc::unavailable, std::strerror(err)}; }

Result<Addresses> resolve(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* first = nullptr;
  const int rc = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &first);
  if (rc != 0) {
    const char* const reason = rc == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(rc);
    return Error{Errc::unavailable, "cannot find the address of " + host + ": " + reason};
  }
  return Addresses(first, &::freeaddrinfo);
}

}  // namespace

Status wait_for_socket(int fd, short events, int timeout_ms, const HttpWaits& waits) {
  using std::chrono::milliseconds;
  using std::chrono::steady_clock;
  const auto idle_end = steady_clock::now() + milliseconds(timeout_ms);
  const auto end = std::min(idle_end, waits.deadline);
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(end - steady_clock::now());
    const int left_ms = static_cast<int>(std::max(left, milliseconds(0)).count());
    std::array<pollfd, 2> watched = {{{waits.cancel_fd, POLLIN, 0}, {fd, events, 0}}};
    const int ready = ::poll(watched.data(), watched.size(), left_ms);
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return network_error(errno);
    if (watched[0].revents != 0) return Error{Errc::cancelled, "cancelled"};
    const auto now = steady_clock::now();
    if (now >= waits.deadline) return Error{Errc::timed_out, "it takes too long altogether"};
    if (ready > 0) return {};
    if (now >= end) return Error{Errc::timed_out, "no answer in time"};
  }
}

Result<Fd> HttpSocket::connect_to(const addrinfo& address, int timeout_ms, const HttpWaits& waits) {
  Fd fd(
      ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, address.ai_protocol));
  if (!fd) return network_error(errno);
  // Without it a request and its body's end wait for each other's acknowledgements.
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (::connect(fd.get(), address.ai_addr, address.ai_addrlen) == 0) return fd;
  if (errno != EINPROGRESS && errno != EINTR) return network_error(errno);
  TRY(wait_for_socket(fd.get(), POLLOUT, timeout_ms, waits));
  int failure = 0;
  socklen_t size = sizeof(failure);
  if (::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &failure, &size) != 0) failure = errno;
  if (failure != 0) return network_error(failure);
  return fd;
}

Result<HttpSocket> HttpSocket::connect(const std::string& host, std::uint16_t port,
                                       const HttpWaits& waits) {
  TRY_ASSIGN(const Addresses addresses, resolve(host, port));
  Error failure{Errc::unavailable, "it has no address"};
  for (const addrinfo* a = addresses.get(); a != nullptr; a = a->ai_next) {
    const HttpTimeouts& timeouts = waits.timeouts;
    const int timeout_ms = a->ai_next != nullptr ? timeouts.address_ms : timeouts.connect_ms;
    Result<Fd> fd = connect_to(*a, timeout_ms, waits);
    if (fd.ok()) return HttpSocket(std::move(fd).value(), waits);
    failure = fd.take_error();
    const bool over = std::chrono::steady_clock::now() >= waits.deadline;
    if (failure.code == Errc::cancelled || over) break;
  }
  if (failure.code == Errc::cancelled) return failure;
  failure.message = "cannot connect to " + host + ": " + failure.message;
  return failure;
}

Status HttpSocket::wait(short events) const {
  return wait_for_socket(fd_.get(), events, waits_.timeouts.idle_ms, waits_);
}

Result<std::size_t> HttpSocket::read(std::span<char> buffer) const {
  for (;;) {
    // First, so that a peer who always has more cannot keep it from being cancelled.
    TRY(wait(POLLIN));
    const ssize_t n = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EAGAIN && errno != EINTR) return network_error(errno);
  }
}

Status HttpSocket::write(std::string_view bytes) const {
  while (!bytes.empty()) {
    TRY(wait(POLLOUT));
    const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno != EAGAIN && errno != EINTR) {
      return network_error(errno);
    }
  }
  return {};
}

}  // namespace asciinemad
