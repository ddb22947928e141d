// The shared daemon: how it starts, stays alone, and ends.

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/cast.h"
#include "tests/support/pty_driver.h"
#include "tests/support/sandbox.h"

namespace asciinemad {
namespace {

using test::eventually;
using test::Launch;
using test::Outcome;
using test::Process;
using test::PtyDriver;
using test::read_cast;
using test::Sandbox;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

bool alive(pid_t pid) {
  const std::vector<pid_t> living = test::orphans();
  return std::find(living.begin(), living.end(), pid) != living.end();
}

// A session that lasts until it is told to end.
struct LongSession {
  explicit LongSession(const Sandbox& sandbox)
      : terminal(sandbox, {"asciinema", "rec", "-q", "-c", "echo ready; read x", "long.cast"}) {
    terminal.expect("ready");
  }
  void end() {
    terminal.send("\r");
    CHECK(terminal.wait().status == 0);
  }

  PtyDriver terminal;
};

TEST_CASE("the daemon starts on demand and stays for the next recording") {
  const Sandbox sandbox;
  CHECK(sandbox.daemon_pid() == 0);
  REQUIRE(sandbox.run({"asciinema", "rec", "-c", "true", "a.cast"}).status == 0);
  const pid_t daemon = sandbox.daemon_pid();
  CHECK(daemon != 0);
  REQUIRE(sandbox.run({"asciinema", "rec", "-c", "true", "b.cast"}).status == 0);
  CHECK(sandbox.daemon_pid() == daemon);
}

TEST_CASE("the daemon is out of its launcher's world") {
  Sandbox sandbox;
  sandbox.environment["SECRET"] = "of the session";
  Result<Pipe> pipe = make_pipe();
  REQUIRE(pipe.ok());
  Launch launch = sandbox.launch(
      {"sh", "-c", "umask 0; trap '' TERM INT; exec asciinema rec -q -c true a.cast"});
  launch.inherited = {pipe->write_end.get()};
  CHECK(Process(launch).wait().status == 0);
  const pid_t daemon = sandbox.daemon_pid();
  REQUIRE(daemon != 0);
  const std::string proc = "/proc/" + std::to_string(daemon);
  CHECK(std::filesystem::read_symlink(proc + "/cwd") == "/");
  CHECK(test::stat_field(daemon, 6) == std::to_string(daemon));  // leads a session
  CHECK(test::stat_field(daemon, 7) == "0");                     // without a terminal
  CHECK(contains(sandbox.run({"grep", "Umask", proc + "/status"}).out, "0077"));
  CHECK_FALSE(contains(sandbox.run({"cat", proc + "/environ"}).out, "SECRET"));
  for (const char* fd : {"0", "1", "2"}) {
    CHECK(std::filesystem::read_symlink(proc + "/fd/" + fd) == "/dev/null");
  }
  // Nobody but this test has the pipe's other end.
  pipe->write_end.reset();
  CHECK(test::read_until_end(pipe->read_end.get()).empty());
  struct stat info {};
  REQUIRE(::stat(sandbox.socket_path().c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0600);
  REQUIRE(::stat((sandbox.dir() / "run/asciinemad").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0700);
  REQUIRE(::stat((sandbox.dir() / "state/asciinema/asciinemad.log").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0600);
  REQUIRE(::kill(daemon, SIGTERM) == 0);  // not ignored either
  CHECK(eventually([&] { return !alive(daemon); }));
}

TEST_CASE("fifty clients at once get one daemon") {
  const Sandbox sandbox;
  std::vector<std::unique_ptr<Process>> clients;
  for (int i = 0; i < 50; ++i) {
    clients.push_back(std::make_unique<Process>(sandbox.launch(
        {"asciinema", "rec", "-q", "-c", "printf hello", std::to_string(i) + ".cast"})));
  }
  for (const auto& client : clients) CHECK(client->wait().status == 0);
  for (int i = 0; i < 50; ++i) {
    CHECK(read_cast(sandbox / (std::to_string(i) + ".cast")).output() == "hello");
  }
  const pid_t daemon = sandbox.daemon_pid();
  CHECK(daemon != 0);
  CHECK(eventually([&] { return test::orphans() == std::vector<pid_t>{daemon}; }));
  // Each session was this daemon's: nobody had to use one of their own.
  const std::string log = sandbox.log();
  std::size_t sessions = 0;
  for (std::size_t at = 0; (at = log.find(": started, ", at)) != std::string::npos; ++at)
    ++sessions;
  CHECK(sessions == 50);
  CHECK_FALSE(contains(log, "private"));
}

TEST_CASE("the socket of a daemon that died is replaced") {
  const Sandbox sandbox;
  REQUIRE(sandbox.run({"asciinema", "daemon", "start"}).status == 0);
  const pid_t first = sandbox.daemon_pid();
  REQUIRE(::kill(first, SIGKILL) == 0);
  CHECK(eventually([&] { return !alive(first); }));
  CHECK(exists(sandbox.socket_path()));
  const Outcome outcome = sandbox.run({"asciinema", "rec", "-c", "printf hello", "a.cast"});
  CHECK(outcome.status == 0);
  CHECK_FALSE(contains(outcome.err, "private"));
  CHECK(sandbox.daemon_pid() != 0);
}

TEST_CASE("a second daemon leaves the first one's socket alone") {
  const Sandbox sandbox;
  REQUIRE(sandbox.run({"asciinema", "daemon", "start"}).status == 0);
  const pid_t first = sandbox.daemon_pid();
  const Outcome second = sandbox.run({"asciinemad"});
  CHECK(second.status == 1);
  CHECK(contains(second.err, "another asciinemad serves this socket already"));
  CHECK(sandbox.daemon_pid() == first);
}

TEST_CASE("an idle daemon that was started on demand ends") {
  Sandbox sandbox;
  sandbox.environment["ASCIINEMAD_IDLE_EXIT"] = "1";
  REQUIRE(sandbox.run({"asciinema", "rec", "-c", "true", "a.cast"}).status == 0);
  CHECK(eventually([] { return test::orphans().empty(); }));
  CHECK_FALSE(exists(sandbox.socket_path()));
  CHECK(contains(sandbox.log(), "idle"));
}

TEST_CASE("a daemon with a session is not idle") {
  Sandbox sandbox;
  sandbox.environment["ASCIINEMAD_IDLE_EXIT"] = "1";
  LongSession session(sandbox);
  const pid_t daemon = sandbox.daemon_pid();
  // Another one that is longer than the daemon's patience.
  CHECK(sandbox.run({"asciinema", "rec", "-c", "sleep 2", "a.cast"}).status == 0);
  CHECK(sandbox.daemon_pid() == daemon);
  session.end();
  CHECK(eventually([&] { return !alive(daemon); }));
}

TEST_CASE("start, status, restart and stop") {
  const Sandbox sandbox;
  const Outcome absent = sandbox.run({"asciinema", "daemon", "status"});
  CHECK(absent.status == 1);
  CHECK(contains(absent.err, "no asciinemad runs at " + sandbox.socket_path()));
  CHECK(sandbox.daemon_pid() == 0);

  CHECK(sandbox.run({"asciinema", "daemon", "start"}).status == 0);
  const pid_t first = sandbox.daemon_pid();
  CHECK(first != 0);
  CHECK(sandbox.run({"asciinema", "daemon", "start"}).status == 0);
  CHECK(sandbox.daemon_pid() == first);

  const Outcome status = sandbox.run({"asciinema", "daemon", "status"});
  CHECK(status.status == 0);
  CHECK(contains(status.out, "pid " + std::to_string(first) + ","));
  CHECK(contains(status.out, "socket: " + sandbox.socket_path() + "\n"));
  CHECK(contains(status.out, "log: " + (sandbox.dir() / "state/asciinema/asciinemad.log") + "\n"));
  CHECK(contains(status.out, "sessions: 0\n"));

  CHECK(sandbox.run({"asciinema", "daemon", "restart"}).status == 0);
  const pid_t second = sandbox.daemon_pid();
  CHECK(second != 0);
  CHECK(second != first);

  CHECK(sandbox.run({"asciinema", "daemon", "stop"}).status == 0);
  CHECK(eventually([&] { return !alive(second); }));
  CHECK_FALSE(exists(sandbox.socket_path()));
  CHECK(sandbox.run({"asciinema", "daemon", "stop"}).status == 0);
  CHECK(sandbox.run({"asciinema", "daemon", "restart"}).status == 0);
  CHECK(sandbox.daemon_pid() != 0);
}

TEST_CASE("verbs may be shortened, and wrong ones are told") {
  const Sandbox sandbox;
  CHECK(sandbox.run({"asciinema", "da", "stat"}).status == 1);
  const Outcome ambiguous = sandbox.run({"asciinema", "daemon", "sta"});
  CHECK(ambiguous.status == 2);
  CHECK(contains(ambiguous.err, "start"));
  CHECK(contains(ambiguous.err, "status"));
  CHECK(contains(sandbox.run({"asciinema", "daemon", "stpo"}).err, "stop"));
  CHECK(sandbox.run({"asciinema", "daemon"}).status == 2);
  CHECK(sandbox.daemon_pid() == 0);
}

TEST_CASE("stop is refused while a session lives, unless forced") {
  const Sandbox sandbox;
  LongSession session(sandbox);
  const pid_t daemon = sandbox.daemon_pid();
  const Outcome status = sandbox.run({"asciinema", "daemon", "status"});
  CHECK(contains(status.out, "sessions: 1\n"));
  CHECK(contains(status.out, "long.cast"));
  CHECK(contains(status.out, "80x24"));
  const Outcome refused = sandbox.run({"asciinema", "daemon", "stop"});
  CHECK(refused.status == 1);
  CHECK(contains(refused.err, "1 session is being recorded; --force ends them"));
  CHECK(sandbox.daemon_pid() == daemon);
  CHECK(sandbox.run({"asciinema", "daemon", "stop", "--force"}).status == 0);
  CHECK(session.terminal.wait().status == 0);
  CHECK(contains(read_cast(sandbox / "long.cast").output(), "ready"));
  CHECK(eventually([] { return test::orphans().empty(); }));
}

TEST_CASE("the daemon's log is bounded") {
  const Sandbox sandbox;
  constexpr std::uintmax_t kLimit = std::uintmax_t{1} << 20;
  const std::string log =
      sandbox.dir().write("state/asciinema/asciinemad.log", std::string(kLimit, 'x') + "\n");
  REQUIRE(sandbox.run({"asciinema", "rec", "-c", "true", "a.cast"}).status == 0);
  CHECK(std::filesystem::file_size(log) < kLimit);
  CHECK(std::filesystem::file_size(log + ".1") >= kLimit);
}

TEST_CASE("a daemon that cannot be started is a clear error with the log's path") {
  Sandbox sandbox;
  // A copy of the client, with no daemon beside it.
  std::filesystem::create_directory(sandbox / "bin");
  std::filesystem::copy_file(test::build_root() + "/asciinema", sandbox / "bin/asciinema");
  sandbox.write("bin/asciinemad", "#!/bin/sh\nexit 3\n");
  REQUIRE(::chmod((sandbox / "bin/asciinemad").c_str(), 0700) == 0);
  const Outcome outcome = sandbox.run({"bin/asciinema", "rec", "-c", "true", "a.cast"});
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.err, "cannot start asciinemad"));
  CHECK(contains(outcome.err, "asciinemad.log"));
  CHECK_FALSE(exists(sandbox / "a.cast"));
}

}  // namespace
}  // namespace asciinemad
