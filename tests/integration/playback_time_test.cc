// When a playback shows what.

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/support/player.h"

namespace asciinemad {
namespace {

using std::chrono::steady_clock;
using test::contains;
using test::Player;
using test::PtyDriver;
using test::recording_of;
using test::Sandbox;

// On a busy machine. Where it matters, what would be wrong is far beyond.
constexpr double kLateS = 1.5;

// A playback whose frames are looked at with a watch.
class Timed {
 public:
  Timed(const Sandbox& sandbox, const std::string& command)
      : start_(steady_clock::now()), player_(sandbox, command) {}

  double elapsed_s() const {
    return std::chrono::duration<double>(steady_clock::now() - start_).count();
  }
  // Not before `at_s` and soon after it.
  void shows(const std::string& frame, double at_s) {
    CAPTURE(frame);
    player_.expect(frame);
    const double seen_s = elapsed_s();
    CHECK(seen_s >= at_s);
    CHECK(seen_s < at_s + kLateS);
  }
  Player& player() { return player_; }

 private:
  const steady_clock::time_point start_;
  Player player_;
};

TEST_CASE("events are shown at their times") {
  const Sandbox sandbox;
  sandbox.write(
      "a.cast",
      recording_of(
          {{0, "o", "A"}, {0.3, "o", "B"}, {0.3, "o", "C"}, {0.35, "i", "x"}, {0.6, "o", "D"}}));
  Timed timed(sandbox, "a.cast");
  timed.shows("A", 0);
  timed.shows("B", 0.3);
  timed.shows("C", 0.3);
  timed.shows("D", 0.6);
  CHECK(timed.player().ends_with(0) == "ABCD");
}

TEST_CASE("the recording ends with its last event, shown or not") {
  const Sandbox sandbox;
  sandbox.write("a.cast", recording_of({{0, "o", "A"}, {0.5, "m", ""}}));
  Timed timed(sandbox, "a.cast");
  timed.player().ends_with(0);
  CHECK(timed.elapsed_s() >= 0.5);
}

TEST_CASE("-s plays so many times as fast") {
  const Sandbox sandbox;
  sandbox.write("a.cast", recording_of({{0, "o", "A"}, {100, "o", "B"}}));
  sandbox.write("b.cast", recording_of({{0, "o", "A"}, {0.1, "o", "B"}}));
  Timed fast(sandbox, "-s 250 a.cast");
  fast.shows("B", 0.4);
  Timed slow(sandbox, "--speed=0.25 b.cast");
  slow.shows("B", 0.4);
  sandbox.configure("[play]\nspeed = 250\n");
  Timed configured(sandbox, "a.cast");
  configured.shows("B", 0.4);
  Timed both(sandbox, "-s 500 a.cast");
  both.shows("B", 0.2);
}

TEST_CASE("pauses are shortened to -i, the configuration's or the header's limit") {
  const Sandbox sandbox;
  const std::vector<test::RecordedEvent> events = {
      {0, "o", "A"}, {1000, "o", "B"}, {1000.1, "o", "C"}, {2000, "o", "D"}};
  sandbox.write("a.cast", recording_of(events));
  sandbox.write("limited.cast", recording_of(events, "\"idle_time_limit\": 0.3"));
  const auto check = [&](const std::string& command, double limit_s) {
    CAPTURE(command);
    Timed timed(sandbox, command);
    timed.shows("B", limit_s);
    timed.shows("C", limit_s + 0.1);
    timed.shows("D", 2 * limit_s + 0.1);
  };
  check("-i 0.2 a.cast", 0.2);
  check("limited.cast", 0.3);
  check("-i 0.1 limited.cast", 0.1);
  check("-i 0.4 limited.cast", 0.4);
  check("-s 10 -i 2 a.cast", 0.2 - 0.09);  // the 0.1 s in the middle go ten times as fast, too
  sandbox.configure("[play]\nidle_time_limit = 0.15\n");
  check("a.cast", 0.15);
  check("-i 0.2 a.cast", 0.2);
}

TEST_CASE("many events do not add up to a delay") {
  const Sandbox sandbox;
  std::vector<test::RecordedEvent> events;
  for (int i = 0; i < 3000; ++i) events.push_back({i / 3000.0, "o", "x"});
  events.push_back({1, "o", "END"});
  sandbox.write("a.cast", recording_of(events));
  Timed timed(sandbox, "a.cast");
  timed.shows("END", 1);
}

TEST_CASE("--start-at shows what is on the screen then, and goes on from there") {
  const Sandbox sandbox;
  sandbox.write("a.cast", recording_of({{0, "o", "A"}, {1000, "o", "B"}, {1000.4, "o", "C"}}));
  Timed timed(sandbox, "--start-at 16:40.1 a.cast");
  timed.shows("AB", 0);
  CHECK_FALSE(contains(timed.player().screen(), "C"));
  timed.shows("C", 0.3);
  timed.player().ends_with(0);
  Timed beyond(sandbox, "--start-at 1:00:00 a.cast");
  beyond.shows("ABC", 0);
  beyond.player().ends_with(0);
}

TEST_CASE("--loop begins again until somebody quits") {
  const Sandbox sandbox;
  sandbox.write("a.cast", recording_of({{0.1, "o", "A"}, {0.2, "o", "B"}}));
  Timed timed(sandbox, "--loop a.cast");
  for (int round = 0; round < 3; ++round) {
    timed.shows("A", round * 0.2 + 0.1);
    timed.shows("B", round * 0.2 + 0.2);
  }
  timed.player().send("\x03");
  CHECK(timed.player().ends_with(1).starts_with("ABABAB"));
}

TEST_CASE("-m pauses at each marker, at its time") {
  const Sandbox sandbox;
  sandbox.write(
      "a.cast",
      recording_of(
          {{0, "o", "A"}, {0.2, "m", "one"}, {0.3, "o", "B"}, {0.4, "m", "two"}, {0.4, "o", "C"}}));
  Timed timed(sandbox, "-m a.cast");
  const auto paused_at = [&](std::uint64_t at_us) {
    timed.player().when([&](const wire::PlaybackInfo& info) {
      return info.paused && info.position_us >= at_us && info.position_us < at_us + 10'000;
    });
    CHECK(timed.elapsed_s() * 1e6 >= static_cast<double>(at_us));
  };
  paused_at(200'000);
  CHECK_FALSE(contains(timed.player().screen(), "B"));
  timed.player().send(" ");
  timed.shows("B", 0.3);
  paused_at(400'000);
  CHECK_FALSE(contains(timed.player().screen(), "C"));
  timed.player().send(" ");
  CHECK(timed.player().ends_with(0) == "ABC");
}

TEST_CASE("times that run backwards or far ahead are survived") {
  const Sandbox sandbox;
  sandbox.write("back.cast", recording_of({{0.2, "o", "A"}, {0.1, "o", "B"}, {0.3, "o", "C"}}));
  CHECK(Player(sandbox, "back.cast").ends_with(0) == "ABC");
  sandbox.write("far.cast",
                "{\"version\": 2, \"width\": 80, \"height\": 24}\n"
                "[0, \"o\", \"A\"]\n[1e9, \"o\", \"B\"]\n");
  Player player(sandbox, "far.cast");
  player.expect("A");
  player.send("q");
  CHECK(player.ends_with(0) == "A");
}

}  // namespace
}  // namespace asciinemad
