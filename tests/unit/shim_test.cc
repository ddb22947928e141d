// The shim without a client and without asciinemad: the test is both, and the next daemon, too.

#include "client/shim.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "client/deadline.h"
#include "client/shim_word.h"
#include "common/fd.h"
#include "common/paths.h"
#include "proto/codec.h"
#include "proto/framing.h"
#include "tests/support/temp_dir.h"

namespace asciinemad {
namespace {

using test::TempDir;

constexpr int kWaitMs = 10'000;

// The daemon's end of a connection.
class DaemonEnd {
 public:
  explicit DaemonEnd(Fd socket) : socket_(std::move(socket)) {}

  // The next request, which must be a T; nullopt: the connection has ended.
  template <typename T>
  std::optional<T> receive() {
    const Deadline deadline(kWaitMs);
    for (;;) {
      auto message = parser_.next();
      REQUIRE(message.ok());
      if (message->has_value()) {
        auto request = wire::decode_request(**message);
        REQUIRE(request.ok());
        id_ = request->id;
        CAPTURE(request->body.index());
        REQUIRE(std::holds_alternative<T>(request->body));
        return *std::get_if<T>(&request->body);
      }
      REQUIRE_MESSAGE(deadline.wait(socket_.get(), POLLIN), "nothing comes");
      std::array<char, 4096> buffer{};
      Result<Received> received = receive_with_fds(socket_.get(), buffer);
      if (!received.ok() || received->size == 0) return std::nullopt;
      for (Fd& fd : received->fds) fds.push_back(std::move(fd));
      parser_.append({buffer.data(), received->size});
    }
  }
  void reply(decltype(wire::Reply::body) body) { send(id_, std::move(body)); }
  void send(std::uint32_t id, decltype(wire::Reply::body) body, std::span<const int> sent = {}) {
    const auto count = static_cast<std::uint8_t>(sent.size());
    const Result<std::string> bytes = wire::encode(wire::Reply{id, std::move(body), count});
    REQUIRE(bytes.ok());
    REQUIRE(send_with_fds(socket_.get(), *bytes, sent).ok());
  }
  void die() { socket_.reset(); }

  std::vector<Fd> fds;

 private:
  Fd socket_;
  wire::FrameParser parser_;
  std::uint32_t id_ = 0;
};

// A session of which the command waits for a line from its terminal.
class Scene {
 public:
  explicit Scene(std::string command = "read line; exit 7", std::uint16_t protocol = 2) {
    ::setenv("ASCIINEMAD_SOCKET", socket_path_.c_str(), 1);
    listen();
    int master = -1;
    int slave = -1;
    REQUIRE(::openpty(&master, &slave, nullptr, nullptr, nullptr) == 0);
    terminal.reset(master);
    Result<SocketPair> link = make_socket_pair();
    Result<SocketPair> home_pair = make_socket_pair();
    REQUIRE((link.ok() && home_pair.ok()));
    home = std::move(home_pair->first);
    ShimSetup setup;
    setup.shell = "/bin/sh";
    setup.start.command = std::move(command);
    setup.start.title = "title";
    setup.session = "abcdefgh";
    setup.protocol = protocol;
    setup.master = std::move(*duplicate(master));
    setup.slave.reset(slave);
    setup.recording.reset(::open(dir_.write("a.cast", "").c_str(), O_RDWR | O_CLOEXEC));
    setup.link = std::move(link->second);
    setup.home = std::move(home_pair->second);
    daemon.emplace(std::move(link->first));
    Result<ShimHandle> forked = fork_shim(std::move(setup));
    REQUIRE(forked.ok());
    shim.emplace(std::move(*forked));
  }

  void listen() {
    Result<sockaddr_un> address = socket_address(socket_path_);
    REQUIRE((address.ok() && ensure_private_directory(dir_ / "run").ok()));
    ::unlink(socket_path_.c_str());
    listening_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::bind(listening_.get(), reinterpret_cast<sockaddr*>(&*address), sizeof(*address)) ==
            0);
    REQUIRE(::listen(listening_.get(), 10) == 0);
  }

  // The shim at the next daemon's socket, its hello answered.
  DaemonEnd take_shim(std::uint16_t protocol = 2) {
    REQUIRE_MESSAGE(Deadline(kWaitMs).wait(listening_.get(), POLLIN), "the shim does not come");
    DaemonEnd next(Fd(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC)));
    REQUIRE(next.receive<wire::Hello>().has_value());
    next.reply(wire::HelloReply{protocol, "asciinemad 99.0", 1});
    return next;
  }

  ShimWord receive_word() const {
    REQUIRE_MESSAGE(Deadline(kWaitMs).wait(home.get(), POLLIN), "the shim says nothing");
    Result<std::optional<ShimWord>> word = asciinemad::receive_word(home.get());
    REQUIRE(word.ok());
    REQUIRE(word->has_value());
    return **std::move(word);
  }
  bool is_shim_gone() const {
    return Deadline(kWaitMs).wait(home.get(), POLLIN) && !asciinemad::receive_word(home.get()).ok();
  }
  bool is_connected_to() const { return Deadline(0).wait(listening_.get(), POLLIN); }
  void end_command() const { REQUIRE(write_all(terminal.get(), "\n", kWaitMs).ok()); }

  Fd terminal;
  Fd home;
  std::optional<DaemonEnd> daemon;
  std::optional<ShimHandle> shim;

 private:
  TempDir dir_;
  const std::string socket_path_ = dir_ / "run/socket";
  Fd listening_;
};

wire::Checkpoint paused_checkpoint() {
  wire::Checkpoint checkpoint;
  checkpoint.paused = true;
  checkpoint.paused_at_us = 17;
  return checkpoint;
}

TEST_CASE("a shim takes its session to the next daemon, with what it was given to keep") {
  Scene scene;
  scene.shim->start_command();
  scene.daemon->send(0, wire::Checkpoint{});
  const TempDir other;
  const Fd journal(::open(other.write("journal", "j").c_str(), O_RDONLY | O_CLOEXEC));
  const int journal_fd = journal.get();
  scene.daemon->send(0, wire::Journal{}, {&journal_fd, 1});
  scene.daemon->send(0, paused_checkpoint());
  scene.daemon->die();

  DaemonEnd next = scene.take_shim();
  const auto resume = next.receive<wire::Resume>();
  REQUIRE(resume.has_value());
  CHECK(resume->session == "abcdefgh");
  CHECK(resume->start.title == "title");
  CHECK(resume->checkpoint == paused_checkpoint());
  CHECK(resume->has_journal);
  REQUIRE(next.fds.size() == 3);
  char byte = 0;
  CHECK(::pread(next.fds[2].get(), &byte, 1, 0) == 1);
  CHECK(byte == 'j');
  next.reply(wire::Started{"abcdefgh", {}});

  scene.end_command();
  const auto exited = next.receive<wire::Exited>();
  REQUIRE(exited.has_value());
  CHECK(exited->exit.kind == wire::Exit::Kind::code);
  CHECK(exited->exit.value == 7);
  next.reply(wire::Ok{});
  const ShimWord word = scene.receive_word();
  CHECK(word.kind == ShimWord::Kind::ended);
  CHECK(word.finished.exit.value == 7);
  CHECK(scene.is_shim_gone());
}

TEST_CASE("a command's end is told to the next daemon when the last one has not confirmed it") {
  Scene scene("exit 3");
  scene.shim->start_command();
  REQUIRE(scene.daemon->receive<wire::Exited>().has_value());
  scene.daemon->die();
  DaemonEnd next = scene.take_shim();
  REQUIRE(next.receive<wire::Resume>().has_value());
  next.reply(wire::Started{"abcdefgh", {}});
  const auto exited = next.receive<wire::Exited>();
  REQUIRE(exited.has_value());
  CHECK(exited->exit.value == 3);
  next.reply(wire::Ok{});
  CHECK(scene.receive_word().kind == ShimWord::Kind::ended);
}

TEST_CASE("a session whose start was not confirmed is not taken to another daemon") {
  Scene scene;
  scene.daemon->send(0, wire::Checkpoint{});
  scene.daemon->die();
  scene.shim.reset();
  CHECK(scene.is_shim_gone());
  CHECK_FALSE(scene.is_connected_to());
}

TEST_CASE("a daemon that can't go on with a session leaves the command to the client") {
  Scene scene;
  scene.shim->start_command();
  scene.daemon->die();
  DaemonEnd next = scene.take_shim();
  REQUIRE(next.receive<wire::Resume>().has_value());
  SUBCASE("it says so") {
    next.reply(wire::ErrorReply{wire::ErrorCode::invalid, "makes no sense", {}});
    CHECK(scene.receive_word().reason == "makes no sense");
  }
  SUBCASE("it does not know how") {
    next.reply(wire::ErrorReply{wire::ErrorCode::unsupported, "unknown request", {}});
    CHECK(scene.receive_word().reason == "unknown request");
  }
  // The command still runs.
  scene.end_command();
  CHECK(scene.is_shim_gone());
}

TEST_CASE("a daemon that refuses for the moment is asked again") {
  Scene scene;
  scene.shim->start_command();
  scene.daemon->die();
  DaemonEnd busy = scene.take_shim();
  REQUIRE(busy.receive<wire::Resume>().has_value());
  busy.reply(wire::ErrorReply{wire::ErrorCode::busy, "about to end", {}});
  DaemonEnd next = scene.take_shim();
  REQUIRE(next.receive<wire::Resume>().has_value());
  next.reply(wire::Started{"abcdefgh", {}});
  scene.end_command();
  CHECK(next.receive<wire::Exited>().has_value());
  next.reply(wire::Ok{});
  CHECK(scene.receive_word().kind == ShimWord::Kind::ended);
}

TEST_CASE("a session that ends one daemon after the other is given up") {
  Scene scene;
  scene.shim->start_command();
  scene.daemon->die();
  for (int i = 0; i < 5; ++i) {
    CAPTURE(i);
    DaemonEnd next = scene.take_shim();
    REQUIRE(next.receive<wire::Resume>().has_value());
  }
  ShimWord word = scene.receive_word();
  CHECK(word.kind == ShimWord::Kind::gave_up);
  CHECK(word.reason == "asciinemad died 6 times within a minute");
  CHECK_FALSE(scene.is_connected_to());
  // The PTY came with it: what is typed there reaches the command.
  REQUIRE(write_all(word.master.get(), "\n", kWaitMs).ok());
  CHECK(scene.is_shim_gone());
}

TEST_CASE("an older daemon is the last one: the command is hung up") {
  Scene scene("trap 'exit 5' HUP; read line", 1);
  scene.shim->start_command();
  scene.daemon->die();
  CHECK(scene.is_shim_gone());
  CHECK_FALSE(scene.is_connected_to());
}

TEST_CASE("a session that nobody can serve is hung up") {
  Scene scene;
  scene.shim->start_command();
  scene.home.reset();
  scene.daemon->die();
  DaemonEnd next = scene.take_shim();
  REQUIRE(next.receive<wire::Resume>().has_value());
  next.reply(wire::ErrorReply{wire::ErrorCode::invalid, "makes no sense", {}});
  // The slave's last descriptors are closed with the shim and the command.
  const Deadline deadline(kWaitMs);
  pollfd waiting{scene.terminal.get(), 0, 0};
  CHECK(::poll(&waiting, 1, deadline.remaining_ms()) == 1);
  CHECK((waiting.revents & POLLHUP) != 0);
}

TEST_CASE("a client that leaves the command it serves ends it") {
  Scene scene;
  scene.shim->start_command();
  scene.daemon->die();
  DaemonEnd next = scene.take_shim();
  REQUIRE(next.receive<wire::Resume>().has_value());
  next.reply(wire::ErrorReply{wire::ErrorCode::invalid, "makes no sense", {}});
  static_cast<void>(scene.receive_word());
  scene.home.reset();
  pollfd waiting{scene.terminal.get(), 0, 0};
  CHECK(::poll(&waiting, 1, kWaitMs) == 1);
  CHECK((waiting.revents & POLLHUP) != 0);
}

TEST_CASE("a command that was told to go is killed by and by, whatever happens to daemons") {
  Scene scene("trap '' HUP; echo ready; read line");
  scene.shim->start_command();
  char byte = 0;
  REQUIRE(::read(scene.terminal.get(), &byte, 1) == 1);
  scene.daemon->send(0, wire::Terminate{});
  scene.daemon->die();
  DaemonEnd next = scene.take_shim();
  const auto resume = next.receive<wire::Resume>();
  REQUIRE(resume.has_value());
  CHECK(resume->checkpoint.terminating);
  next.reply(wire::Started{"abcdefgh", {}});
  const auto exited = next.receive<wire::Exited>();
  REQUIRE(exited.has_value());
  CHECK(exited->exit.kind == wire::Exit::Kind::signal);
  CHECK(exited->exit.value == SIGKILL);
  next.reply(wire::Ok{});
  CHECK(scene.receive_word().kind == ShimWord::Kind::ended);
}

TEST_CASE("a daemon that is about to have the command hung up dies: that happens all the same") {
  Scene scene("trap 'exit 5' HUP; echo ready; read line");
  scene.shim->start_command();
  char byte = 0;
  REQUIRE(::read(scene.terminal.get(), &byte, 1) == 1);
  wire::Checkpoint terminating;
  terminating.terminating = true;
  scene.daemon->send(0, terminating);
  scene.daemon->die();
  DaemonEnd next = scene.take_shim();
  REQUIRE(next.receive<wire::Resume>().has_value());
  next.reply(wire::Started{"abcdefgh", {}});
  const auto exited = next.receive<wire::Exited>();
  REQUIRE(exited.has_value());
  CHECK(exited->exit.kind == wire::Exit::Kind::code);
  CHECK(exited->exit.value == 5);
  next.reply(wire::Ok{});
  CHECK(scene.receive_word().kind == ShimWord::Kind::ended);
}

// What the shim says of a session that ends after that checkpoint.
wire::Finished end_after(const wire::Checkpoint& last) {
  Scene scene("exit 7");
  scene.shim->start_command();
  REQUIRE(scene.daemon->receive<wire::Exited>().has_value());
  scene.daemon->send(0, wire::Checkpoint{});
  scene.daemon->send(0, last);
  scene.daemon->reply(wire::Ok{});
  const ShimWord word = scene.receive_word();
  CHECK(word.kind == ShimWord::Kind::ended);
  CHECK(word.finished.exit.value == 7);
  CHECK(scene.is_shim_gone());
  return word.finished;
}

TEST_CASE("a shim tells the client what the daemon would have said about the recording") {
  const wire::Finished whole = end_after({});
  CHECK(whole.lost_bytes == 0);
  CHECK(whole.loss_reason.empty());
  CHECK_FALSE((whole.discarded || whole.paused || whole.uploading));

  wire::Checkpoint last;
  last.lost_bytes = 1'234'567'890'123;
  last.loss_reason = "No space left on device";
  last.paused = true;
  last.uploading = true;
  const wire::Finished incomplete = end_after(last);
  CHECK(incomplete.lost_bytes == 1'234'567'890'123);
  CHECK(incomplete.loss_reason == "No space left on device");
  CHECK((incomplete.paused && incomplete.uploading));
  CHECK_FALSE(incomplete.discarded);

  last.loss_reason = std::string(1000, 'x') + "yz";
  last.discarding = true;
  last.uploading = false;
  const wire::Finished discarded = end_after(last);
  CHECK(discarded.loss_reason == std::string(1000, 'x'));
  CHECK(discarded.discarded);
  CHECK_FALSE(discarded.uploading);
}

}  // namespace
}  // namespace asciinemad
