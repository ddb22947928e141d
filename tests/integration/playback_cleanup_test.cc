// Whatever a recording does to the terminal, and however its playback ends: the terminal is as
// before.

#include <doctest/doctest.h>
#include <signal.h>

#include <string>
#include <vector>

#include "tests/support/player.h"
#include "tests/support/tmux.h"

namespace asciinemad {
namespace {

using test::contains;
using test::Player;
using test::recording_of;
using test::Sandbox;
using test::Tmux;

struct Change {
  const char* on;
  const char* off;
};

// Leaving the alternate screen puts attributes and character sets back that were set there, so
// they come first.
const std::vector<Change> kChanges = {
    {"\x1b[1;31m", "\x1b[0m"},       // attributes
    {"\x1b(0", "\x1b(B"},            // line drawing
    {"\x1b[?1049h", "\x1b[?1049l"},  // alternate screen
    {"\x1b[?25l", "\x1b[?25h"},      // cursor hidden
    {"\x1b[?1000h", "\x1b[?1000l"},  // mouse
    {"\x1b[?1002h", "\x1b[?1002l"},  //
    {"\x1b[?1003h", "\x1b[?1003l"},  //
    {"\x1b[?1006h", "\x1b[?1006l"},  //
    {"\x1b[?1004h", "\x1b[?1004l"},  // focus
    {"\x1b[?2004h", "\x1b[?2004l"},  // bracketed paste
    {"\x1b[?1h", "\x1b[?1l"},        // application cursor keys
    {"\x1b=", "\x1b>"},              // and keypad
    {"\x1b[>1u", "\x1b[<1u"},        // kitty's keyboard protocol
    {"\x1b[>4;2m", "\x1b[>4m"},      // modifyOtherKeys
    {"\x1b[?7l", "\x1b[?7h"},        // autowrap
    {"\x1b[4h", "\x1b[4l"},          // insert
    {"\x1b[5;10r", "\x1b[r"},        // scroll region
    {"\x1b[?5h", "\x1b[?5l"},        // reverse screen
    {"\x1b[?2026h", "\x1b[?2026l"},  // synchronised output
    {"\x1b]10;red\x1b\\", "\x1b]110\x1b\\"},
    {"\x1b]8;;http://x/\x1b\\", "\x1b]8;;\x1b\\"},
    {"\x1b[4 q", "\x1b[0 q"},  // cursor's shape
};

std::string all_on() {
  std::string text = "plain";
  for (const Change& change : kChanges) text += change.on;
  return text + "MADE A MESS";
}

void check_clean(const std::string& behind) {
  CAPTURE(behind);
  for (const Change& change : kChanges) {
    CAPTURE(std::string(change.on));
    CHECK(contains(behind, change.off));
    CHECK_FALSE(contains(behind, change.on));
  }
}

const std::string kMess = recording_of({{0, "o", all_on()}, {1000, "o", "never"}});

TEST_CASE("nothing is undone that was not done") {
  const Sandbox sandbox;
  const std::string undone =
      "A\x1b[?1049h\x1b[?25l\x1b[31m\x1b[>1u\x1b[?1004h\x1b[?1004l\x1b[<u"
      "\x1b[0m\x1b[?25h\x1b[?1049lB\r\n\x1b[?2004l";
  sandbox.write("a.cast", recording_of({{0, "o", undone}, {0.1, "m", ""}}));
  CHECK((Player(sandbox, "a.cast").ends_with(0) == undone));
  for (const Change& change : kChanges) {
    CAPTURE(std::string(change.on));
    sandbox.write("b.cast", recording_of({{0, "o", std::string("A") + change.on + "B"}}));
    const std::string shown = Player(sandbox, "b.cast").ends_with(0);
    CHECK(shown.starts_with(std::string("A") + change.on + "B"));
    CHECK(contains(shown, change.off));
    CHECK(shown.size() <= 2 + std::string(change.on).size() + std::string(change.off).size() + 4);
  }
}

TEST_CASE("a clean terminal, however the playback ends") {
  const Sandbox sandbox;
  sandbox.write("a.cast", kMess);
  sandbox.write("ends.cast", recording_of({{0, "o", all_on()}}));
  struct Case {
    std::string name;
    std::string command;
    std::function<void(Player&)> end;
    int status;
  };
  const std::vector<Case> cases = {
      {"by itself", "ends.cast", [](Player&) {}, 0},
      {"q", "a.cast", [](Player& player) { player.send("q"); }, 0},
      {"Ctrl-C", "a.cast", [](Player& player) { player.send("\x03"); }, 1},
      {"Ctrl-C, paused", "a.cast", [](Player& player) { player.send(" \x03"); }, 1},
      {"stop", "a.cast",
       [&](Player&) {
         CHECK(sandbox.run({"asciinema", "stop"}).status == 0);
       },
       0},
      {"SIGINT", "a.cast", [](Player& player) { ::kill(player.client(), SIGINT); }, 1},
      {"SIGTERM", "a.cast", [](Player& player) { ::kill(player.client(), SIGTERM); }, 143},
      {"SIGHUP", "a.cast", [](Player& player) { ::kill(player.client(), SIGHUP); }, 129},
      {"SIGTERM to the daemon", "a.cast", [&](Player&) { ::kill(sandbox.daemon_pid(), SIGTERM); },
       0},
      {"SIGKILL to the daemon", "a.cast", [&](Player&) { ::kill(sandbox.daemon_pid(), SIGKILL); },
       1},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    Player player(sandbox, c.command);
    player.expect("MADE A MESS");
    c.end(player);
    const std::string shown = player.ends_with(c.status);
    check_clean(shown.substr(shown.find("MADE A MESS")));
    if (c.name == "SIGKILL to the daemon") CHECK(contains(shown, "playback failed: asciinemad"));
  }
}

TEST_CASE("a clean terminal after SIGKILL to the client") {
  const Sandbox sandbox;
  sandbox.write("a.cast", kMess);
  Player player(sandbox, "a.cast");
  const termios before = player.settings_before();
  player.expect("MADE A MESS");
  CHECK(test::is_raw(player.settings()));
  ::kill(player.client(), SIGKILL);
  // The daemon's bytes and the shell's come in any order.
  player.expect("\x1b[?25h");
  CHECK(test::eventually([&] { return test::same_settings(player.settings(), before); }));
  player.send("\r");
  player.wait();
  CHECK(contains(player.screen(), "status=137"));
  check_clean(player.screen().substr(player.screen().find("MADE A MESS")));
  CHECK(test::playbacks(sandbox).empty());
}

TEST_CASE("a closed window ends the playback") {
  const Sandbox sandbox;
  sandbox.write("a.cast", kMess);
  Player player(sandbox, "a.cast");
  player.expect("MADE A MESS");
  player.close();
  CHECK(test::eventually([&] { return test::playbacks(sandbox).empty(); }));
  player.wait();
}

TEST_CASE("an unfinished sequence swallows nothing of what follows") {
  const Sandbox sandbox;
  for (const std::string tail : {"\x1b[3", "\x1b", "\x1b]0;title"}) {
    sandbox.write("a.cast", recording_of({{0, "o", "A" + tail}}));
    const std::string shown = Player(sandbox, "a.cast").ends_with(0);
    CAPTURE(shown);
    const bool dropped_or_cancelled = shown == "A" || contains(shown, "\x18");
    CHECK(dropped_or_cancelled);
  }
}

TEST_CASE("each round of a loop begins with a clean terminal") {
  const Sandbox sandbox;
  sandbox.write("a.cast", recording_of({{0, "o", all_on()}, {0.05, "o", "."}}));
  Player player(sandbox, "-l a.cast");
  player.expect("MADE A MESS");
  const std::string between = player.expect("MADE A MESS");
  for (const Change& change : kChanges) CHECK(contains(between, change.off));
  player.send("q");
  player.ends_with(0);
}

TEST_CASE("a real terminal is clean afterwards") {
  const Sandbox sandbox;
  sandbox.write("a.cast", kMess);
  const Tmux tmux(sandbox);
  tmux.open("w", ".",
            "stty -a >before; echo above; read x; asciinema play a.cast; stty -a >after;"
            "echo below; read x");
  REQUIRE(test::eventually([&] { return contains(tmux.text("w"), "above"); }));
  const std::string before = tmux.screen("w");
  tmux.type("w", {"Enter"});
  REQUIRE(test::eventually([&] { return contains(tmux.text("w"), "MESS"); }));
  CHECK(contains(tmux.screen("w"), " alternate 1 "));
  tmux.type("w", {"q"});
  REQUIRE(test::eventually([&] { return contains(tmux.text("w"), "below"); }));
  const std::string after = tmux.screen("w");
  CAPTURE(after);
  const auto modes = [](const std::string& screen) {
    return screen.substr(screen.find(" visible"));
  };
  CHECK(modes(after) == modes(before));
  CHECK(contains(tmux.text("w"), "above\n"));
  CHECK(contains(after, "\nplainbelow"));  // where the cursor was, without attributes
  CHECK(sandbox.read("after") == sandbox.read("before"));
}

}  // namespace
}  // namespace asciinemad
