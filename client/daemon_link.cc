#include "client/daemon_link.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "build_config.h"
#include "client/deadline.h"
#include "common/paths.h"
#include "common/read_file.h"
#include "proto/codec.h"

namespace asciinemad {
namespace {

Errc code_of(wire::ErrorCode code) {
  switch (code) {
    case wire::ErrorCode::version:
    case wire::ErrorCode::unsupported:
      return Errc::unsupported;
    case wire::ErrorCode::busy:
      return Errc::busy;
    case wire::ErrorCode::no_session:
    case wire::ErrorCode::not_found:
      return Errc::not_found;
    case wire::ErrorCode::invalid:
      return Errc::invalid_argument;
    case wire::ErrorCode::limit:
      return Errc::limit_exceeded;
    case wire::ErrorCode::internal:
    case wire::ErrorCode::elsewhere:
      break;
  }
  return Errc::unavailable;
}

Error lost_descriptors() {
  return Error{Errc::invalid_data, "a descriptor that asciinemad sent did not come"};
}

}  // namespace

Error to_error(const wire::ErrorReply& reply) { return {code_of(reply.code), reply.message}; }

Result<DaemonLink> DaemonLink::connect(const std::string& path) {
  TRY_ASSIGN(const sockaddr_un address, socket_address(path));
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return system_error("create a socket", errno);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    if (errno == EAGAIN) return Error{Errc::timed_out, "asciinemad does not accept connections"};
    return system_error("connect to " + path, errno);
  }
  // Whoever came first could listen at a path in /tmp.
  TRY_ASSIGN(const unsigned uid, peer_uid(socket.get()));
  if (uid != ::geteuid()) {
    return Error{Errc::unsupported,
                 "the daemon at " + path + " belongs to uid " + std::to_string(uid)};
  }
  return DaemonLink(std::move(socket));
}

Result<wire::HelloReply> DaemonLink::hello(int timeout_ms) {
  TRY(send_hello());
  const Deadline deadline(timeout_ms);
  for (;;) {
    TRY_ASSIGN(std::optional<wire::HelloReply> hello, take_hello());
    if (hello.has_value()) return *std::move(hello);
    if (!deadline.wait(socket_.get(), POLLIN)) return no_answer();
  }
}

Status DaemonLink::send_hello() {
  wire::Request request;
  request.body =
      wire::Hello{wire::kProtocolMin, wire::kProtocolMax, "asciinema " ASCIINEMAD_VERSION};
  TRY(send(std::move(request), {}));
  return {};
}

Result<std::optional<wire::HelloReply>> DaemonLink::take_hello() {
  TRY_ASSIGN(std::optional<wire::Reply> reply, next_event());
  if (!reply.has_value()) return std::optional<wire::HelloReply>();
  if (const auto* error = std::get_if<wire::ErrorReply>(&reply->body)) return to_error(*error);
  auto* hello = std::get_if<wire::HelloReply>(&reply->body);
  if (hello == nullptr) return Error{Errc::invalid_data, "asciinemad did not answer hello"};
  protocol_ = hello->protocol;
  return std::optional<wire::HelloReply>(std::move(*hello));
}

Error DaemonLink::end(bool unread) {
  ended_ = true;
  ended_unread_ = unread;
  return Error{Errc::unavailable, "asciinemad closed the connection"};
}

Result<std::uint32_t> DaemonLink::send(wire::Request request, std::span<const int> fds) {
  request.id = next_id_++;
  request.fds = static_cast<std::uint8_t>(fds.size());
  TRY_ASSIGN(const std::string bytes, wire::encode(request));
  const Deadline deadline(kAnswerTimeoutMs);
  std::string_view rest = bytes;
  while (!rest.empty()) {
    Result<std::size_t> sent = send_with_fds(socket_.get(), rest, fds);
    if (sent.ok()) {
      rest.remove_prefix(*sent);
      fds = {};
      continue;
    }
    if (sent.error().sys_errno != EAGAIN) return end(true);
    if (!deadline.wait(socket_.get(), POLLOUT)) return no_answer();
  }
  return request.id;
}

Result<wire::Reply> DaemonLink::wait_for(std::uint32_t id, int timeout_ms) {
  TRY_ASSIGN(wire::Reply reply, answer(id, timeout_ms));
  const auto* error = std::get_if<wire::ErrorReply>(&reply.body);
  if (error != nullptr) return to_error(*error);
  return reply;
}

Result<wire::Reply> DaemonLink::answer(std::uint32_t id, int timeout_ms) {
  const Deadline deadline(timeout_ms);
  for (;;) {
    TRY_ASSIGN(std::optional<wire::Reply> reply, parse_next());
    if (!reply.has_value()) {
      if (!deadline.wait(socket_.get(), POLLIN)) return no_answer();
      TRY(receive());
      continue;
    }
    const bool is_error = std::holds_alternative<wire::ErrorReply>(reply->body);
    if (reply->id == id || (is_error && reply->id == 0)) return std::move(*reply);
    events_.push_back(std::move(*reply));
  }
}

Result<wire::Reply> DaemonLink::call(wire::Request request, std::span<const int> fds) {
  TRY_ASSIGN(const std::uint32_t id, send(std::move(request), fds));
  return wait_for(id, kAnswerTimeoutMs);
}

Result<std::optional<wire::Reply>> DaemonLink::next_event() {
  if (!events_.empty()) {
    std::optional<wire::Reply> event = std::move(events_.front());
    events_.pop_front();
    return event;
  }
  TRY_ASSIGN(std::optional<wire::Reply> reply, parse_next());
  if (reply.has_value()) return reply;
  TRY(receive());
  return parse_next();
}

// Of a service manager's socket, or a private daemon's, the peer is somebody else.
Error DaemonLink::no_answer() const {
  const Result<unsigned> pid = peer_pid(socket_.get());
  if (!pid.ok() || peer_program() != "asciinemad") {
    return Error{Errc::timed_out, "asciinemad does not answer"};
  }
  const std::string number = std::to_string(*pid);
  return Error{Errc::timed_out, "asciinemad (process " + number + ") does not answer (kill -9 " +
                                    number + " ends it; its sessions survive that)"};
}

std::string DaemonLink::peer_program() const {
  const Result<unsigned> pid = peer_pid(socket_.get());
  if (!pid.ok()) return {};
  auto name = read_small_file("/proc/" + std::to_string(*pid) + "/comm", 64);
  if (!name.ok() || !name->has_value() || !(*name)->ends_with('\n')) return {};
  (*name)->pop_back();
  return **std::move(name);
}

Fd DaemonLink::take_fd() {
  if (message_fds_.empty()) return Fd();
  Fd fd = std::move(message_fds_.front());
  message_fds_.pop_front();
  return fd;
}

Status DaemonLink::receive() {
  std::array<char, 4096> buffer;
  Result<Received> received = receive_with_fds(socket_.get(), buffer);
  if (!received.ok()) {
    if (received.error().sys_errno == EAGAIN) return {};
    return end(received.error().sys_errno == ECONNRESET);
  }
  if (received->size == 0) return end(false);
  if (received->truncated) return lost_descriptors();
  for (Fd& fd : received->fds) received_fds_.push_back(std::move(fd));
  parser_.append({buffer.data(), received->size});
  return {};
}

Result<std::optional<wire::Reply>> DaemonLink::parse_next() {
  TRY_ASSIGN(const std::optional<std::string_view> message, parser_.next());
  if (!message.has_value()) return std::optional<wire::Reply>();
  TRY_ASSIGN(wire::Reply reply, wire::decode_reply(*message));
  if (reply.fds > received_fds_.size()) return lost_descriptors();
  message_fds_.clear();
  for (int i = 0; i < reply.fds; ++i) {
    message_fds_.push_back(std::move(received_fds_.front()));
    received_fds_.pop_front();
  }
  return std::optional<wire::Reply>(std::move(reply));
}

}  // namespace asciinemad
