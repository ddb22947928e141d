// FakeDaemon: plays asciinemad to one client of a sandbox, as a script has it.
#pragma once

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/fd.h"
#include "proto/codec.h"
#include "proto/framing.h"
#include "proto/message.h"
#include "tests/support/deadline.h"
#include "tests/support/sandbox.h"

namespace asciinemad::test {

// What does not come in time fails the test.
class FakeDaemon {
 public:
  explicit FakeDaemon(const Sandbox& sandbox)
      : listening_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    REQUIRE(::mkdir((sandbox.dir() / "run/asciinemad").c_str(), 0700) == 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, sandbox.socket_path().c_str());
    REQUIRE(::bind(listening_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
    REQUIRE(::listen(listening_.get(), 10) == 0);
  }

  // Takes the next client, instead of the one before, and answers its hello.
  void greet(std::uint16_t protocol = 1, std::uint32_t pid = 1) {
    REQUIRE_MESSAGE(deadline_in().wait(listening_.get(), POLLIN), "nobody connects");
    peer_.reset(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    REQUIRE(static_cast<bool>(peer_));
    parser_ = wire::FrameParser();
    receive<wire::Hello>();
    reply(wire::HelloReply{protocol, "asciinemad 99.0", pid});
  }

  // The next request, which must be a T; fds() came with it.
  template <typename T>
  T receive() {
    const Deadline deadline = deadline_in();
    for (;;) {
      auto message = parser_.next();
      REQUIRE(message.ok());
      if (message->has_value()) {
        auto request = wire::decode_request(**message);
        REQUIRE(request.ok());
        request_id_ = request->id;
        CAPTURE(request->body.index());
        REQUIRE(std::holds_alternative<T>(request->body));
        fds_ = std::exchange(received_fds_, {});
        return *std::get_if<T>(&request->body);
      }
      REQUIRE_MESSAGE(deadline.wait(peer_.get(), POLLIN), "the client says nothing");
      REQUIRE_MESSAGE(read() > 0, "the client has closed the connection");
    }
  }
  std::vector<Fd>& fds() { return fds_; }

  // Answers the last request.
  void reply(decltype(wire::Reply::body) body, std::span<const int> fds = {}) {
    send(request_id_, std::move(body), fds);
  }
  // The same with an event, or whatever else.
  void send(std::uint32_t id, decltype(wire::Reply::body) body, std::span<const int> fds = {},
            std::uint8_t announced_fds = 0) {
    const auto count = static_cast<std::uint8_t>(fds.size() + announced_fds);
    const Result<std::string> bytes = wire::encode(wire::Reply{id, std::move(body), count});
    REQUIRE(bytes.ok());
    const Result<std::size_t> sent = send_with_fds(peer_.get(), *bytes, fds);
    REQUIRE(sent.ok());
    REQUIRE(*sent == bytes->size());
  }

  // Whether the client closes the connection.
  bool is_left() {
    const Deadline deadline = deadline_in();
    while (deadline.wait(peer_.get(), POLLIN)) {
      if (read() == 0) return true;
    }
    return false;
  }

  void hang_up() { peer_.reset(); }

  // As a daemon that has been killed.
  void die() {
    fds_.clear();
    received_fds_.clear();
    peer_.reset();
    listening_.reset();
  }

 private:
  std::size_t read() {
    std::array<char, 4096> buffer{};
    Result<Received> received = receive_with_fds(peer_.get(), buffer);
    if (!received.ok()) return 0;
    for (Fd& fd : received->fds) received_fds_.push_back(std::move(fd));
    parser_.append({buffer.data(), received->size});
    return received->size;
  }

  Fd listening_;
  Fd peer_;
  wire::FrameParser parser_;
  std::uint32_t request_id_ = 0;
  std::vector<Fd> received_fds_;
  std::vector<Fd> fds_;
};

}  // namespace asciinemad::test
