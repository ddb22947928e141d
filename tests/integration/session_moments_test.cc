// What happens at the wrong moment: ends, kills and restarts while something else is under way.

#include <doctest/doctest.h>
#include <signal.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/detached_session.h"
#include "tests/support/live_session.h"
#include "tests/support/sanitized.h"

namespace asciinemad {
namespace {

using test::Attached;
using test::contains;
using test::DetachedSession;
using test::ends;
using test::eventually;
using test::kShowLines;
using test::left_on;
using test::LiveSession;
using test::Outcome;
using test::PtyDriver;
using test::Sandbox;

constexpr const char* kTurnMuchOn = "printf '\\033[?1049h\\033[?1000h\\033[?2004h\\033[?25lready'";

TEST_CASE("who is stopped from elsewhere gets the terminal back as it was") {
  const Sandbox sandbox;
  const auto check = [&](const std::vector<std::string>& words) {
    PtyDriver terminal(sandbox, {"asciinema", "rec", "-q", "-c",
                                 std::string(kTurnMuchOn) + "; exec cat", "a.cast", "--overwrite"});
    terminal.expect("ready");
    CHECK_FALSE(left_on(terminal.screen()).empty());
    CHECK(sandbox.run(words).status == 0);
    terminal.wait();
    CAPTURE(terminal.screen());
    CHECK(left_on(terminal.screen()).empty());
  };
  check({"asciinema", "stop"});
  check({"asciinema", "discard"});
  check({"asciinema", "daemon", "stop", "--force"});
}

TEST_CASE("a recording that cannot be removed: discard says so") {
  const Sandbox sandbox;
  const DetachedSession session(sandbox, std::string(kShowLines));
  session.has_recorded("ready");
  if (sandbox.run({"sh", "-c", "chattr +a a.cast"}).status != 0) {
    MESSAGE("skipped: chattr +a is not permitted here");
    return;
  }
  const Outcome outcome = sandbox.run({"asciinema", "discard", "-S", session.id()});
  CHECK(sandbox.run({"sh", "-c", "chattr -a a.cast"}).status == 0);
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.err, "its recording is still there"));
  CHECK(contains(outcome.err, "Operation not permitted"));
  CHECK(contains(session.recorded(), "ready"));
}

TEST_CASE("restarting does not wait for those who look on, and they stay") {
  const Sandbox sandbox;
  const DetachedSession session(sandbox);
  Attached typist(sandbox, session.id());
  Attached onlooker(sandbox, session.id(), {"--read-only"});
  const pid_t before = test::await_daemon(sandbox);
  CHECK(sandbox.run({"asciinema", "daemon", "restart"}).status == 0);
  CHECK(eventually([&] { return test::is_gone(before); }));
  typist.type_line("one");
  onlooker.expect("got one.");
  typist.send("end\r");
  CHECK(typist.wait().status == 0);
  CHECK(onlooker.wait().status == 0);
}

TEST_CASE("a hand-over right behind the key that ends a pause") {
  const Sandbox sandbox;
  LiveSession session(sandbox, {},
                      "stty -echo -isig; echo ready; read -r x; : >read; sleep 0.03; echo \"$x\"; "
                      "read -r x; echo \"$x\"; exit 7");
  session.terminal().send("\x1csecret\r\x1c");
  REQUIRE(eventually([&] { return std::filesystem::exists(sandbox / "read"); }));
  const pid_t daemon = test::await_daemon(sandbox);
  REQUIRE(::kill(daemon, SIGTERM) == 0);
  REQUIRE(eventually([&] { return test::is_gone(daemon); }));
  session.terminal().expect("secret");
  session.terminal().send("shown\r");
  session.terminal().expect("shown");
  CHECK(session.terminal().wait().status == 7);
  CHECK(session.cast().output() == "ready\r\nshown\r\n");
}

TEST_CASE("a hand-over ends when the program has read what was typed") {
  const Sandbox sandbox;
  const DetachedSession session(
      sandbox,
      "stty raw -echo; printf ready; until [ -e go ]; do :; done; head -c 20000 >got; cat");
  session.has_recorded("ready");
  session.send(std::string(20'000, 'x'));
  const pid_t daemon = test::await_daemon(sandbox);
  REQUIRE(::kill(daemon, SIGTERM) == 0);
  sandbox.write("go", "");
  CHECK(eventually([&] { return test::is_gone(daemon); }));
  CHECK(eventually([&] { return sandbox.read("got").size() == 20'000; }));
  CHECK_FALSE(contains(sandbox.log(), "that nobody has taken"));
}

// A session with so much in its recording that working the screen out takes a moment.
class LongSession : public DetachedSession {
 public:
  LongSession(const Sandbox& sandbox, const std::string& command)
      : DetachedSession(prepared(sandbox), command, {"--append"}), sandbox_(sandbox) {}

  // Until that many more bytes are recorded. Not by reading it all.
  void has_grown_by(std::size_t bytes) const {
    REQUIRE(eventually(
        [&] { return std::filesystem::file_size(sandbox_ / "a.cast") > kBytes + bytes; }));
  }

 private:
  static constexpr std::size_t kEvents = test::kSanitized ? 4'000 : 40'000;
  static constexpr std::string_view kHeader = "{\"version\": 2, \"width\": 80, \"height\": 24}\n";
  static constexpr std::string_view kColour = "\\u001b[31mx\\u001b[m";
  static constexpr std::string_view kBegin = "[1.0, \"o\", \"";
  static constexpr std::string_view kEnd = "\"]\n";
  static constexpr std::size_t kColours = 50;
  static constexpr std::size_t kBytes =
      kHeader.size() + kEvents * (kBegin.size() + kColours * kColour.size() + kEnd.size());

  static const Sandbox& prepared(const Sandbox& sandbox) {
    std::string event(kBegin);
    for (std::size_t i = 0; i < kColours; ++i) event += kColour;
    event += kEnd;
    std::string recording(kHeader);
    for (std::size_t i = 0; i < kEvents; ++i) recording += event;
    sandbox.write("a.cast", recording);
    return sandbox;
  }

  const Sandbox& sandbox_;
};

TEST_CASE("the daemon dies while it works the screen out for a client") {
  const Sandbox sandbox;
  const LongSession session(sandbox, "stty -echo; printf '%200s\\033[2J\\033[Hready'; cat");
  session.has_grown_by(200);
  for (const int signal : {SIGKILL, SIGTERM}) {
    PtyDriver terminal(sandbox, {"asciinema", "attach", session.id()});
    REQUIRE(eventually([&] { return session.attached(); }));
    REQUIRE(::kill(test::await_daemon(sandbox), signal) == 0);
    terminal.expect("ready");
    CHECK(sandbox.run({"asciinema", "detach", "-S", session.id()}).status == 0);
    CHECK(terminal.wait().status == 0);
  }
}

TEST_CASE("a program asks for the cursor, and then somebody attaches") {
  const Sandbox sandbox;
  const LongSession session(sandbox,
                            "stty raw -echo; printf '%200s\\033[2J\\033[3;5H\\033[6n'; "
                            "head -c 6 >answer; printf '\\033[7;9Hready'; cat");
  session.has_grown_by(200);
  Attached terminal(sandbox, session.id());
  CHECK(sandbox.read("answer") == "\x1b[3;5R");
}

TEST_CASE("the client is stopped while it waits for the screen") {
  const Sandbox sandbox;
  const LongSession session(sandbox, "stty -echo; printf '%200s\\033[2J\\033[Hready'; cat");
  session.has_grown_by(200);
  PtyDriver terminal(sandbox, {"bash", "-ic",
                               "set -m; sh -c 'echo $$ >pid; exec asciinema attach'; echo away; "
                               "read -r x; fg; cat"});
  REQUIRE(eventually([&] { return session.attached(); }));
  REQUIRE(::kill(std::stoi(sandbox.read("pid")), SIGTSTP) == 0);
  terminal.expect("away");
  REQUIRE(test::comes_to_rest(test::await_daemon(sandbox)));
  terminal.send("\r");
  terminal.expect("ready");
  CHECK(sandbox.run({"asciinema", "stop", "-S", session.id()}).status == 0);
  CHECK(ends(sandbox, session.id()));
}

}  // namespace
}  // namespace asciinemad
