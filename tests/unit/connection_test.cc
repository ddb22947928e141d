#include "daemon/connection.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/codec.h"
#include "tests/support/loop_driver.h"
#include "tests/support/message_samples.h"

namespace asciinemad {
namespace {

// A connection in a real loop, and its peer's end of the socket.
struct Fixture final : Connection::Listener {
  struct Arrived {
    std::uint32_t id;
    std::size_t kind;
    std::vector<Fd> fds;
  };

  Fixture() {
    auto sockets = make_socket_pair();
    REQUIRE(sockets.ok());
    peer = std::move(sockets->second);
    auto opened = Connection::open(loop, std::move(sockets->first), 1, scratch, *this);
    REQUIRE(opened.ok());
    connection = std::move(opened).value();
  }

  void on_request(Connection& from, wire::Request request, std::vector<Fd> fds) override {
    CHECK(&from == connection.get());
    arrived.push_back({request.id, request.body.index(), std::move(fds)});
    if (handler) handler(request);
  }
  void on_connection_closed(Connection& closed) override {
    CHECK(&closed == connection.get());
    CHECK_FALSE(closed.open());
    ++times_closed;
    graveyard.bury(std::move(connection));
  }

  void send(std::string_view bytes, const std::vector<int>& fds = {}) {
    const auto sent = send_with_fds(peer.get(), bytes, fds);
    REQUIRE(sent.ok());
    REQUIRE(*sent == bytes.size());
  }

  // Reads what has come so far, to the end of the stream.
  void read_answers() {
    std::array<char, 65536> buffer{};
    while (!peer_sees_end) {
      auto received = receive_with_fds(peer.get(), buffer);
      if (!received.ok() && received.error().sys_errno == EAGAIN) break;
      // A socket that was closed with unread bytes ends with ECONNRESET.
      peer_sees_end = !received.ok() || received->size == 0;
      if (peer_sees_end) break;
      parser.append({buffer.data(), received->size});
      for (;;) {
        const auto message = parser.next();
        REQUIRE(message.ok());
        if (!message->has_value()) break;
        auto reply = wire::decode_reply(**message);
        REQUIRE(reply.ok());
        answers.push_back(std::move(reply).value());
      }
    }
  }

  void run_until_closed() {
    driver.run_until([this] { return times_closed > 0; });
    read_answers();
    CHECK(peer_sees_end);
    CHECK(times_closed == 1);
  }

  // The code of the only answer, which is nobody's.
  wire::ErrorCode only_error() {
    REQUIRE(answers.size() == 1);
    CHECK(answers[0].id == 0);
    REQUIRE(std::holds_alternative<wire::ErrorReply>(answers[0].body));
    const auto& error = std::get<wire::ErrorReply>(answers[0].body);
    CHECK_FALSE(error.message.empty());
    return error.code;
  }

  uv::Loop loop;
  uv::Graveyard graveyard{loop};
  test::LoopDriver driver{loop};
  std::array<char, 4096> scratch{};
  Fd peer;
  std::unique_ptr<Connection> connection;
  std::function<void(const wire::Request&)> handler;
  std::vector<Arrived> arrived;
  int times_closed = 0;
  wire::FrameParser parser;
  std::vector<wire::Reply> answers;
  bool peer_sees_end = false;
};

std::string status_request(std::uint32_t id, std::uint8_t fds = 0) {
  return *wire::encode(wire::Request{id, fds, wire::GetStatus{}});
}

// A pipe of which only `write_end` goes to the daemon. `read_end` tells when nobody has it any
// more.
Pipe new_pipe() {
  auto pipe = make_pipe();
  REQUIRE(pipe.ok());
  REQUIRE(set_nonblocking(pipe->read_end.get(), true).ok());
  return std::move(pipe).value();
}

bool all_writers_closed(const Fd& read_end) {
  char byte = 0;
  return ::read(read_end.get(), &byte, 1) == 0;
}

TEST_CASE("connection: requests arrive in order, whole or byte by byte") {
  for (const std::size_t piece : {1U, 7U, 100'000U}) {
    Fixture f;
    std::string stream;
    for (const wire::Request& request : test::sample_requests()) {
      wire::Request plain = request;
      plain.fds = 0;
      stream += *wire::encode(plain);
    }
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      f.send(std::string_view(stream).substr(at, piece));
      uv_run(f.loop.get(), UV_RUN_NOWAIT);
    }
    const auto expected = test::sample_requests();
    f.driver.run_until([&] { return f.arrived.size() == expected.size(); });
    for (std::size_t i = 0; i < expected.size(); ++i) {
      CHECK(f.arrived[i].id == expected[i].id);
      CHECK(f.arrived[i].kind == expected[i].body.index());
      CHECK(f.arrived[i].fds.empty());
    }
    CHECK(f.times_closed == 0);
  }
}

TEST_CASE("connection: what is no message is answered with an error and the end") {
  using wire::ErrorCode;
  struct Case {
    std::string bytes;
    ErrorCode code;
  };
  const std::string broken_root("\0\0\0\0\1\0\0\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 16);
  const std::string oversize("\0\0\0\0\0\0\2\0", 8);
  for (const Case& c :
       {Case{"GET / HTTP/1.1\r\n\r\n", ErrorCode::limit},
        Case{std::string(8, '\0'), ErrorCode::invalid}, Case{broken_root, ErrorCode::invalid},
        Case{oversize, ErrorCode::limit}, Case{std::string(64, '\xFF'), ErrorCode::limit},
        Case{oversize + std::string(100'000, 'x'), ErrorCode::limit}}) {
    Fixture f;
    f.send(c.bytes + status_request(9));
    f.run_until_closed();
    CHECK(f.only_error() == c.code);
    CHECK(f.arrived.empty());
  }
}

TEST_CASE("connection: requests before the garbage count, those after it do not") {
  Fixture f;
  f.send(status_request(1) + std::string(8, '\0') + status_request(2));
  f.run_until_closed();
  REQUIRE(f.arrived.size() == 1);
  CHECK(f.arrived[0].id == 1);
}

TEST_CASE("connection: a peer that goes away in the middle of a message") {
  const std::string request = status_request(1);
  for (std::size_t size = 0; size < request.size(); ++size) {
    Fixture f;
    if (size > 0) f.send(request.substr(0, size));
    f.peer.reset();
    f.driver.run_until([&] { return f.times_closed > 0; });
    CHECK(f.times_closed == 1);
    CHECK(f.arrived.empty());
  }
}

TEST_CASE("connection: a peer that does not read is sent away at the bound") {
  Fixture f;
  wire::Reply reply{0, wire::ErrorReply{wire::ErrorCode::internal, std::string(10'000, 'e')}};
  // More than the bound and the socket hold together.
  constexpr std::size_t kSent = 1000;
  for (std::size_t i = 0; i < kSent; ++i) {
    reply.id = static_cast<std::uint32_t>(i + 1);
    f.connection->send(reply);
  }
  // Not from within send(): whoever calls it may not live through that.
  CHECK(f.times_closed == 0);
  f.driver.run_until([&] { return f.times_closed > 0; });
  // What it was sent before is in order and whole.
  f.read_answers();
  CHECK(f.peer_sees_end);
  CHECK_FALSE(f.answers.empty());
  CHECK(f.answers.size() < kSent);
  for (std::size_t i = 0; i < f.answers.size(); ++i) CHECK(f.answers[i].id == i + 1);
}

TEST_CASE("connection: a peer that reads late gets every answer") {
  Fixture f;
  constexpr std::uint32_t kCount = 100;
  wire::Reply reply{0, wire::ErrorReply{wire::ErrorCode::internal, std::string(10'000, 'e')}};
  for (reply.id = 1; reply.id <= kCount; ++reply.id) f.connection->send(reply);
  REQUIRE(f.times_closed == 0);
  f.driver.run_until([&] {
    f.read_answers();
    return f.answers.size() == kCount;
  });
  for (std::uint32_t i = 0; i < kCount; ++i) CHECK(f.answers[i].id == i + 1);
  CHECK(f.times_closed == 0);

  f.connection->send({kCount + 1, wire::Ok{}});
  f.connection->close_after_sending();
  CHECK(f.times_closed == 1);
  f.read_answers();
  CHECK(f.answers.size() == kCount + 1);
}

TEST_CASE("connection: an answer that is too large is answered with an error") {
  Fixture f;
  f.connection->send({7, wire::Started{std::string(wire::kMaxMessageBytes, 's')}});
  f.driver.run_until([&] {
    f.read_answers();
    return !f.answers.empty();
  });
  CHECK(f.answers[0].id == 7);
  CHECK(std::holds_alternative<wire::ErrorReply>(f.answers[0].body));
}

TEST_CASE("connection: descriptors belong to the messages that announce them") {
  Fixture f;
  const Pipe a = new_pipe();
  const Pipe b = new_pipe();
  const Pipe c = new_pipe();
  f.send(status_request(1, 2), {a.write_end.get(), b.write_end.get()});
  f.send(status_request(2));
  f.send(status_request(3, 1), {c.write_end.get()});
  f.driver.run_until([&] { return f.arrived.size() == 3; });
  REQUIRE(f.arrived[0].fds.size() == 2);
  CHECK(f.arrived[1].fds.empty());
  REQUIRE(f.arrived[2].fds.size() == 1);
  const auto leads_to = [](const Fd& fd, const Pipe& pipe) {
    char byte = 0;
    return write_all(fd.get(), "x", 0).ok() && ::read(pipe.read_end.get(), &byte, 1) == 1;
  };
  CHECK(leads_to(f.arrived[0].fds[0], a));
  CHECK(leads_to(f.arrived[0].fds[1], b));
  CHECK(leads_to(f.arrived[2].fds[0], c));
}

TEST_CASE("connection: descriptors of a message in pieces, sent with its first byte") {
  Fixture f;
  const Pipe pipe = new_pipe();
  const std::string request = status_request(1, 1);
  f.send(request.substr(0, 1), {pipe.write_end.get()});
  uv_run(f.loop.get(), UV_RUN_NOWAIT);
  CHECK(f.arrived.empty());
  f.send(request.substr(1));
  f.driver.run_until([&] { return !f.arrived.empty(); });
  CHECK(f.arrived[0].fds.size() == 1);
}

TEST_CASE("connection: fewer descriptors than announced is an error, and they are closed") {
  Fixture f;
  Pipe pipe = new_pipe();
  f.send(status_request(1, 3), {pipe.write_end.get(), pipe.write_end.get()});
  pipe.write_end.reset();
  f.run_until_closed();
  CHECK(f.only_error() == wire::ErrorCode::invalid);
  CHECK(f.arrived.empty());
  CHECK(all_writers_closed(pipe.read_end));
}

TEST_CASE("connection: descriptors that no message announces are an error, and they are closed") {
  Fixture f;
  Pipe pipe = new_pipe();
  const Pipe announced = new_pipe();
  f.send(status_request(1, 1), {announced.write_end.get(), pipe.write_end.get()});
  pipe.write_end.reset();
  f.run_until_closed();
  CHECK(f.only_error() == wire::ErrorCode::invalid);
  CHECK(all_writers_closed(pipe.read_end));
}

TEST_CASE("connection: more descriptors at once than any message may have") {
  Fixture f;
  Pipe pipe = new_pipe();
  const std::string request = status_request(1, kMaxFdsPerMessage);
  f.send(request.substr(0, 8), std::vector<int>(5, pipe.write_end.get()));
  f.send(request.substr(8), std::vector<int>(5, pipe.write_end.get()));
  pipe.write_end.reset();
  f.run_until_closed();
  CHECK(f.only_error() == wire::ErrorCode::limit);
  CHECK(f.arrived.empty());
  CHECK(all_writers_closed(pipe.read_end));
}

TEST_CASE("connection: a handler may close the connection in the middle of a batch") {
  Fixture f;
  f.handler = [&](const wire::Request& request) {
    f.connection->send_error(request.id, wire::ErrorCode::busy, "enough");
    f.connection->close_after_sending();
  };
  f.send(status_request(5) + status_request(6) + "garbage");
  f.run_until_closed();
  REQUIRE(f.arrived.size() == 1);
  REQUIRE(f.answers.size() == 1);
  CHECK(f.answers[0].id == 5);
}

}  // namespace
}  // namespace asciinemad
