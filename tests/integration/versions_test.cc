// Clients, shims and daemons of protocol version 1 with those of today.
//
// The old ones are played by what Cap'n Proto's own tool makes of the schema as it was then.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/fd.h"
#include "proto/codec.h"
#include "proto/framing.h"
#include "tests/support/fake_daemon.h"
#include "tests/support/live_session.h"

namespace asciinemad {
namespace {

using test::contains;
using test::eventually;
using test::FakeDaemon;
using test::LiveSession;
using test::Outcome;
using test::PtyDriver;
using test::Sandbox;

// What the tool makes of `input`, with `how` before the schema.
std::string capnp(const Sandbox& sandbox, std::vector<std::string> how, const std::string& type,
                  std::string_view input) {
  how.insert(how.begin(), "capnp");
  how.push_back(test::source_root() + "/tests/golden/asciinemad-v1.capnp");
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
      REQUIRE_MESSAGE(test::deadline_in().wait(socket_.get(), POLLIN), "the daemon says nothing");
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

Fd connect_to(const std::string& path) {
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  REQUIRE(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  return socket;
}

OldLink old_client(const Sandbox& sandbox) {
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
  void print(std::string_view text) const {
    REQUIRE(write_all(slave_.get(), text, test::kWaitMs).ok());
  }
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

TEST_CASE("an old client asks for the status") {
  const Sandbox sandbox;
  OldLink client = old_client(sandbox);
  const LiveSession session(sandbox);
  const std::string status = client.ask("(id = 7, status = void)");
  CHECK(contains(status, "id = 7"));
  CHECK(contains(status, "pid = " + std::to_string(sandbox.daemon_pid())));
  CHECK(contains(status, "path = \"a.cast\""));
}

TEST_CASE("an old client and an old shim record a session") {
  const Sandbox sandbox;
  OldSession session(sandbox);
  session.print("first\n");
  CHECK(contains(session.client().ask("(id = 3, resize = (cols = 101, rows = 31))"),
                 "(id = 3, ok = void"));
  // Those of today can work with it.
  CHECK(contains(sandbox.run({"asciinema", "ls"}).out, session.id()));
  CHECK(sandbox.run({"asciinema", "mark", "-S", session.id(), "here"}).status == 0);
  session.print("last\n");
  session.exit(3);
  const test::Cast cast = test::read_cast(sandbox / "a.cast");
  CHECK(cast.output() == "first\r\nlast\r\n");
  REQUIRE(cast.of("r").size() == 1);
  CHECK(cast.of("r")[0].data == "101x31");
  CHECK(cast.data("m") == "here");
}

TEST_CASE("restart is refused while an old session lives, unless forced") {
  const Sandbox sandbox;
  OldSession session(sandbox);
  const pid_t daemon = sandbox.daemon_pid();
  const Outcome refused = sandbox.run({"asciinema", "daemon", "restart"});
  CHECK(refused.status == 1);
  CHECK(contains(refused.err, "1 session was started by an older asciinema and would end"));
  CHECK(contains(refused.err, "--force ends them"));
  CHECK(sandbox.daemon_pid() == daemon);
  session.print("on\n");

  test::Process restart(sandbox.launch({"asciinema", "daemon", "restart", "--force"}));
  CHECK(contains(session.shim_event(), "terminate = void"));
  session.exit(0);
  CHECK(test::read_cast(sandbox / "a.cast").output() == "on\r\n");
  restart.wait();
  CHECK(eventually([&] { return sandbox.daemon_pid() != 0; }));
  CHECK(sandbox.daemon_pid() != daemon);
}

// Records `command` with a daemon of version 1; returns what the command shows.
std::string record_with(FakeDaemon& daemon, const Sandbox& sandbox, const std::string& command) {
  PtyDriver terminal(sandbox, {"asciinema", "rec", "-q", "--return", "-c", command, "a.cast"});
  daemon.greet();
  const auto start = daemon.receive<wire::Start>();
  CHECK(start.session.empty());
  CHECK(start.command == command);
  std::vector<Fd> fds = std::exchange(daemon.fds(), {});
  REQUIRE(fds.size() == 5);
  daemon.reply(wire::Started{"abcdefgh", {}});

  wire::FrameParser parser;
  std::optional<wire::Request> exited;
  while (!exited.has_value()) {
    REQUIRE(test::deadline_in().wait(fds[2].get(), POLLIN));
    parser.append(test::read_bytes(fds[2].get(), 1));
    auto message = parser.next();
    REQUIRE(message.ok());
    if (message->has_value()) exited = *wire::decode_request(**message);
  }
  const auto* how = std::get_if<wire::Exited>(&exited->body);
  REQUIRE(how != nullptr);
  std::array<char, 4096> output{};
  const ssize_t bytes = ::read(fds[0].get(), output.data(), output.size());
  REQUIRE(bytes >= 0);
  const auto answer = wire::encode(wire::Reply{exited->id, wire::Ok{}, 0});
  REQUIRE((answer.ok() && write_all(fds[2].get(), *answer, test::kWaitMs).ok()));
  wire::Finished finished;
  finished.exit = how->exit;
  daemon.send(0, finished);
  CHECK(terminal.wait().status == 7);
  return {output.data(), static_cast<std::size_t>(bytes)};
}

TEST_CASE("an old daemon records; the command is not told of a session that nobody can steer") {
  Sandbox sandbox;
  sandbox.environment["ASCIINEMA_SESSION"] = "abcd2222";
  FakeDaemon daemon(sandbox);
  CHECK(record_with(daemon, sandbox, "echo \"[$ASCIINEMA_SESSION]\"; exit 7") == "[]\r\n");
  CHECK(eventually([&] { return test::orphans().empty(); }));
}

TEST_CASE("what an old daemon can't do is told, and how to help") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  PtyDriver mark(sandbox, {"asciinema", "mark", "-S", "abcdefgh", "here"});
  daemon.greet();
  daemon.receive<wire::Steer>();
  daemon.reply(wire::ErrorReply{wire::ErrorCode::unsupported, "request 20 is not known"});
  CHECK(mark.wait().status == 1);
  CHECK(contains(mark.screen(), "the asciinemad that runs is too old"));
  CHECK(contains(mark.screen(), "asciinema daemon restart"));

  sandbox.write("a.cast", "kept");
  PtyDriver rec(sandbox,
                {"asciinema", "rec", "--overwrite", "--name", "x", "-c", "echo hi", "a.cast"});
  daemon.greet();
  CHECK(rec.wait().status == 1);
  CHECK(contains(rec.screen(), "the asciinemad that runs is too old for --name"));
  CHECK(sandbox.read("a.cast") == "kept");
}

wire::StatusReply status_with_session() {
  wire::StatusReply status;
  status.sessions.emplace_back();
  status.sessions.back().session = "abcdefgh";
  return status;
}

TEST_CASE("restart of an old daemon with sessions is refused, unless forced") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  PtyDriver refused(sandbox, {"asciinema", "daemon", "restart"});
  daemon.greet();
  daemon.receive<wire::GetStatus>();
  daemon.reply(status_with_session());
  CHECK(daemon.is_left());
  CHECK(refused.wait().status == 1);
  CHECK(contains(refused.screen(), "too old to hand its sessions over (1); --force ends them"));

  PtyDriver forced(sandbox, {"asciinema", "daemon", "restart", "--force"});
  daemon.greet();
  daemon.receive<wire::GetStatus>();
  daemon.reply(status_with_session());
  CHECK(daemon.receive<wire::Shutdown>().force);
  daemon.reply(wire::Ok{});
  daemon.die();
  CHECK(forced.wait().status == 0);
  CHECK(sandbox.daemon_pid() != 0);
  CHECK(sandbox.daemon_pid() != ::getpid());
}

std::string program_of(pid_t pid) {
  return std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/exe");
}

// As package managers do it: the file that runs stays, its name becomes another file's.
TEST_CASE("programs are replaced under a session") {
  Sandbox sandbox;
  test::install_programs(sandbox);
  const std::string directory = sandbox / "bin";
  LiveSession session(sandbox);
  for (const char* program : {"/asciinema", "/asciinemad"}) {
    const std::string path = directory + program;
    std::filesystem::copy_file(path, path + ".new");
    std::filesystem::rename(path + ".new", path);
  }
  CHECK(program_of(sandbox.daemon_pid()) == directory + "/asciinemad (deleted)");
  CHECK(sandbox.run({"asciinema", "daemon", "restart"}).status == 0);
  CHECK(program_of(sandbox.daemon_pid()) == directory + "/asciinemad");
  session.type("first");
  // Its shim is of the program that was replaced, and finds the new one.
  session.kill_daemon();
  session.type("last");
  CHECK(program_of(sandbox.daemon_pid()) == directory + "/asciinemad");
  CHECK(session.end().output() == "ready\r\ngot first.\r\ngot last.\r\n");
}

}  // namespace
}  // namespace asciinemad
