// A secret typed in a pause stays out of the recording even when the key that ends the pause comes
// in the same write, so before the secret's echo.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/cast.h"
#include "tests/support/guest.h"
#include "tests/support/peer.h"
#include "tests/support/pty_driver.h"
#include "tests/support/sandbox.h"

namespace asciinemad {
namespace {

using test::Cast;
using test::eventually;
using test::Guest;
using test::Outcome;
using test::Peer;
using test::PtyDriver;
using test::read_cast;
using test::Sandbox;
using test::Stopped;

constexpr const char* kSecret = "hunter2-secret";
constexpr const char* kKey = "\x1c";

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

class Recording {
 public:
  // Of a command on a terminal that echoes.
  explicit Recording(const std::string& command, std::vector<std::string> options = {})
      : terminal_(sandbox_, command_line(command, std::move(options))) {
    terminal_.expect("ready\r\n");
  }

  PtyDriver& terminal() { return terminal_; }
  const Sandbox& sandbox() const { return sandbox_; }

  bool is_paused() const {
    Peer peer(sandbox_);
    peer.greet();
    const wire::StatusReply status = peer.status();
    REQUIRE(status.sessions.size() == 1);
    return status.sessions.front().paused;
  }
  void pause(const std::string& key = kKey) {
    terminal_.send(key);
    REQUIRE(eventually([&] { return is_paused(); }));
  }
  Cast wait() {
    CHECK(terminal_.wait().status == 0);
    CHECK_FALSE(contains(sandbox_.read("a.cast"), kSecret));
    return read_cast(sandbox_ / "a.cast");
  }
  Cast end() {
    terminal_.send("\x04");
    return wait();
  }

 private:
  static std::vector<std::string> command_line(const std::string& command,
                                               std::vector<std::string> options) {
    options.insert(options.begin(), {"asciinema", "rec", "-q"});
    options.insert(options.end(), {"-c", "echo ready; " + command, "a.cast"});
    return options;
  }

  const Sandbox sandbox_;
  PtyDriver terminal_;
};

std::string typed_at_once(const std::string& key, const std::string& after) {
  return std::string(kSecret) + "\r" + key + after;
}

TEST_CASE("a secret and the key behind it in one write, echoed by the terminal and by cat") {
  Recording recording("cat");
  recording.pause();
  recording.terminal().send(typed_at_once(kKey, "after\r"));
  recording.terminal().expect("after\r\nafter\r\n");
  CHECK_FALSE(recording.is_paused());
  CHECK(recording.end().output() == "ready\r\nafter\r\nafter\r\n");
  CHECK(contains(recording.terminal().screen(), kSecret));
}

TEST_CASE("a secret and the key behind it in one write, with --stdin") {
  Recording recording("cat >/dev/null", {"--stdin"});
  recording.terminal().send("before\r");
  recording.terminal().expect("before\r\n");
  recording.pause();
  recording.terminal().send(typed_at_once(kKey, "after\r"));
  recording.terminal().expect("after\r\n");
  const Cast cast = recording.end();
  CHECK(cast.output() == "ready\r\nbefore\r\nafter\r\n");
  CHECK(cast.data("i") == "before\rafter\r\x04");
}

TEST_CASE("a secret and the key behind it in one write, in every encoding of the key") {
  Recording recording("cat >/dev/null");
  std::string expected = "ready\r\n";
  for (const char* key : {kKey, "\x1b[92;5u", "\x1b[27;5;92~"}) {
    CAPTURE(key);
    recording.pause(key);
    recording.terminal().send(typed_at_once(key, "after\r"));
    recording.terminal().expect(std::string(kSecret) + "\r\n");
    recording.terminal().expect("after\r\n");
    expected += "after\r\n";
  }
  CHECK(recording.end().output() == expected);
}

TEST_CASE("a pause that is wanted again at once goes on") {
  for (const std::vector<std::string>& options : {std::vector<std::string>(), {"--stdin"}}) {
    Recording recording("cat >/dev/null", options);
    recording.pause();
    recording.terminal().send(typed_at_once(kKey, "first\r") + kKey + "second\r");
    recording.terminal().expect("first\r\nsecond\r\n");
    CHECK(recording.is_paused());
    recording.terminal().send(std::string(kKey) + "last\r");
    recording.terminal().expect("last\r\n");
    const Cast cast = recording.end();
    CHECK(cast.output() == "ready\r\nlast\r\n");
    if (!options.empty()) CHECK(cast.data("i") == "last\r\x04");
  }
}

TEST_CASE("an input that ends behind the key ends the command") {
  const std::string paused = std::string(kKey) + kSecret + "\r" + kKey;
  for (const std::string& after : {std::string(), std::string("after\r")}) {
    CAPTURE(after);
    const Sandbox sandbox;
    const Outcome outcome =
        sandbox.run({"asciinema", "rec", "-q", "-c", "cat >got", "a.cast"}, paused + after);
    CHECK(outcome.status == 0);
    CHECK(sandbox.read("got") == std::string(kSecret) + "\n" + (after.empty() ? "" : "after\n"));
    CHECK_FALSE(contains(sandbox.read("a.cast"), kSecret));
    CHECK(read_cast(sandbox / "a.cast").output() == (after.empty() ? "" : "after\r\n"));
  }
}

TEST_CASE("a command that ends while its last echo is waited for") {
  Recording recording("read x; echo \"bye $x\"", {"--stdin"});
  recording.pause();
  recording.terminal().send(typed_at_once(kKey, "after\r"));
  recording.terminal().expect(std::string("bye ") + kSecret);
  const Cast cast = recording.wait();
  CHECK(cast.data("i") == "after\r");
}

TEST_CASE("what a command has shown in the wait before it ended is not recorded") {
  const Sandbox sandbox;
  REQUIRE(sandbox.run({"asciinema", "daemon", "start"}).status == 0);
  const pid_t daemon = sandbox.daemon_pid();
  Result<Pipe> keys = make_pipe();
  REQUIRE(keys.ok());
  Guest guest(sandbox);
  guest.start(std::move(keys->read_end));
  REQUIRE(write_all(keys->write_end.get(), kKey, 1000).ok());
  REQUIRE(eventually([&] { return guest.client.status().sessions.front().paused; }));
  {
    // The daemon then finds all of it at once, the output last.
    const Stopped stopped(daemon);
    REQUIRE(write_all(keys->write_end.get(), std::string("x") + kKey, 1000).ok());
    guest.say_exited();
    REQUIRE(write_all(guest.slave.get(), kSecret, 1000).ok());
  }
  CHECK(std::holds_alternative<wire::Finished>(guest.client.receive().body));
  CHECK_FALSE(contains(sandbox.read("guest.cast"), kSecret));
}

}  // namespace
}  // namespace asciinemad
