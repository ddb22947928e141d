// Markers: those that programs set in their output, and those of the hotkey and of pauses; and what
// tells of a pause.

#include <doctest/doctest.h>
#include <signal.h>

#include <filesystem>
#include <regex>
#include <string>
#include <vector>

#include "tests/support/detached_session.h"

namespace asciinemad {
namespace {

using test::Cast;
using test::contains;
using test::DetachedSession;
using test::ends;
using test::eventually;
using test::kShowLines;
using test::PtyDriver;
using test::Sandbox;

std::vector<std::string> labels(const Cast& cast) {
  std::vector<std::string> labels;
  for (const EventLine& event : cast.of("m")) labels.push_back(event.data);
  return labels;
}

// Both forms of the end, one split by what is typed, and one that is none.
constexpr const char* kProgram =
    "stty -echo; printf 'a\\033]7717;marker;first label\\033\\\\b\\033]7717;marker;second\\007c"
    "\\033]7717;mar'; read x; printf 'ker;third\\007d\\033]7717;other;e\\007ready'; read x";

constexpr const char* kAnyMarker = "\x1b]7717;marker;";

TEST_CASE("--output-markers: in the recording as markers, and nowhere else") {
  const Sandbox sandbox;
  PtyDriver terminal(sandbox,
                     {"asciinema", "rec", "-q", "--output-markers", "-c", kProgram, "a.cast"});
  terminal.expect("abc");
  terminal.send("\r");
  terminal.expect("ready");
  terminal.send("\r");
  CHECK(terminal.wait().status == 0);
  const Cast cast = test::read_cast(sandbox / "a.cast");
  CHECK(labels(cast) == std::vector<std::string>{"first label", "second", "third"});
  const std::string rest = "abcd\x1b]7717;other;e\aready";
  CHECK(cast.output() == rest);
  CHECK(terminal.screen() == rest);
  // In their places.
  CHECK(cast.events[0].data == "a");
  CHECK(cast.events[1].code == "m");
  CHECK(cast.events[2].data == "b");
}

TEST_CASE("without --output-markers they pass as they are") {
  const Sandbox sandbox;
  PtyDriver terminal(sandbox, {"asciinema", "rec", "-q", "-c", kProgram, "a.cast"});
  terminal.expect("c\x1b]7717;mar");
  terminal.send("\r");
  terminal.expect("ready");
  terminal.send("\r");
  CHECK(terminal.wait().status == 0);
  const Cast cast = test::read_cast(sandbox / "a.cast");
  CHECK(labels(cast).empty());
  CHECK(contains(cast.output(), kAnyMarker));
  CHECK(terminal.screen() == cast.output());
}

// Waits until another one has the session.
void kill_daemon(const Sandbox& sandbox, const std::string& id) {
  const pid_t first = sandbox.daemon_pid();
  REQUIRE(first != 0);
  ::kill(first, SIGKILL);
  REQUIRE(eventually([&] {
    const pid_t next = sandbox.daemon_pid();
    return next != 0 && next != first && test::status_of(sandbox, id, "id") == id;
  }));
}

TEST_CASE("a marker in the middle of which the daemon dies") {
  const Sandbox sandbox;
  const DetachedSession session(sandbox, kProgram, {"--output-markers"});
  REQUIRE(eventually([&] { return test::status_of(sandbox, session.id(), "markers") == "2"; }));
  session.has_recorded("\"c\"");
  kill_daemon(sandbox, session.id());
  session.send("\r");
  session.has_recorded("ready");
  session.send("\r");
  CHECK(ends(sandbox, session.id()));
  CHECK(labels(session.cast()) == std::vector<std::string>{"first label", "second", "third"});
  CHECK(session.cast().output() == "abcd\x1b]7717;other;e\aready");
}

TEST_CASE("what looks like a marker and ends with the program, across the daemon's death") {
  const Sandbox sandbox;
  const DetachedSession session(sandbox, "printf 'a\\033]7717;marker;lab'; read x",
                                {"--output-markers"});
  session.has_recorded("\"a\"");
  kill_daemon(sandbox, session.id());
  session.send("\r");
  CHECK(ends(sandbox, session.id()));
  CHECK(contains(session.cast().output(), "a\x1b]7717;marker;lab"));
  CHECK(labels(session.cast()).empty());
}

// Records on a terminal, with "a.cast".
class Recording {
 public:
  Recording(const Sandbox& sandbox, std::vector<std::string> options,
            const std::string& command = kShowLines)
      : sandbox_(sandbox), terminal_(sandbox, argv(std::move(options), command)) {
    terminal_.expect("ready\r\n");
  }

  PtyDriver& terminal() { return terminal_; }
  void type_line(const std::string& line) {
    terminal_.send(line + "\r");
    terminal_.expect("got " + line + ".\r\n");
  }
  Cast end() {
    terminal_.send("end\r");
    CHECK(terminal_.wait().status == 0);
    return test::read_cast(sandbox_ / "a.cast");
  }

 private:
  static std::vector<std::string> argv(std::vector<std::string> options,
                                       const std::string& command) {
    options.insert(options.begin(), {"asciinema", "rec", "-q"});
    options.insert(options.end(), {"-c", command, "a.cast"});
    return options;
  }

  const Sandbox& sandbox_;
  PtyDriver terminal_;
};

TEST_CASE("the hotkey's label: number and time of day") {
  const Sandbox sandbox;
  sandbox.configure("[record]\nadd_marker_key = C-b\nmarker_label = step {n} at {time}\n");
  Recording recording(sandbox, {});
  recording.terminal().send("\x02");
  recording.type_line("one");
  CHECK(sandbox.run({"asciinema", "mark", "by a script"}).status == 0);
  recording.terminal().send("\x02");
  recording.type_line("two");
  const std::vector<std::string> all = labels(recording.end());
  REQUIRE(all.size() == 3);
  const std::string time = " at ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]";
  CHECK(std::regex_match(all[0], std::regex("step 1" + time)));
  CHECK(all[1] == "by a script");
  CHECK(std::regex_match(all[2], std::regex("step 3" + time)));
}

TEST_CASE("pause_markers: where the recording is paused and resumed, by key and by a script") {
  const Sandbox sandbox;
  sandbox.configure("[record]\npause_markers = yes\n");
  Recording recording(sandbox, {});
  recording.terminal().send("\x1c");
  recording.type_line("secret");
  recording.terminal().send("\x1c");
  recording.type_line("shown");
  CHECK(sandbox.run({"asciinema", "pause"}).status == 0);
  CHECK(sandbox.run({"asciinema", "resume"}).status == 0);
  recording.type_line("last");
  const Cast cast = recording.end();
  CHECK(labels(cast) == std::vector<std::string>{"paused", "resumed", "paused", "resumed"});
  CHECK(cast.output() == "ready\r\ngot shown.\r\ngot last.\r\n");
}

TEST_CASE("paused_title: on the terminal, not in the recording; gone after a detach") {
  const Sandbox sandbox;
  sandbox.configure("[record]\npaused_title = [PAUSED]\n");
  const std::string on = "\x1b[22;2t\x1b]2;[PAUSED]\a";
  const std::string off = "\x1b[23;2t";
  Recording recording(sandbox, {});
  recording.terminal().send("\x1c");
  recording.terminal().expect(on);
  recording.type_line("secret");
  CHECK_FALSE(contains(recording.terminal().screen(), off));
  recording.terminal().send("\x1c");
  recording.terminal().expect(off);
  recording.terminal().send("\x1c");
  recording.terminal().expect(on);
  CHECK(sandbox.run({"asciinema", "detach"}).status == 0);
  recording.terminal().expect(off);
  CHECK(recording.terminal().wait().status == 0);

  // Who attaches in the pause is told as well, and so at its end.
  PtyDriver terminal(sandbox, {"asciinema", "attach"});
  terminal.expect(on);
  CHECK(sandbox.run({"asciinema", "resume"}).status == 0);
  terminal.expect(off);
  terminal.send("end\r");
  CHECK(terminal.wait().status == 0);
  CHECK(test::read_cast(sandbox / "a.cast").output() == "ready\r\n");
}

TEST_CASE("the state file is there in a pause, also after the daemon's death") {
  const Sandbox sandbox;
  const DetachedSession session(sandbox,
                                "echo $ASCIINEMA_STATE_FILE >where; " + std::string(kShowLines));
  session.has_recorded("ready");
  std::string path = sandbox.read("where");
  REQUIRE(path.ends_with("\n"));
  path.pop_back();
  const auto there = [&] { return std::filesystem::exists(path); };
  CHECK_FALSE(there());
  for (int i = 0; i < 2; ++i) {
    CHECK(sandbox.run({"asciinema", "pause"}).status == 0);
    CHECK(there());
    CHECK(sandbox.run({"cat", path}).out == "paused\n");
    if (i == 1) {
      kill_daemon(sandbox, session.id());
      CHECK(there());
      CHECK(test::status_of(sandbox, session.id(), "state") == "paused");
    }
    CHECK(sandbox.run({"asciinema", "resume"}).status == 0);
    CHECK_FALSE(there());
  }
  CHECK(sandbox.run({"asciinema", "pause"}).status == 0);
  CHECK(there());
  CHECK(sandbox.run({"asciinema", "stop"}).status == 0);
  CHECK_FALSE(there());
}

TEST_CASE("--pause-at-start: nothing before the recording is resumed") {
  const Sandbox sandbox;
  Recording recording(sandbox, {"--pause-at-start", "--stdin"});
  recording.type_line("secret");
  CHECK(contains(sandbox.run({"asciinema", "status"}).out, "paused"));
  CHECK(sandbox.run({"asciinema", "mark", "too early"}).status == 1);
  CHECK(sandbox.run({"asciinema", "resume"}).status == 0);
  recording.type_line("shown");
  const Cast cast = recording.end();
  CHECK(cast.output() == "got shown.\r\n");
  CHECK_FALSE(contains(cast.data("i"), "secret"));
  CHECK(labels(cast).empty());
}

}  // namespace
}  // namespace asciinemad
