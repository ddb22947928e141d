// How often a terminal that is smaller than the recorded screen is drawn anew.

#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/screen_model.h"
#include "tests/support/player.h"
#include "tests/support/screens.h"

namespace asciinemad {
namespace {

using test::Player;
using test::recording_of;
using test::Sandbox;
using test::TerminalSize;
using test::text_of;

using Events = std::vector<test::RecordedEvent>;

constexpr TerminalSize kSmall{60, 15};

// Bytes of a screen that changes altogether with each frame.
std::string whole_frame(int i) {
  std::string bytes;
  for (int row = 1; row <= 24; ++row) {
    bytes += "\x1b[" + std::to_string(row) + ";1H" +
             std::string(79, static_cast<char>('a' + (i + row) % 26));
  }
  return bytes + "\x1b[H";
}

ScreenModel& what_shows(std::optional<ScreenModel>& terminal, const std::string& bytes) {
  terminal.emplace(kSmall.cols, kSmall.rows);
  terminal->write(bytes);
  return *terminal;
}

TEST_CASE("a fast program: thirty redraws a second, and the last state") {
  using Clock = std::chrono::steady_clock;
  const Sandbox sandbox;
  Events events;
  for (int i = 0; i < 4000; ++i) events.push_back({i * 0.0005, "o", whole_frame(i)});
  events.push_back({2, "o", "\x1b[2J\x1b[HTHE LAST"});
  events.push_back({1000, "o", "never"});
  sandbox.write("a.cast", recording_of(events));
  const auto begin = Clock::now();
  Player player(sandbox, "--fit a.cast", kSmall);
  player.expect("THE LAST");
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  player.pause();
  std::optional<ScreenModel> terminal;
  const std::size_t at = player.screen().find("\x1b[?7l");
  REQUIRE(at != std::string::npos);
  CHECK(text_of(what_shows(terminal, player.screen())) == "THE LAST");
  std::size_t frames = 0;
  for (std::size_t from = at; (from = player.screen().find("\x1b[?25l", from)) != std::string::npos;
       ++from) {
    ++frames;
  }
  CHECK(frames > 10);
  CHECK(static_cast<double>(frames) < seconds * 31 + 5);
  player.send("q");
  player.ends_with(0);
}

TEST_CASE("a terminal that takes nothing for a while then gets the newest state") {
  const Sandbox sandbox;
  Events events = {{0, "o", "first"}};
  for (int i = 0; i < 4000; ++i) events.push_back({1 + i * 0.0005, "o", whole_frame(i)});
  events.push_back({3, "o", "\x1b[2J\x1b[HTHE LAST"});
  events.push_back({1000, "o", "never"});
  sandbox.write("a.cast", recording_of(events));
  Player player(sandbox, "--fit a.cast", kSmall);
  player.expect("first");
  const std::size_t before = player.screen().size();
  // Nothing is read meanwhile.
  player.when([](const wire::PlaybackInfo& info) { return info.position_us > 3'500'000; });
  player.expect("THE LAST");
  CHECK(player.screen().size() - before < std::size_t{100} << 10);
  player.pause();
  std::optional<ScreenModel> terminal;
  CHECK(text_of(what_shows(terminal, player.screen())) == "THE LAST");
  player.send("q");
  player.ends_with(0);
}

TEST_CASE("each round of a loop is drawn, and its last state") {
  const Sandbox sandbox;
  sandbox.write("a.cast", recording_of({{0, "o", "first"}, {0.1, "o", "\x1b[2J\x1b[HTHE LAST"}}));
  Player player(sandbox, "--fit --loop a.cast", kSmall);
  for (int round = 0; round < 3; ++round) {
    player.expect("first");
    player.expect("THE LAST");
  }
  player.send("\x03");
  player.ends_with(1);
}

TEST_CASE("a status line is gone from the last state") {
  const Sandbox sandbox;
  sandbox.write("a.cast", recording_of({{0, "o", "first"}, {100, "o", "\x1b[2J\x1b[HTHE LAST"}}));
  Player player(sandbox, "--fit a.cast", kSmall);
  player.expect("first");
  player.send("i");
  player.expect("playing");
  REQUIRE(sandbox.run({"asciinema", "seek", "99.8"}).status == 0);
  player.expect("THE LAST");
  std::optional<ScreenModel> terminal;
  const std::string shown = player.ends_with(0);
  CHECK(text_of(what_shows(terminal, shown)) == "THE LAST");
}

TEST_CASE("a terminal that --resize has made large enough gets what was recorded") {
  const Sandbox sandbox;
  sandbox.write("a.cast", recording_of({{0, "o", "first"}, {100, "o", "\x1b[7;70Hright"}}));
  Player player(sandbox, "--fit --resize a.cast", kSmall);
  player.expect("\x1b[8;24;80t");
  player.expect("first");
  player.resize({80, 24});
  player.expect("first");
  player.pause();
  player.send(".");
  player.expect("\x1b[7;70Hright");
  player.send("q");
  player.ends_with(0);
}

TEST_CASE("a pipe gets what was recorded, however small the terminal is") {
  const Sandbox sandbox;
  sandbox.write("a.cast", recording_of({{0, "o", "\x1b[7;70Hright\x1b[24;1Hbottom"}}));
  Player player(sandbox, "--fit a.cast | cat", kSmall);
  player.expect("\x1b[7;70Hright\x1b[24;1Hbottom");
  player.expect("status=0");
}

}  // namespace
}  // namespace asciinemad
