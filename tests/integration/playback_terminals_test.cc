// Playbacks whose recording, keys and screen are not all the same terminal.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/support/player.h"

namespace asciinemad {
namespace {

using test::contains;
using test::Launch;
using test::Outcome;
using test::Player;
using test::recording_of;
using test::Sandbox;
using wire::PlaybackInfo;

const std::string kShort = recording_of({{0, "o", "A\x1b[?1049h"}, {0.1, "o", "B"}});
const std::string kLong = recording_of({{0, "o", "A"}, {100, "o", "B"}, {200, "o", "C"}});

TEST_CASE("keys come from the terminal while the recording comes from standard input") {
  const Sandbox sandbox;
  sandbox.write("a.cast", kLong);
  for (const std::string source : {"- <a.cast", "<(cat a.cast)", "- < <(cat a.cast)"}) {
    CAPTURE(source);
    Player player(sandbox, source);
    player.expect("A");
    player.pause();
    player.send(".");
    player.expect("B");
    player.send("0");
    player.when([](const PlaybackInfo& info) { return info.position_us == 0; });
    player.send("\x03");
    player.ends_with(1);
  }
}

TEST_CASE("a recording that comes slowly is shown as it comes") {
  const Sandbox sandbox;
  Result<Pipe> pipe = make_pipe();
  REQUIRE(pipe.ok());
  Launch launch = sandbox.launch({"asciinema", "play", "-"});
  launch.in = pipe->read_end.get();
  test::PtyDriver terminal(launch);
  pipe->read_end.reset();
  const auto say = [&](const std::string& text) {
    REQUIRE(write_all(pipe->write_end.get(), text, 5000).ok());
  };
  say(recording_of({{0, "o", "A"}}));
  terminal.expect("A");
  say("[0.1, \"o\", \"B");
  CHECK_FALSE(contains(terminal.screen(), "B"));
  say("C\"]\n");
  terminal.expect("BC");
  CHECK(terminal.running());
  pipe->write_end.reset();
  CHECK(terminal.wait().status == 0);
  CHECK(terminal.screen() == "ABC");
}

TEST_CASE("a standard input that never comes can be left") {
  const Sandbox sandbox;
  Result<Pipe> pipe = make_pipe();
  REQUIRE(pipe.ok());
  for (const std::string key : {"q", "\x03"}) {
    Launch launch = sandbox.launch({"asciinema", "play", "-"});
    launch.in = pipe->read_end.get();
    test::PtyDriver terminal(launch);
    CHECK(test::eventually([&] { return test::is_raw(terminal.settings()); }));
    terminal.send(key);
    CHECK(terminal.wait().status == (key == "q" ? 0 : 1));
  }
}

TEST_CASE("without a terminal everything is played, and standard input holds no keys") {
  const Sandbox sandbox;
  sandbox.write("a.cast", kShort);
  for (const std::string input : {"", "q", "\x03"}) {
    const Outcome outcome = sandbox.run({"asciinema", "play", "a.cast"}, input);
    CHECK(outcome.status == 0);
    CHECK(outcome.err.empty());
    CHECK(outcome.out == "A\x1b[?1049hB\x1b[?1049l");
  }
  Launch launch = sandbox.launch({"asciinema", "play", "a.cast"});
  CHECK(test::Process(launch).wait().status == 0);
  for (int* fd : {&launch.in, &launch.out, &launch.err}) *fd = Launch::kClosed;
  const test::Outcome closed = test::Process(launch).wait();
  CHECK(closed.signal == 0);
}

TEST_CASE("keys work while the output goes to a file or pipe") {
  const Sandbox sandbox;
  sandbox.write("a.cast", kLong);
  for (const std::string target : {">out", "| cat >out"}) {
    CAPTURE(target);
    Player player(sandbox, "a.cast " + target);
    CHECK(test::eventually([&] { return sandbox.read("out") == "A"; }));
    player.pause();
    player.send(".");
    CHECK(test::eventually([&] { return sandbox.read("out") == "AB"; }));
    player.send("q");
    CHECK(player.ends_with(0).empty());
    CHECK(sandbox.read("out") == "AB");
  }
}

TEST_CASE("a reader that has enough ends the playback") {
  const Sandbox sandbox;
  sandbox.write(
      "a.cast",
      recording_of({{0, "o", "A\n"}, {0.1, "o", "B\n"}, {0.1, "o", "C\n"}, {1000, "o", "D\n"}}));
  const Outcome outcome =
      sandbox.run_shell("asciinema play a.cast | head -n 1; echo ${PIPESTATUS[0]}");
  CHECK(outcome.out == "A\n0\n");
  CHECK(outcome.err.empty());
}

TEST_CASE("a full disk is told") {
  const Sandbox sandbox;
  sandbox.write("a.cast", kShort);
  const Outcome outcome = sandbox.run_shell("asciinema play a.cast >/dev/full");
  CHECK(outcome.status == 1);
  CHECK(outcome.err == "asciinema: playback failed: standard output: No space left on device\r\n");
}

TEST_CASE("a terminal that stops taking bytes holds up nobody else") {
  const Sandbox sandbox;
  std::string much(100'000, 'x');
  sandbox.write("much.cast",
                recording_of({{0, "o", much}, {0, "o", much}, {0, "o", much + "END"}}));
  sandbox.write("a.cast", kShort);
  Player stuck(sandbox, "much.cast");  // nobody reads its terminal
  CHECK(test::eventually([&] { return test::playbacks(sandbox).size() == 1; }));
  CHECK(sandbox.run({"asciinema", "play", "a.cast"}).status == 0);
  CHECK(test::playbacks(sandbox).size() == 1);
  stuck.expect("END");
  CHECK((stuck.ends_with(0) == much + much + much + "END"));
}

TEST_CASE("a job in the background of a terminal plays without keys") {
  const Sandbox sandbox;
  sandbox.write("a.cast", kShort);
  test::PtyDriver terminal(sandbox, {"bash", "-c",
                                     "set -m; asciinema play a.cast >out & wait $!; "
                                     "echo status=$?"});
  const termios before = terminal.settings();
  terminal.expect("status=0");
  CHECK(test::same_settings(terminal.settings(), before));
  CHECK(terminal.wait().status == 0);
  CHECK(contains(sandbox.read("out"), "B"));
}

}  // namespace
}  // namespace asciinemad
