// Clients, shims and daemons of protocol version 1 with those of today.

#include <doctest/doctest.h>
#include <poll.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/fd.h"
#include "proto/codec.h"
#include "proto/framing.h"
#include "tests/support/fake_daemon.h"
#include "tests/support/live_session.h"
#include "tests/support/old_session.h"

namespace asciinemad {
namespace {

using test::contains;
using test::eventually;
using test::FakeDaemon;
using test::LiveSession;
using test::OldLink;
using test::OldSession;
using test::Outcome;
using test::PtyDriver;
using test::Sandbox;

TEST_CASE("an old client asks for the status") {
  const Sandbox sandbox;
  OldLink client = test::old_client(sandbox);
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

// What the shim says at the other end of `link`, which must be that the command has ended; answers.
wire::Exit take_exit(const Fd& link) {
  wire::FrameParser parser;
  for (;;) {
    parser.append(test::read_bytes(link.get(), 1));
    auto message = parser.next();
    REQUIRE(message.ok());
    if (!message->has_value()) continue;
    const auto request = wire::decode_request(**message);
    REQUIRE(request.ok());
    const auto* exited = std::get_if<wire::Exited>(&request->body);
    REQUIRE(exited != nullptr);
    const auto answer = wire::encode(wire::Reply{request->id, wire::Ok{}, 0});
    REQUIRE((answer.ok() && write_all(link.get(), *answer, test::kWaitMs).ok()));
    return exited->exit;
  }
}

// Records `command`, which shows a line and ends with status 7, with a daemon of version 1; returns
// the line's first bytes.
std::string record_with(FakeDaemon& daemon, const Sandbox& sandbox, const std::string& command,
                        std::size_t bytes) {
  PtyDriver terminal(sandbox, {"asciinema", "rec", "-q", "--return", "-c", command, "a.cast"});
  daemon.greet();
  const auto start = daemon.receive<wire::Start>();
  CHECK(start.session.empty());
  CHECK(start.command == command);
  const std::vector<Fd> fds = std::exchange(daemon.fds(), {});
  REQUIRE(fds.size() == 5);
  daemon.reply(wire::Started{"abcdefgh", {}});
  const std::string shown = test::read_bytes(fds[0].get(), bytes).substr(0, bytes);
  wire::Finished finished;
  finished.exit = take_exit(fds[2]);
  daemon.send(0, finished);
  CHECK(terminal.wait().status == 7);
  return shown;
}

TEST_CASE("an old daemon records; the command is not told of a session that nobody can steer") {
  Sandbox sandbox;
  sandbox.environment["ASCIINEMA_SESSION"] = "abcd2222";
  FakeDaemon daemon(sandbox);
  CHECK(record_with(daemon, sandbox, "echo \"[$ASCIINEMA_SESSION]\"; exit 7", 2) == "[]");
  CHECK(eventually([&] { return test::orphans().empty(); }));
}

TEST_CASE("what an old daemon can't do is told, and how to help") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  PtyDriver mark(sandbox, {"asciinema", "mark", "-S", "abcdefgh", "here"});
  daemon.greet();
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
