#include "tests/support/peer.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "proto/codec.h"

namespace asciinemad::test {

Peer::Peer(const Sandbox& sandbox)
    : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = sandbox.socket_path();
  std::memcpy(address.sun_path, path.data(), path.size());
  // EAGAIN: the daemon has not accepted those before yet.
  REQUIRE(eventually([&] {
    return ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) ==
           0;
  }));
}

void Peer::send(std::string_view bytes, std::span<const int> fds) {
  while (!bytes.empty()) {
    REQUIRE_MESSAGE(deadline_in().wait(socket_.get(), POLLOUT), "the daemon does not read");
    Result<std::size_t> sent = send_with_fds(socket_.get(), bytes, fds);
    if (!sent.ok() && sent.error().sys_errno == EAGAIN) continue;
    if (!sent.ok()) return;  // sent away already: what it has said is still to be read
    bytes.remove_prefix(*sent);
    fds = {};
  }
}

void Peer::send(std::uint32_t id, decltype(wire::Request::body) body, std::span<const int> fds) {
  const Result<std::string> bytes =
      wire::encode(wire::Request{id, static_cast<std::uint8_t>(fds.size()), std::move(body)});
  REQUIRE(bytes.ok());
  send(*bytes, fds);
}

bool Peer::try_send(std::string_view bytes) {
  constexpr int kStuckMs = 3000;
  while (!bytes.empty()) {
    if (!deadline_in(kStuckMs).wait(socket_.get(), POLLOUT)) return false;
    const Result<std::size_t> sent = send_with_fds(socket_.get(), bytes, {});
    if (!sent.ok() && sent.error().sys_errno != EAGAIN) return false;
    if (sent.ok()) bytes.remove_prefix(*sent);
  }
  return true;
}

void Peer::greet() {
  send(1, wire::Hello{wire::kProtocolMin, wire::kProtocolMax, "test"});
  const wire::Reply reply = receive();
  CHECK(reply.id == 1);
  REQUIRE(std::holds_alternative<wire::HelloReply>(reply.body));
}

std::optional<wire::Reply> Peer::next() {
  Result<std::optional<std::string_view>> message = parser_.next();
  REQUIRE(message.ok());
  if (!message->has_value()) return std::nullopt;
  Result<wire::Reply> reply = wire::decode_reply(**message);
  REQUIRE(reply.ok());
  return std::move(reply).value();
}

bool Peer::read(const Deadline& deadline) {
  REQUIRE_MESSAGE(deadline.wait(socket_.get(), POLLIN), "the daemon does not answer");
  std::array<char, 65536> buffer;
  const Result<Received> received = receive_with_fds(socket_.get(), buffer);
  if (!received.ok()) return received.error().sys_errno == EAGAIN;
  parser_.append({buffer.data(), received->size});
  return received->size > 0;
}

wire::Reply Peer::receive() {
  const Deadline deadline = deadline_in();
  for (;;) {
    if (std::optional<wire::Reply> reply = next()) return std::move(*reply);
    REQUIRE_MESSAGE(read(deadline), "the daemon has closed the connection");
  }
}

std::vector<wire::Reply> Peer::receive_until_end(int timeout_ms) {
  std::vector<wire::Reply> replies;
  const Deadline deadline = deadline_in(timeout_ms);
  while (read(deadline)) {
  }
  while (std::optional<wire::Reply> reply = next()) replies.push_back(std::move(*reply));
  return replies;
}

void Peer::is_sent_away(wire::ErrorCode code) {
  const std::vector<wire::Reply> replies = receive_until_end();
  REQUIRE(replies.size() == 1);
  const auto* error = std::get_if<wire::ErrorReply>(&replies[0].body);
  REQUIRE(error != nullptr);
  CAPTURE(error->message);
  CHECK(error->code == code);
  CHECK_FALSE(error->message.empty());
  CHECK(error->message.find('\n') == std::string::npos);
}

void Peer::is_told(wire::ErrorCode code) {
  const wire::Reply reply = receive();
  const auto* error = std::get_if<wire::ErrorReply>(&reply.body);
  REQUIRE(error != nullptr);
  CAPTURE(error->message);
  CHECK(error->code == code);
  CHECK_FALSE(error->message.empty());
  status();
}

wire::StatusReply Peer::status() {
  constexpr std::uint32_t kId = 0xFFFFFFFF;
  send(kId, wire::GetStatus{});
  wire::Reply reply = receive();
  REQUIRE(reply.id == kId);
  auto* status = std::get_if<wire::StatusReply>(&reply.body);
  REQUIRE(status != nullptr);
  return std::move(*status);
}

}  // namespace asciinemad::test
