// The daemon dies under a live session, which goes on as if nothing had been.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/support/flood.h"
#include "tests/support/live_session.h"
#include "tests/support/process_facts.h"

namespace asciinemad {
namespace {

using test::Cast;
using test::contains;
using test::count_of;
using test::eventually;
using test::Flood;
using test::LiveSession;
using test::NoNewDaemon;
using test::PtyDriver;
using test::read_cast;
using test::Sandbox;

TEST_CASE("a paused session comes back paused") {
  const Sandbox sandbox;
  LiveSession session(sandbox);
  session.type("first");
  session.type("\x1c", "secret 1", "secret 1");
  test::kill_daemon(sandbox);
  session.type("secret 2");
  CHECK(contains(sandbox.log(), ": taken over, paused"));
  session.kill_daemon();
  session.type("secret 3");
  session.type("\x1c", "last", "last");
  const Cast cast = session.end();
  CHECK(cast.output() == "ready\r\ngot first.\r\ngot last.\r\n");
  CHECK_FALSE(contains(sandbox.read("a.cast"), "secret"));
}

TEST_CASE("a pause that has ended stays ended") {
  const Sandbox sandbox;
  LiveSession session(sandbox);
  session.type("\x1c", "secret", "secret");
  session.type("\x1c", "first", "first");
  session.kill_daemon();
  session.type("last");
  CHECK(session.end().output() == "ready\r\ngot first.\r\ngot last.\r\n");
}

TEST_CASE("a hotkey's prefix is typed before the kill, the key itself after it") {
  const Sandbox sandbox;
  sandbox.configure("[record]\nprefix_key = C-a\npause_key = p\n");
  LiveSession session(sandbox);
  session.terminal().send("first\r\x01");
  session.terminal().expect("got first.\r\n");
  session.kill_daemon();
  session.type("p", "secret", "secret");
  session.type("\x01p", "last", "last");
  CHECK(session.end().output() == "ready\r\ngot first.\r\ngot last.\r\n");
}

TEST_CASE("a character is half written when the daemon is killed") {
  const Sandbox sandbox;
  LiveSession session(sandbox, {"--stdin"},
                      "stty raw -echo; printf 'ready\\r\\na\\303'; head -c 2 >got; "
                      "printf '\\251b'");
  session.terminal().expect("a\xc3");
  session.terminal().send("\xc3");
  REQUIRE(test::comes_to_rest(sandbox.daemon_pid()));
  session.kill_daemon();
  session.terminal().send("\xa9");
  session.terminal().expect(
      "\xa9"
      "b");
  CHECK(session.terminal().wait().status == 0);
  const Cast cast = session.cast();
  CHECK(contains(cast.output(),
                 "a\xc3\xa9"
                 "b"));
  CHECK(cast.data("i") == "\xc3\xa9");
}

TEST_CASE("what is typed is recorded once") {
  const Sandbox sandbox;
  LiveSession session(sandbox, {"--stdin"});
  session.type("first");
  session.kill_daemon();
  session.type("second");
  session.kill_daemon();
  session.type("last");
  CHECK(session.end().data("i") == "first\rsecond\rlast\rend\r");
}

TEST_CASE("the terminal's size changes while no daemon lives") {
  const Sandbox sandbox;
  LiveSession session(sandbox);
  {
    const NoNewDaemon away(sandbox);
    test::kill_daemon(sandbox);
    session.terminal().resize({101, 31});
  }
  session.terminal().expect("resized to 31 101\r\n");
  const Cast cast = session.end();
  REQUIRE(cast.of("r").size() == 1);
  CHECK(cast.of("r")[0].data == "101x31");
}

TEST_CASE("a paste that the kill cuts in two contains no hotkeys") {
  const Sandbox sandbox;
  LiveSession session(sandbox);
  session.type("\x1b[200~", "one", "^[[200~one");
  session.kill_daemon();
  session.type("two\x1c", "three", "two^\\three");
  session.type("\x1b[201~", "four", "^[[201~four");
  session.type("\x1c", "secret", "secret");
  CHECK(session.end().output() ==
        "ready\r\ngot ^[[200~one.\r\ngot two^\\three.\r\ngot ^[[201~four.\r\n");
}

TEST_CASE("who follows the session goes on") {
  const Sandbox sandbox;
  LiveSession session(sandbox, {"--name", "live"});
  PtyDriver watcher(sandbox, {"asciinema", "play", "--follow", "live"});
  watcher.expect("ready");
  session.type("first");
  watcher.expect("got first.");
  session.kill_daemon();
  session.type("second");
  watcher.expect("got second.");
  session.kill_daemon();
  session.type("last");
  watcher.expect("got last.");
  session.end();
  CHECK(watcher.wait().status == 0);
}

TEST_CASE("time neither stands still nor runs faster") {
  using std::chrono::steady_clock;
  const Sandbox sandbox;
  const auto begin = steady_clock::now();
  LiveSession session(sandbox);
  session.type("first");
  {
    const NoNewDaemon away(sandbox);
    test::kill_daemon(sandbox);
    CHECK(sandbox.run({"sleep", "1"}).status == 0);
  }
  session.type("last");
  const auto wall =
      std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - begin);
  const auto outputs = session.end().of("o");
  REQUIRE(outputs.size() >= 3);
  CHECK(outputs.back().time_us - outputs[1].time_us >= 1'000'000);
  CHECK(outputs.back().time_us <= static_cast<std::uint64_t>(wall.count()));
}

TEST_CASE("the command ends while no daemon lives") {
  const Sandbox sandbox;
  LiveSession session(sandbox, {},
                      "echo $$ >command; trap 'echo last words; exit 5' TERM; "
                      "echo ready; while :; do read x; done");
  const pid_t command = session.command();
  {
    const NoNewDaemon away(sandbox);
    test::kill_daemon(sandbox);
    REQUIRE(::kill(command, SIGTERM) == 0);
    REQUIRE(eventually([&] { return test::is_gone(command); }));
  }
  session.terminal().expect("last words\r\n");
  CHECK(session.terminal().wait().status == 5);
  CHECK(session.cast().output() == "ready\r\nlast words\r\n");
  CHECK(eventually([&] { return sandbox.leftovers().empty(); }));
}

TEST_CASE("a recording into a FIFO goes on") {
  const Sandbox sandbox;
  REQUIRE(::mkfifo((sandbox / "fifo").c_str(), 0600) == 0);
  const test::Process reader(sandbox.launch({"sh", "-c", "cat fifo >copy"}));
  LiveSession session(sandbox, {}, LiveSession::kShowLines, "fifo");
  session.type("first");
  session.kill_daemon();
  session.type("second");
  session.kill_daemon();
  session.type("last");
  session.terminal().send("end\r");
  CHECK(session.terminal().wait().status == 7);
  REQUIRE(eventually([&] { return !reader.running(); }));
  CHECK(read_cast(sandbox / "copy").output() ==
        "ready\r\ngot first.\r\ngot second.\r\ngot last.\r\n");
}

TEST_CASE("a raw recording has each byte once") {
  const Sandbox sandbox;
  Flood flood(sandbox, {"--raw"}, "a.raw");
  for (int kill = 0; kill < 3; ++kill) {
    flood.watch(100'000);
    test::kill_daemon_at_once(sandbox);
  }
  flood.end();
  CHECK(test::takeovers(sandbox) == 3);
  CHECK((sandbox.read("a.raw") == "\x1b[8;24;80t" + flood.lines()));
}

TEST_CASE("a full-screen program, and the terminal behind it") {
  const Sandbox sandbox;
  sandbox.write("command",
                "printf '\\033[?1049hready\\r\\n'; read x; printf 'redrawn'; read x; "
                "printf '\\033[?1049l'\n");
  PtyDriver terminal(sandbox, {"sh", "-c", "read x; exec asciinema rec -q -c 'sh command' a.cast"});
  const termios before = terminal.settings();
  terminal.send("\r");
  terminal.expect("ready");
  test::kill_daemon(sandbox);
  terminal.send("\r");
  terminal.expect("redrawn");
  CHECK(test::is_raw(terminal.settings()));
  // Nothing of what the dead daemon would have undone was undone.
  CHECK(count_of(terminal.screen(), "\x1b[?1049") == 1);
  terminal.send("\r");
  CHECK(terminal.wait().status == 0);
  CHECK(terminal.screen().ends_with("\x1b[?1049l"));
  CHECK(test::same_settings(terminal.settings(), before));
}

TEST_CASE("two kills in quick succession") {
  const Sandbox sandbox;
  LiveSession session(sandbox);
  for (int round = 0; round < 2; ++round) {
    test::kill_daemon(sandbox);
    test::kill_daemon_at_once(sandbox);
    session.type("round " + std::to_string(round));
  }
  CHECK(session.end().output() == "ready\r\ngot round 0.\r\ngot round 1.\r\n");
}

}  // namespace
}  // namespace asciinemad
