// Daemons that are told to go, clients that die, and what becomes of sessions that no daemon can
// take over.

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/flood.h"
#include "tests/support/live_session.h"

namespace asciinemad {
namespace {

using test::contains;
using test::count_of;
using test::eventually;
using test::Flood;
using test::LiveSession;
using test::Outcome;
using test::PtyDriver;
using test::Sandbox;

bool no_session_lives(const Sandbox& sandbox) {
  return sandbox.run({"asciinema", "ls"}).out.empty();
}

TEST_CASE("twenty sessions survive one kill, and one daemon takes them all") {
  const Sandbox sandbox;
  std::array<std::unique_ptr<LiveSession>, 20> sessions;
  for (std::size_t i = 0; i < sessions.size(); ++i) {
    sessions[i] = std::make_unique<LiveSession>(
        sandbox, std::vector<std::string>{}, LiveSession::kShowLines, std::to_string(i) + ".cast");
  }
  test::kill_daemon(sandbox);
  for (std::size_t i = 0; i < sessions.size(); ++i) sessions[i]->type("line " + std::to_string(i));
  for (std::size_t i = 0; i < sessions.size(); ++i) {
    sessions[i]->terminal().send("end\r");
    CHECK(sessions[i]->terminal().wait().status == 7);
    CHECK(sessions[i]->cast().output() == "ready\r\ngot line " + std::to_string(i) + ".\r\n");
  }
  CHECK(test::takeovers(sandbox) == 20);
  CHECK(count_of(sandbox.log(), " serves\n") == 2);
}

TEST_CASE("restarted while a program floods the terminal") {
  const Sandbox sandbox;
  Flood flood(sandbox, {}, "a.cast");
  pid_t before = test::await_daemon(sandbox);
  for (int i = 0; i < 2; ++i) {
    flood.watch(200'000);
    // The client that restarts it must not be all that reads here.
    const test::Process restart(sandbox.launch({"asciinema", "daemon", "restart"}));
    REQUIRE(flood.terminal().read_until([&] { return !restart.running(); }));
    CHECK(sandbox.daemon_pid() != before);
    before = sandbox.daemon_pid();
  }
  flood.end();
  CHECK((flood.terminal().screen() == flood.lines()));
  CHECK((flood.cast().output() == flood.lines()));
  CHECK(count_of(sandbox.log(), "handing over to the next daemon") == 2);
}

TEST_CASE("ended by SIGTERM while a program floods the terminal") {
  const Sandbox sandbox;
  Flood flood(sandbox, {}, "a.cast");
  for (int i = 0; i < 2; ++i) {
    const pid_t daemon = test::await_daemon(sandbox);
    flood.watch(200'000);
    REQUIRE(::kill(daemon, SIGTERM) == 0);
    REQUIRE(flood.terminal().read_until([&] { return test::is_gone(daemon); }));
  }
  flood.end();
  CHECK((flood.terminal().screen() == flood.lines()));
  CHECK((flood.cast().output() == flood.lines()));
}

TEST_CASE("a script goes on setting markers while daemons come and go") {
  const Sandbox sandbox;
  LiveSession session(sandbox, {},
                      "echo ready; n=0; until [ -e enough ]; do n=$((n + 1)); "
                      "asciinema mark $n || break; done; echo $n >last; exit 7");
  for (int i = 0; i < 5; ++i) {
    const std::size_t before = count_of(sandbox.read("a.cast"), "\"m\"");
    const bool goes_on =
        eventually([&] { return count_of(sandbox.read("a.cast"), "\"m\"") > before + 5; });
    REQUIRE_MESSAGE(goes_on, sandbox.read("a.cast"));
    const pid_t daemon = test::await_daemon(sandbox);
    REQUIRE(::kill(daemon, SIGTERM) == 0);
    REQUIRE(eventually([&] { return test::is_gone(daemon); }));
  }
  sandbox.write("enough", "");
  CHECK(session.terminal().wait().status == 7);
  CHECK(session.terminal().screen() == "ready\r\n");
  int last = 0;
  for (const EventLine& marker : session.cast().of("m")) {
    CHECK(marker.data == std::to_string(++last));
  }
  CHECK(last == std::stoi(sandbox.read("last")));
  CHECK(test::takeovers(sandbox) == 5);
}

TEST_CASE("restart says what goes on; paused sessions stay so") {
  const Sandbox sandbox;
  LiveSession one(sandbox, {}, LiveSession::kShowLines, "1.cast");
  LiveSession two(sandbox, {}, LiveSession::kShowLines, "2.cast");
  one.type("\x1c", "secret 1", "secret 1");
  const Outcome restarted = sandbox.run({"asciinema", "daemon", "restart"});
  CHECK(restarted.status == 0);
  CHECK(contains(restarted.err, "2 sessions go on"));
  one.type("secret 2");
  two.type("shown");
  one.type("\x1c", "last", "last");
  one.terminal().send("end\r");
  CHECK(one.terminal().wait().status == 7);
  CHECK(one.cast().output() == "ready\r\ngot last.\r\n");
  CHECK(two.end().output() == "ready\r\ngot shown.\r\n");
}

TEST_CASE("stop is refused, stop --force ends") {
  const Sandbox sandbox;
  LiveSession session(sandbox);
  const pid_t command = session.command();
  const Outcome refused = sandbox.run({"asciinema", "daemon", "stop"});
  CHECK(refused.status == 1);
  CHECK(contains(refused.err, "1 session is being recorded; --force ends them"));
  session.type("first");
  CHECK(sandbox.run({"asciinema", "daemon", "stop", "--force"}).status == 0);
  CHECK(session.terminal().wait().status == 128 + SIGHUP);
  CHECK(test::is_gone(command));
  CHECK(session.cast().output() == "ready\r\ngot first.\r\n");
  CHECK(sandbox.daemon_pid() == 0);
  CHECK(eventually([] { return test::orphans().empty(); }));
}

TEST_CASE("the client dies: its command goes, and the recording is whole") {
  for (const bool killed : {true, false}) {
    CAPTURE(killed);
    const Sandbox sandbox;
    LiveSession session(sandbox);
    session.type("first");
    if (killed) {
      session.terminal().signal(SIGKILL);
    } else {
      session.terminal().close();
    }
    session.terminal().wait();
    CHECK(eventually([&] { return test::is_gone(session.command()); }));
    CHECK(eventually([&] { return sandbox.leftovers().empty(); }));
    CHECK(no_session_lives(sandbox));
    CHECK(session.cast().output() == "ready\r\ngot first.\r\n");
  }
}

// Has the command of an orphaned session say so, and ends it.
void check_lives_on(const Sandbox& sandbox, const LiveSession& session) {
  const auto asciinema = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "asciinema");
    const Outcome outcome = sandbox.run(words);
    CAPTURE(outcome.err);
    CHECK(outcome.status == 0);
    return outcome.out;
  };
  test::await_daemon(sandbox);
  REQUIRE(eventually([&] { return contains(asciinema({"ls"}), "live"); }));
  asciinema({"send", "-S", "live", "alone\r"});
  CHECK(eventually([&] { return contains(sandbox.read("a.cast"), "got alone."); }));
  asciinema({"send", "-S", "live", "end\r"});
  CHECK(eventually([&] { return sandbox.leftovers().empty(); }));
  CHECK(session.cast().output() == "ready\r\ngot first.\r\ngot alone.\r\n");
}

TEST_CASE("the client of a session that may detach dies: it lives on") {
  for (const bool killed : {true, false}) {
    CAPTURE(killed);
    const Sandbox sandbox;
    LiveSession session(sandbox, {"--detach", "--name", "live"});
    session.type("first");
    if (killed) {
      session.terminal().signal(SIGKILL);
    } else {
      session.terminal().close();
    }
    session.terminal().wait();
    check_lives_on(sandbox, session);
  }
}

TEST_CASE("client and daemon die together: the command goes, and the recording is whole") {
  const Sandbox sandbox;
  LiveSession session(sandbox);
  session.type("first");
  session.terminal().signal(SIGKILL);
  test::kill_daemon(sandbox);
  session.terminal().wait();
  CHECK(eventually([&] { return test::is_gone(session.command()); }));
  CHECK(eventually([&] { return sandbox.leftovers().empty(); }));
  CHECK(session.cast().output() == "ready\r\ngot first.\r\n");
}

TEST_CASE("client and daemon of a session that may detach die together: it lives on") {
  const Sandbox sandbox;
  LiveSession session(sandbox, {"--detach", "--name", "live"});
  session.type("first");
  session.terminal().signal(SIGKILL);
  test::kill_daemon(sandbox);
  session.terminal().wait();
  check_lives_on(sandbox, session);
}

// The command runs on, unrecorded, and the user knows.
void check_goes_on_unrecorded(const Sandbox& sandbox, LiveSession& session,
                              const std::string& reason) {
  session.terminal().expect("recording has STOPPED: " + reason, 15'000);
  session.terminal().expect("The last lines of ");
  session.terminal().expect("info: ");
  session.type("unrecorded");
  session.terminal().resize({90, 20});
  session.terminal().expect("resized to 20 90\r\n");
  session.terminal().send("end\r");
  const Outcome outcome = session.terminal().wait();
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.out, "recording has stopped"));
  CHECK(eventually([&] { return sandbox.leftovers().empty(); }));
}

TEST_CASE("daemons that die again and again are given up") {
  const Sandbox sandbox;
  LiveSession session(sandbox);
  std::string expected = "ready\r\n";
  for (int i = 0; i < 5; ++i) {
    session.kill_daemon();
    session.type("line " + std::to_string(i));
    expected += "got line " + std::to_string(i) + ".\r\n";
  }
  test::kill_daemon(sandbox);
  check_goes_on_unrecorded(sandbox, session, "asciinemad died 6 times within a minute");
  CHECK(session.cast().output() == expected);
  CHECK(test::takeovers(sandbox) == 5);
}

TEST_CASE("a daemon that cannot be started again") {
  Sandbox sandbox;
  test::install_programs(sandbox);
  LiveSession session(sandbox);
  session.type("first");
  std::filesystem::rename(sandbox / "bin/asciinemad", sandbox / "bin/away");
  test::kill_daemon(sandbox);
  check_goes_on_unrecorded(sandbox, session,
                           "cannot start asciinemad: execute asciinemad: No such");
  CHECK(session.cast().output() == "ready\r\ngot first.\r\n");
}

TEST_CASE("a daemon that can't be started for a moment, as in an upgrade") {
  Sandbox sandbox;
  test::install_programs(sandbox);
  LiveSession session(sandbox);
  std::filesystem::rename(sandbox / "bin/asciinemad", sandbox / "bin/away");
  test::kill_daemon(sandbox);
  session.terminal().send("meanwhile\r");
  CHECK(sandbox.run({"sleep", "0.5"}).status == 0);
  CHECK(sandbox.daemon_pid() == 0);
  std::filesystem::rename(sandbox / "bin/away", sandbox / "bin/asciinemad");
  session.terminal().expect("got meanwhile.\r\n");
  CHECK(session.end().output() == "ready\r\ngot meanwhile.\r\n");
}

}  // namespace
}  // namespace asciinemad
