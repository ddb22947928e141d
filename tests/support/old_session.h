// Clients and shims of protocol version 1, as Cap'n Proto's own tool plays them with the schema as
// it was then.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/fd.h"
#include "proto/framing.h"
#include "tests/support/live_session.h"
#include "tests/support/sandbox.h"

namespace asciinemad::test {

// What the tool makes of `input`, with `how` before the schema.
inline std::string capnp(const Sandbox& sandbox, std::vector<std::string> how,
                         const std::string& type, std::string_view input) {
  how.insert(how.begin(), "capnp");
  how.push_back(source_root() + "/tests/golden/asciinemad-v1.capnp");
  how.push_back(type);
  const Outcome outcome = sandbox.run(how, input);
  INFO(outcome.err);
  REQUIRE(outcome.status == 0);
  return outcome.out;
}

// One end of a connection with the daemon, spoken in messages of version 1.
class OldLink {
 public:
  OldLink(const Sandbox& sandbox, Fd socket) : sandbox_(sandbox), socket_(std::move(socket)) {}

  // Requests as capnp(1) has them, as text.
  void send(const std::string& request, std::span<const int> fds = {}) {
    const std::string bytes = capnp(sandbox_, {"encode"}, "Request", request);
    const Result<std::size_t> sent = send_with_fds(socket_.get(), bytes, fds);
    REQUIRE(sent.ok());
    REQUIRE(*sent == bytes.size());
  }
  // The next reply.
  std::string receive() {
    for (;;) {
      auto message = parser_.next();
      REQUIRE(message.ok());
      if (message->has_value()) return capnp(sandbox_, {"decode", "--short"}, "Reply", **message);
      REQUIRE_MESSAGE(deadline_in().wait(socket_.get(), POLLIN), "the daemon says nothing");
      std::array<char, 4096> buffer{};
      const Result<Received> received = receive_with_fds(socket_.get(), buffer);
      REQUIRE(received.ok());
      REQUIRE_MESSAGE(received->size > 0, "the daemon has closed the connection");
      CHECK(received->fds.empty());
      parser_.append({buffer.data(), received->size});
    }
  }
  std::string ask(const std::string& request) {
    send(request);
    return receive();
  }

 private:
  const Sandbox& sandbox_;
  Fd socket_;
  wire::FrameParser parser_;
};

inline Fd connect_to(const std::string& path) {
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  REQUIRE(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  return socket;
}

inline OldLink old_client(const Sandbox& sandbox) {
  REQUIRE(sandbox.run({"asciinema", "daemon", "start"}).status == 0);
  OldLink link(sandbox, connect_to(sandbox.socket_path()));
  const std::string hello =
      link.ask("(id = 1, hello = (protocolMin = 1, protocolMax = 1, software = \"old\"))");
  CHECK(contains(hello, "hello = (protocol = 1, software = \"asciinemad "));
  return link;
}

// A client and a shim of version 1, recording to a.cast.
class OldSession {
 public:
  explicit OldSession(const Sandbox& sandbox) : client_(old_client(sandbox)) {
    const Fd recording(
        ::open((sandbox / "a.cast").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    int master_fd = -1;
    int slave_fd = -1;
    REQUIRE(::openpty(&master_fd, &slave_fd, nullptr, nullptr, nullptr) == 0);
    const Fd master(master_fd);
    slave_.reset(slave_fd);
    Result<SocketPair> pair = make_socket_pair();
    REQUIRE((recording && pair.ok() && set_nonblocking(master_fd, true).ok()));
    const std::array<int, 3> fds = {master_fd, recording.get(), pair->first.get()};
    client_.send(
        "(id = 2, fds = 3, start = (size = (cols = 80, rows = 24), timestamp = 1700000000, "
        "command = \"old\", path = \"a.cast\", pauseKey = \"C-\\\\\", captureInput = true))",
        fds);
    const std::string started = client_.receive();
    const std::size_t id = started.find("started = (session = \"");
    REQUIRE(id != std::string::npos);
    id_ = started.substr(id + 22, 8);
    shim_.emplace(sandbox, std::move(pair->second));
  }

  OldLink& client() { return client_; }
  const std::string& id() const { return id_; }
  void print(std::string_view text) const { REQUIRE(write_all(slave_.get(), text, kWaitMs).ok()); }
  // What the shim is told besides checkpoints.
  std::string shim_event() {
    for (;;) {
      std::string event = shim_->receive();
      if (!contains(event, "checkpoint = (")) return event;
    }
  }
  // The shim has reaped the command.
  void exit(int status) {
    shim_->send("(id = 9, exited = (code = " + std::to_string(status) + "))");
    CHECK(contains(shim_event(), "(id = 9, ok = void"));
    CHECK(contains(client_.receive(), "finished = (exit = (code = " + std::to_string(status)));
  }

 private:
  OldLink client_;
  Fd slave_;
  std::optional<OldLink> shim_;
  std::string id_;
};

}  // namespace asciinemad::test
