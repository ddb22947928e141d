// Jumps and what is drawn over a recording, on a terminal emulator's screen.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/player.h"
#include "tests/support/tmux.h"

namespace asciinemad {
namespace {

using test::contains;
using test::recording_of;
using test::Sandbox;
using test::Tmux;

// Frames that need everything before them to be right.
std::vector<test::RecordedEvent> demanding() {
  std::vector<test::RecordedEvent> events = {
      {0, "o", "$ \x1b[1;32mls\x1b[0m\r\nżółw 漢字 😀 e\xcc\x81\r\n"},
      {10, "o",
       "\x1b[38;5;208mcolour\x1b[48;2;10;20;30mtrue\x1b[0m \x1b[7mreverse\x1b[27m "
       "\x1b[4munder\x1b[24m \x1b[3mitalic\x1b[23m\r\n"},
      {20, "o", "\x1b[1;31mred goes on"},
      {30, "o", "\x1b[?1049h\x1b[2J\x1b[5;20r\x1b[5;1Htop\r\n\x1b[20;1Hbottom\r\nscrolled"},
      {40, "o", "\x1b[r\x1b[24;70Hat the very end\x1b[?25l"},
      {50, "o", "\x1b[?1049l\x1b[?25h and on\x1b[0m\r\n"},
  };
  for (int i = 0; i < 40; ++i) {
    events.push_back({60 + i * 0.1, "o", "line " + std::to_string(i) + "\r\n"});
  }
  events.push_back({70, "o", "\x1b[10;10Hplaced\x1b[?1h\x1b="});
  return events;
}

class Screens {
 public:
  Screens() : tmux_(sandbox_) { sandbox_.write("a.cast", recording_of(demanding())); }

  // A window in which everything up to there is simply printed: into a pipe, behind which nobody
  // cleans up. Returns its name.
  std::string print(double at_s) {
    std::vector<test::RecordedEvent> events;
    for (const test::RecordedEvent& event : demanding()) {
      if (event.at_s <= at_s) events.push_back(event);
    }
    const std::string name = "printed" + std::to_string(static_cast<int>(at_s));
    sandbox_.write(name + ".cast", recording_of(events));
    tmux_.open(name, ".", "clear; stty raw -echo; asciinema cat " + name + ".cast | cat; exec cat");
    return name;
  }
  void play(const std::string& name, const std::string& command) const {
    tmux_.open(name, ".", "clear; asciinema play " + command + "; echo ended; exec cat");
  }
  void seek(double at_s) const {
    const test::Outcome outcome = sandbox_.run({"asciinema", "seek", std::to_string(at_s + 0.05)});
    REQUIRE(outcome.status == 0);
  }
  bool shows(const std::string& name, const std::string& text) const {
    return test::eventually([&] { return contains(tmux_.text(name), text); });
  }
  // Both windows' text, attributes, cursor and modes.
  void are_same(const std::string& name, const std::string& expected) const {
    const bool same =
        test::eventually([&] { return tmux_.screen(name) == tmux_.screen(expected); }, 3000);
    INFO("printed:\n", tmux_.screen(expected), "\nplayed:\n", tmux_.screen(name));
    CHECK(same);
  }
  const Sandbox& sandbox() const { return sandbox_; }
  const Tmux& tmux() const { return tmux_; }

 private:
  const Sandbox sandbox_;
  const Tmux tmux_;
};

TEST_CASE("after a jump the screen is as if everything had been played") {
  Screens screens;
  std::vector<std::pair<double, std::string>> places;
  for (const double at_s : {0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 63.0, 70.0}) {
    places.emplace_back(at_s, screens.print(at_s));
  }
  screens.play("w", "a.cast");
  REQUIRE(screens.shows("w", "$ ls"));
  screens.tmux().type("w", {"Space"});
  // There and back again.
  for (const std::size_t i : {7U, 0U, 3U, 1U, 4U, 2U, 5U, 4U, 6U, 3U}) {
    CAPTURE(places[i].first);
    screens.seek(places[i].first);
    screens.are_same("w", places[i].second);
  }
}

TEST_CASE("playing goes on from a jump as if everything had been played") {
  Screens screens;
  const std::string expected = screens.print(100);
  for (const std::string start : {"25", "35", "45", "61"}) {
    CAPTURE(start);
    const std::string name = "from" + start;
    screens.sandbox().write("held.cast", [] {
      std::vector<test::RecordedEvent> events = demanding();
      events.push_back({100'000, "o", ""});
      return recording_of(events);
    }());
    screens.play(name, "-s 200 --start-at " + start + " held.cast");
    screens.are_same(name, expected);
    screens.tmux().type(name, {"q"});
    CHECK(screens.shows(name, "ended"));
  }
}

TEST_CASE("the status line and the help leave the screen as it was") {
  Screens screens;
  const std::vector<std::pair<double, std::string>> places = {
      {20, "red goes on"}, {40, "at the very"}, {63, "line 30"}};
  for (const auto& [at_s, text] : places) {
    const auto& shown_at_s = at_s;  // clang captures no structured binding
    CAPTURE(shown_at_s);
    const std::string expected = screens.print(at_s);
    const std::string name = "at" + std::to_string(static_cast<int>(at_s));
    screens.play(name, "--start-at " + std::to_string(at_s + 0.05) + " a.cast");
    REQUIRE(screens.shows(name, text));
    const Tmux& tmux = screens.tmux();
    tmux.type(name, {"Space"});
    screens.are_same(name, expected);
    tmux.type(name, {"?"});
    CHECK(screens.shows(name, "any key: back"));
    tmux.type(name, {"x"});
    screens.are_same(name, expected);
    tmux.type(name, {"i"});
    CHECK(screens.shows(name, "paused"));
    tmux.type(name, {"i"});
    screens.are_same(name, expected);
    tmux.type(name, {"q"});
    CHECK(screens.shows(name, "ended"));
  }
}

TEST_CASE("the cursor is visible after leaving the help") {
  for (const std::string key : {"x", "q"}) {
    CAPTURE(key);
    Screens screens;
    screens.play("w", "a.cast");
    REQUIRE(screens.shows("w", "$ ls"));
    screens.tmux().type("w", {"Space", "?"});
    REQUIRE(screens.shows("w", "any key: back"));
    CHECK(contains(screens.tmux().screen("w"), " visible 0 "));
    screens.tmux().type("w", {key});
    CHECK(test::eventually([&] { return contains(screens.tmux().screen("w"), " visible 1 "); },
                           2000));
    CHECK_FALSE(contains(screens.tmux().text("w"), "any key: back"));
  }
}

TEST_CASE("what stood on the terminal before a jump can be scrolled back to") {
  Screens screens;
  const Tmux& tmux = screens.tmux();
  tmux.open("w", ".", "clear; echo precious; asciinema play a.cast; exec cat");
  REQUIRE(test::eventually([&] { return contains(tmux.text("w"), "$ ls"); }));
  tmux.type("w", {"Space", "0"});
  REQUIRE(test::eventually([&] { return !contains(tmux.text("w"), "precious"); }));
  CHECK(contains(screens.sandbox()
                     .run({"tmux", "-S", screens.sandbox().dir() / "tmux", "capture-pane", "-p",
                           "-S", "-", "-t", "w"})
                     .out,
                 "precious"));
}

}  // namespace
}  // namespace asciinemad
