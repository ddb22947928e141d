// play --out-fmt asciicast and --stream: events as lines, and typed input instead of output.

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/support/cast.h"
#include "tests/support/player.h"

namespace asciinemad {
namespace {

using test::Cast;
using test::contains;
using test::Outcome;
using test::parse_cast;
using test::Player;
using test::recording_of;
using test::Sandbox;

const std::string kMixed = recording_of({{0.01, "o", "out\x1b[?1049h\x1b[6n\x1b]52;c;aGk=\x07"},
                                         {0.02, "i", "k\x7f\x1b[A"},
                                         {0.03, "m", "mark"},
                                         {0.04, "r", "90x30"},
                                         {0.05, "z", "unknown"},
                                         {0.2, "o", "żółw 😀\r\n"}},
                                        "\"title\": \"t\", \"env\": {\"SHELL\": \"/bin/sh\"}");

std::string codes(const Cast& cast) {
  std::string all;
  for (const EventLine& event : cast.events) all += event.code;
  return all;
}

TEST_CASE("--out-fmt asciicast prints every event as it was recorded") {
  const Sandbox sandbox;
  sandbox.write("a.cast", kMixed);
  const Outcome outcome = sandbox.run({"asciinema", "play", "--out-fmt", "asciicast", "a.cast"});
  CHECK(outcome.status == 0);
  CHECK(outcome.err.empty());
  const Cast printed = parse_cast(outcome.out);
  const Cast recorded = parse_cast(kMixed);
  REQUIRE(printed.events.size() == recorded.events.size());
  for (std::size_t i = 0; i < printed.events.size(); ++i) {
    CHECK(printed.events[i].code == recorded.events[i].code);
    CHECK(printed.events[i].data == recorded.events[i].data);
    CHECK(printed.events[i].time_us == recorded.events[i].time_us);
  }
  for (const char* part : {"\"version\": 2", "\"width\": 80", "\"title\": \"t\"", "\"SHELL\""}) {
    CAPTURE(outcome.out);
    CHECK(contains(printed.header, part));
  }
}

TEST_CASE("what is printed can be played, of whatever version it was") {
  const Sandbox sandbox;
  sandbox.write("1.cast",
                "{\"version\": 1, \"width\": 80, \"height\": 24, \"stdout\": "
                "[[0.01, \"A\"], [0.01, \"B\"]]}");
  sandbox.write("3.cast",
                "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24}}\n"
                "[0.01, \"o\", \"A\"]\n[0.01, \"o\", \"B\"]\n");
  for (const std::string file : {"1.cast", "3.cast"}) {
    const Outcome outcome = sandbox.run_shell("asciinema play --out-fmt=asciicast " + file +
                                              " | tee out | "
                                              "asciinema play -");
    CHECK(outcome.out == "AB");
    const Cast cast = parse_cast(sandbox.read("out"));
    REQUIRE(cast.events.size() == 2);
    CHECK(cast.events[0].time_us == 10'000);
    CHECK(cast.events[1].time_us == 20'000);
  }
}

TEST_CASE("lines are printed at their times, which are those of this playback") {
  const Sandbox sandbox;
  sandbox.write("a.cast", recording_of({{10, "o", "A"}, {20, "o", "B"}}));
  const auto start = std::chrono::steady_clock::now();
  const Outcome outcome =
      sandbox.run({"asciinema", "play", "-s", "10", "-i", "2", "--out-fmt", "asciicast", "a.cast"});
  CHECK(std::chrono::steady_clock::now() - start >= std::chrono::milliseconds(400));
  const Cast cast = parse_cast(outcome.out);
  REQUIRE(cast.events.size() == 2);
  CHECK(cast.events[0].time_us == 200'000);
  CHECK(cast.events[1].time_us == 400'000);
}

TEST_CASE("lines are flushed one by one, and a terminal that shows them has keys") {
  const Sandbox sandbox;
  sandbox.write("a.cast", recording_of({{0, "o", "A\x1b[?25l"}, {100, "m", "M"}, {200, "o", "B"}}));
  Player player(sandbox, "--out-fmt asciicast a.cast");
  player.expect("]\n");
  player.pause();
  player.send(".");
  player.expect("\"M\"]\n");
  player.send("i?,[0\x1b[C");  // there is no screen to go back in
  player.send(".");
  player.expect("\"B\"]\n");
  player.send("q");
  CHECK_FALSE(contains(player.ends_with(0), "\x1b"));
}

TEST_CASE("--start-at leaves out the lines before") {
  const Sandbox sandbox;
  sandbox.write("a.cast", recording_of({{0, "o", "A"}, {100, "o", "B"}, {100.2, "o", "C"}}));
  const auto start = std::chrono::steady_clock::now();
  const Outcome outcome =
      sandbox.run({"asciinema", "play", "--start-at", "100", "--out-fmt", "asciicast", "a.cast"});
  CHECK(std::chrono::steady_clock::now() - start >= std::chrono::milliseconds(200));
  CHECK(parse_cast(outcome.out).output() == "BC");
}

TEST_CASE("--stream picks events by kind") {
  const Sandbox sandbox;
  sandbox.write("a.cast", kMixed);
  const auto printed = [&](const std::string& stream) {
    const Outcome outcome =
        sandbox.run({"asciinema", "play", "--out-fmt", "asciicast", "--stream", stream, "a.cast"});
    return codes(parse_cast(outcome.out));
  };
  CHECK(printed("o") == "oo");
  CHECK(printed("i") == "i");
}

TEST_CASE("--stream i shows what was typed, in its time") {
  const Sandbox sandbox;
  sandbox.write("a.cast", recording_of({{0, "o", "hidden"}, {0, "i", "a\r\n"}, {0.3, "i", "b"}}));
  const auto start = std::chrono::steady_clock::now();
  CHECK(Player(sandbox, "--stream i a.cast").ends_with(0) == "a\r\nb");
  CHECK(std::chrono::steady_clock::now() - start >= std::chrono::milliseconds(300));
  CHECK(Player(sandbox, "--stream o a.cast").ends_with(0) == "hidden");
}

TEST_CASE("steps and markers go by what is shown of typed input") {
  const Sandbox sandbox;
  sandbox.write(
      "a.cast",
      recording_of(
          {{0, "i", "a"}, {100, "o", "x"}, {200, "i", "b"}, {300, "m", ""}, {400, "i", "c"}}));
  Player player(sandbox, "--stream=i a.cast");
  player.expect("a");
  player.pause();
  player.send(".");
  player.expect("b");
  player.send("]");
  player.expect("ab");
  player.send(".");
  player.expect("c");
  player.send("q");
  CHECK_FALSE(contains(player.ends_with(0), "x"));
}

}  // namespace
}  // namespace asciinemad
