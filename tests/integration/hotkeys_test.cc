// Hotkeys: pause and markers, in every form in which terminals send keys.

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/support/cast.h"
#include "tests/support/pty_driver.h"
#include "tests/support/sandbox.h"

namespace asciinemad {
namespace {

using test::Cast;
using test::PtyDriver;
using test::read_cast;
using test::Sandbox;

// Shows each line that it gets, control characters made visible. Hotkeys that are missed reach it
// as characters, not as signals.
constexpr const char* kShowLines =
    "stty -echo -isig; trap 'echo \"resized to $(stty size)\"' WINCH; echo ready; "
    "while :; do read -r x || continue; [ \"$x\" = end ] && exit; [ \"$x\" = nap ] && sleep 1; "
    "printf 'got %s.\\n' \"$x\" | cat -v; done";

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

class Recording {
 public:
  explicit Recording(const Sandbox& sandbox, std::vector<std::string> options = {})
      : sandbox_(sandbox), terminal_(sandbox, command_line(std::move(options))) {
    terminal_.expect("ready\r\n");
  }

  PtyDriver& terminal() { return terminal_; }
  // Types `before`, then a line; the command shows `shown` for it.
  void type(const std::string& before, const std::string& line, const std::string& shown) {
    terminal_.send(before + line + "\r");
    terminal_.expect("got " + shown + ".\r\n");
  }
  void type(const std::string& before, const std::string& line) { type(before, line, line); }
  Cast end() {
    terminal_.send("end\r");
    CHECK(terminal_.wait().status == 0);
    return read_cast(sandbox_ / "a.cast");
  }

 private:
  static std::vector<std::string> command_line(std::vector<std::string> options) {
    options.insert(options.begin(), {"asciinema", "rec"});
    options.insert(options.end(), {"-c", kShowLines, "a.cast"});
    return options;
  }

  const Sandbox& sandbox_;
  PtyDriver terminal_;
};

TEST_CASE("what follows the pause key in the same write is not recorded") {
  const Sandbox sandbox;
  Recording recording(sandbox);
  recording.type("", "first");
  recording.type("\x1c", "secret");
  recording.type("\x1c", "last");
  CHECK(recording.end().output() == "ready\r\ngot first.\r\ngot last.\r\n");
}

TEST_CASE("the pause key works in the middle of what is typed") {
  const Sandbox sandbox;
  Recording recording(sandbox);
  recording.type("sec\x1c", "ret", "secret");
  CHECK(recording.end().output() == "ready\r\n");
}

TEST_CASE("the pause key is known in every terminal's encoding") {
  const Sandbox sandbox;
  Recording recording(sandbox);
  std::string expected = "ready\r\n";
  const std::vector<std::string> keys = {
      "\x1c",
      "\x1b[92;5u",                // kitty's protocol
      "\x1b[92;5:1u",              // a press, when events are reported
      "\x1b[92;69u",               // with caps lock
      "\x1b[92;133u",              // with num lock
      "\x1b[92;5:1u\x1b[92;5:3u",  // pressed and let go: one key
      "\x1b[27;5;92~",             // xterm's modifyOtherKeys
  };
  for (std::size_t i = 0; i < keys.size(); ++i) {
    CAPTURE(i);
    const std::string number = std::to_string(i);
    recording.type(keys[i], "secret" + number);
    recording.type(keys[i], "shown" + number);
    expected += "got shown" + number + ".\r\n";
  }
  CHECK(recording.end().output() == expected);
}

TEST_CASE("time stands still during a pause") {
  using std::chrono::steady_clock;
  const Sandbox sandbox;
  const auto before = steady_clock::now();
  Recording recording(sandbox);
  recording.type("\x1c", "nap");  // for a second
  recording.type("\x1c", "last");
  const auto wall =
      std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - before);
  const Cast cast = recording.end();
  CHECK(cast.events.back().time_us + 1'000'000 <= static_cast<std::uint64_t>(wall.count()));
}

TEST_CASE("a resize during a pause is recorded when it ends") {
  const Sandbox sandbox;
  Recording recording(sandbox);
  recording.type("\x1c", "secret");
  recording.terminal().resize({100, 30});
  recording.terminal().expect("resized to 30 100\r\n");
  recording.terminal().resize({132, 43});
  recording.terminal().expect("resized to 43 132\r\n");
  recording.type("\x1c", "last");
  const Cast cast = recording.end();
  REQUIRE(cast.events.size() >= 3);
  CHECK(cast.events[0].data == "ready\r\n");
  CHECK(cast.events[1].code == "r");
  CHECK(cast.events[1].data == "132x43");
  CHECK(cast.of("r").size() == 1);
  CHECK(cast.output() == "ready\r\ngot last.\r\n");
}

TEST_CASE("the marker key of the configuration adds markers and is swallowed") {
  const Sandbox sandbox;
  sandbox.configure("[record]\nadd_marker_key = C-b\n");
  Recording recording(sandbox);
  recording.type("\x02", "legacy");
  recording.type("\x1b[98;5u", "kitty");
  recording.type("\x1b[27;5;98~", "xterm");
  const Cast cast = recording.end();
  CHECK(cast.of("m").size() == 3);
  CHECK(cast.output() == "ready\r\ngot legacy.\r\ngot kitty.\r\ngot xterm.\r\n");
  CHECK(cast.events[1].code == "m");
}

TEST_CASE("no marker is written during a pause") {
  const Sandbox sandbox;
  sandbox.configure("[record]\nadd_marker_key = C-b\n");
  Recording recording(sandbox);
  recording.type("\x1c\x02", "secret");
  recording.type("\x1c", "last");
  CHECK(recording.end().of("m").empty());
}

TEST_CASE("with a prefix key, hotkeys count only after it") {
  const Sandbox sandbox;
  sandbox.configure("[record]\nprefix_key = C-a\npause_key = p\nadd_marker_key = m\n");
  Recording recording(sandbox);
  recording.type("", "pump");
  recording.type("\x01m", "marked");
  recording.type("\x01p", "secret");
  recording.type("\x1b[97;5up", "shown");
  // Not a hotkey: both keys are the command's.
  recording.type("\x01x", "", "^Ax");
  const Cast cast = recording.end();
  CHECK(cast.output() == "ready\r\ngot pump.\r\ngot marked.\r\ngot shown.\r\ngot ^Ax.\r\n");
  CHECK(cast.of("m").size() == 1);
}

TEST_CASE("keys of the configuration may be written as asciinema 3 does") {
  const Sandbox sandbox;
  sandbox.dir().write("config/asciinema/config.toml",
                      "[session]\npause_key = \"^p\"\nadd_marker_key = \"C+b\"\n");
  Recording recording(sandbox);
  recording.type("\x02", "marked");
  recording.type("\x10", "secret");
  recording.type("\x10", "last");
  const Cast cast = recording.end();
  CHECK(cast.of("m").size() == 1);
  CHECK(cast.output() == "ready\r\ngot marked.\r\ngot last.\r\n");
}

TEST_CASE("pasted text contains no hotkeys") {
  const Sandbox sandbox;
  Recording recording(sandbox);
  recording.type("\x1b[200~a\x1c", "b\x1b[201~", "^[[200~a^\\b^[[201~");
  recording.type("\x1c", "secret");
  recording.type("\x1c", "last");
  CHECK(recording.end().output() == "ready\r\ngot ^[[200~a^\\b^[[201~.\r\ngot last.\r\n");
}

TEST_CASE("--stdin does not record what is typed during a pause, nor hotkeys") {
  const Sandbox sandbox;
  Recording recording(sandbox, {"--stdin"});
  recording.type("", "first");
  recording.type("\x1c", "secret");
  recording.type("\x1c", "last");
  CHECK(recording.end().data("i") == "first\rlast\rend\r");
}

TEST_CASE("notifications run with the session's environment") {
  Sandbox sandbox;
  sandbox.environment["FRUIT"] = "pear";
  sandbox.configure(
      "[record]\nadd_marker_key = C-b\n[notifications]\ncommand = echo \"$FRUIT "
      "$TEXT $(basename $ICON_PATH)\" >>" +
      (sandbox / "notes") + "\n");
  Recording recording(sandbox);
  std::string expected;
  const std::vector<std::pair<std::string, std::string>> keys = {
      {"\x02", "Marker added"}, {"\x1c", "Paused recording"}, {"\x1c", "Resumed recording"}};
  for (const auto& [key, text] : keys) {
    recording.type(key, "x");
    expected += "pear " + text + " asciinemad.svg\n";
    CHECK(test::eventually([&] { return sandbox.read("notes") == expected; }));
  }
  recording.end();
}

TEST_CASE("a notification command that hangs holds nothing up") {
  const Sandbox sandbox;
  sandbox.configure("[notifications]\ncommand = echo >>" + (sandbox / "notes") +
                    "; exec sleep 1000\n");
  Recording recording(sandbox);
  recording.type("\x1c", "secret");
  CHECK(test::eventually([&] { return sandbox.read("notes") == "\n"; }));
  recording.type("\x1c", "last");
  CHECK(contains(recording.end().output(), "got last."));
  const std::string daemon = std::to_string(sandbox.daemon_pid());
  CHECK(test::eventually([&] { return sandbox.run({"pgrep", "-P", daemon}).out.empty(); }));
}

}  // namespace
}  // namespace asciinemad
