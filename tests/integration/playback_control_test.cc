// Playbacks steered from elsewhere, as users do it.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/player.h"

namespace asciinemad {
namespace {

using test::Argv;
using test::contains;
using test::Outcome;
using test::Player;
using test::recording_of;
using test::Sandbox;
using wire::PlaybackInfo;

constexpr std::uint64_t kSecondUs = 1'000'000;

const std::string kSlow = recording_of(
    {{0, "o", "A"}, {100, "o", "B"}, {150, "m", "here"}, {200, "o", "C"}, {400, "o", "D"}});

// Says `asciinema WORDS`, which is obeyed at once and without a word.
void say(const Sandbox& sandbox, Argv words) {
  words.insert(words.begin(), "asciinema");
  const Outcome outcome = sandbox.run(words);
  CAPTURE(outcome.err);
  CHECK(outcome.status == 0);
  CHECK(outcome.out.empty());
  CHECK(outcome.err.empty());
}

TEST_CASE("each verb does what it says") {
  const Sandbox sandbox;
  sandbox.write("a.cast", kSlow);
  Player player(sandbox, "a.cast");
  player.expect("A");
  const auto is_at = [&](std::uint64_t position_us, bool paused) {
    player.when([&](const PlaybackInfo& info) {
      const bool there = paused ? info.position_us == position_us
                                : info.position_us >= position_us &&
                                      info.position_us < position_us + 50 * kSecondUs;
      return there && info.paused == paused;
    });
  };
  say(sandbox, {"pause"});
  const std::uint64_t at_us =
      player.when([](const PlaybackInfo& info) { return info.paused; }).position_us;
  say(sandbox, {"pause"});
  is_at(at_us, true);
  say(sandbox, {"step"});
  player.expect("B");
  is_at(100 * kSecondUs, true);
  say(sandbox, {"marker", "next"});
  is_at(150 * kSecondUs, true);
  say(sandbox, {"seek", "3:21"});
  player.expect("ABC");
  is_at(201 * kSecondUs, true);
  say(sandbox, {"marker", "previous"});
  is_at(150 * kSecondUs, true);
  say(sandbox, {"seek", "+25.5"});
  is_at(175'500'000, true);
  say(sandbox, {"seek", "-100"});
  is_at(75'500'000, true);
  say(sandbox, {"seek", "50%"});
  player.expect("ABC");
  is_at(200 * kSecondUs, true);
  say(sandbox, {"step", "--back"});
  player.expect("AB");
  say(sandbox, {"resume"});
  is_at(100 * kSecondUs, false);
  say(sandbox, {"resume"});
  is_at(100 * kSecondUs, false);
  say(sandbox, {"toggle"});
  player.when([](const PlaybackInfo& info) { return info.paused; });
  say(sandbox, {"speed", "2.5"});
  player.when([](const PlaybackInfo& info) { return info.speed == 2.5; });
  say(sandbox, {"seek", "0"});
  is_at(0, true);
  say(sandbox, {"stop"});
  player.ends_with(0);
}

TEST_CASE("a seek beyond the end ends a playback that is not paused") {
  const Sandbox sandbox;
  sandbox.write("a.cast", kSlow);
  Player player(sandbox, "a.cast");
  player.expect("A");
  say(sandbox, {"seek", "1:00:00"});
  player.expect("ABCD");
  player.ends_with(0);
}

TEST_CASE("speed changes when the next event is due") {
  const Sandbox sandbox;
  sandbox.write("a.cast", kSlow);
  Player player(sandbox, "a.cast");
  player.expect("A");
  say(sandbox, {"speed", "1000"});
  CHECK(player.ends_with(0) == "ABCD");
}

TEST_CASE("ls shows what is played") {
  const Sandbox sandbox;
  sandbox.write("a.cast", kSlow);
  Player player(sandbox, "-s 2 a.cast");
  player.expect("A");
  const PlaybackInfo info = player.pause();
  CHECK(test::eventually([&] { return contains(sandbox.run({"asciinema", "ls"}).out, "/6:40"); }));
  const std::string line = sandbox.run({"asciinema", "ls"}).out;
  CHECK(line == "playback  " + info.playback + "  80x24  0:00/6:40  paused x2  a.cast\n");
  const std::string json = sandbox.run({"asciinema", "ls", "--json"}).out;
  for (const std::string part :
       {"\"kind\": \"playback\"", "\"state\": \"paused\"", "\"duration\": 400.000000",
        "\"speed\": 2", "\"file\": \"a.cast\"", "\"following\": false"}) {
    CAPTURE(json);
    CHECK(contains(json, part));
  }
  player.send("q");
  player.ends_with(0);
  CHECK(sandbox.run({"asciinema", "ls"}).out.empty());
}

TEST_CASE("several playbacks: which one has to be said") {
  const Sandbox sandbox;
  sandbox.write("a.cast", kSlow);
  sandbox.write("b.cast", kSlow);
  Player a(sandbox, "a.cast");
  a.expect("A");
  Player b(sandbox, "b.cast");
  b.expect("A");
  const Outcome which = sandbox.run({"asciinema", "pause"});
  CHECK(which.status == 3);
  CHECK(contains(which.err, "several recordings are being played; choose one by -S ID:"));
  CHECK(contains(which.err, "a.cast"));
  CHECK(contains(which.err, "b.cast"));
  for (const PlaybackInfo& info : test::playbacks(sandbox)) CHECK_FALSE(info.paused);
  say(sandbox, {"pause", "-S", "b.cast"});
  for (const PlaybackInfo& info : test::playbacks(sandbox)) {
    CHECK(info.paused == (info.name == "b.cast"));
    if (info.name == "a.cast") say(sandbox, {"stop", "--session=" + info.playback.substr(0, 6)});
  }
  a.ends_with(0);
  say(sandbox, {"stop"});
  b.ends_with(0);
}

TEST_CASE("exit statuses tell scripts why nothing happened") {
  const Sandbox sandbox;
  sandbox.write("a.cast", kSlow);
  const auto status = [&](Argv words) {
    words.insert(words.begin(), "asciinema");
    const Outcome outcome = sandbox.run(words);
    CHECK(outcome.err.starts_with("asciinema: "));
    return outcome.status;
  };
  CHECK(status({"pause"}) == 4);
  CHECK(status({"ls"}) == 4);
  Player player(sandbox, "a.cast");
  player.expect("A");
  CHECK(status({"pause", "-S", "nosuchid"}) == 3);
  player.send("q");
  player.ends_with(0);
  CHECK(status({"pause"}) == 3);
}

TEST_CASE("events that are printed can be paused, but not taken back") {
  const Sandbox sandbox;
  sandbox.write("a.cast", kSlow);
  Player player(sandbox, "--out-fmt asciicast a.cast");
  player.expect("\"A\"]");
  say(sandbox, {"pause"});
  const Outcome seek = sandbox.run({"asciinema", "seek", "0"});
  CHECK(seek.status == 1);
  CHECK(contains(seek.err, "none can be taken back"));
  say(sandbox, {"step"});
  player.expect("\"B\"]");
  say(sandbox, {"stop"});
  player.ends_with(0);
}

TEST_CASE("the daemon is not stopped while something is played, but by force") {
  const Sandbox sandbox;
  sandbox.write("a.cast", recording_of({{0, "o", "A\x1b[?1049h"}, {100, "o", "B"}}));
  Player player(sandbox, "a.cast");
  player.expect("\x1b[?1049h");
  const Outcome refused = sandbox.run({"asciinema", "daemon", "stop"});
  CHECK(refused.status == 1);
  CHECK(refused.err == "asciinema: 1 recording is being played; --force ends them\r\n");
  CHECK(contains(sandbox.run({"asciinema", "daemon", "status"}).out, "playbacks: 1\n"));
  CHECK(player.running());
  CHECK(sandbox.run({"asciinema", "daemon", "stop", "--force"}).status == 0);
  CHECK(player.ends_with(0) == "A\x1b[?1049h\x1b[?1049l");
  CHECK(sandbox.daemon_pid() == 0);
}

TEST_CASE("a daemon that plays is not idle") {
  Sandbox sandbox;
  sandbox.environment["ASCIINEMAD_IDLE_EXIT"] = "1";
  sandbox.write("a.cast", recording_of({{0, "o", "A"}, {1.3, "o", "B"}}));
  Player player(sandbox, "a.cast");
  player.expect("B");
  player.ends_with(0);
  CHECK(test::eventually([] { return test::orphans().empty(); }));
  CHECK(contains(sandbox.log(), "idle"));
}

}  // namespace
}  // namespace asciinemad
