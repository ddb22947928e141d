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
Error cancelled() { return Error{Errc::cancelled, "cancelled"}; }
Error too_long() { return Error{Errc::timed_out, "it takes too long altogether"}; }

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

// Waits until `fd` is ready for `events` of poll(), at most `timeout_ms`.
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
    if (watched[0].revents != 0) return cancelled();
    const auto now = steady_clock::now();
    if (now >= waits.deadline) return too_long();
    if (ready > 0) return {};
    if (now >= end) return Error{Errc::timed_out, "no answer in time"};
  }
}

Result<IoStep> step_after(ssize_t n, short awaited) {
  if (n >= 0) return IoStep{static_cast<std::size_t>(n), 0};
  if (errno == EAGAIN || errno == EINTR) return IoStep{0, awaited};
  return network_error(errno);
}

}  // namespace

Status HttpWaits::check() const {
  pollfd watched{cancel_fd, POLLIN, 0};
  if (::poll(&watched, 1, 0) > 0) return cancelled();
  if (std::chrono::steady_clock::now() >= deadline) return too_long();
  return {};
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

Status HttpSocket::wait(short events, int timeout_ms) const {
  return wait_for_socket(fd_.get(), events, timeout_ms, waits_);
}

Result<IoStep> HttpSocket::read_some(std::span<char> buffer) const {
  return step_after(::recv(fd_.get(), buffer.data(), buffer.size(), 0), POLLIN);
}

Result<IoStep> HttpSocket::write_some(std::string_view bytes) const {
  return step_after(::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), POLLOUT);
}

}  // namespace asciinemad
