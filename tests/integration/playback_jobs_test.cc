// Playbacks that are stopped and continued, and windows that change their size.

#include <doctest/doctest.h>
#include <signal.h>

#include <string>
#include <vector>

#include "tests/support/player.h"
#include "tests/support/process.h"

namespace asciinemad {
namespace {

using test::contains;
using test::Player;
using test::PtyDriver;
using test::recording_of;
using test::Sandbox;
using test::TerminalSize;
using wire::PlaybackInfo;

const std::string kFullScreen =
    recording_of({{0, "o", "before\x1b[?1049h\x1b[?25l\x1b[?1000h\x1b[2;3Hmiddle"},
                  {100, "o", "\x1b[5;5Hlater"}});

// A playback below a shell with job control.
class Job {
 public:
  Job(const Sandbox& sandbox, const std::string& command, TerminalSize size = {})
      : sandbox_(sandbox),
        terminal_(sandbox,
                  {"bash", "-c",
                   "set -m; asciinema play " + command +
                       "; echo stopped; while read x; do fg; echo back=$?; done"},
                  size),
        before_(terminal_.settings()) {}

  PtyDriver& operator*() { return terminal_; }
  // Returns what was shown between the signal and the shell's word.
  std::string stop() {
    const std::vector<pid_t> members = test::session_members(terminal_.pid());
    for (const pid_t pid : members) {
      if (pid != terminal_.pid()) REQUIRE(::kill(pid, SIGTSTP) == 0);
    }
    std::string shown = terminal_.expect("Stopped");
    CHECK(test::same_settings(terminal_.settings(), before_));
    return shown;
  }
  void go_on() { terminal_.send("\r"); }
  // Waits until the daemon has the terminal again.
  PlaybackInfo playing() {
    CHECK(test::eventually([&] { return test::is_raw(terminal_.settings()); }));
    return test::playbacks(sandbox_).at(0);
  }
  void end() {
    terminal_.send("q");
    terminal_.expect("back=0");
    CHECK(test::same_settings(terminal_.settings(), before_));
    terminal_.send("\x04");
    terminal_.wait();
  }

 private:
  const Sandbox& sandbox_;
  PtyDriver terminal_;
  const termios before_;
};

TEST_CASE("a stopped playback leaves a clean terminal, and comes back with its screen") {
  const Sandbox sandbox;
  sandbox.write("a.cast", kFullScreen);
  Job job(sandbox, "a.cast");
  (*job).expect("middle");
  const std::string left = job.stop();
  for (const char* undone : {"\x1b[?1049l", "\x1b[?25h", "\x1b[?1000l"}) {
    CAPTURE(left);
    CHECK(contains(left, undone));
  }
  job.go_on();
  const std::string again = (*job).expect("middle");
  CAPTURE(again);
  CHECK(contains(again, "\x1b[?1049h"));
  (*job).expect("\x1b[?25l");
  const PlaybackInfo info = job.playing();
  CHECK_FALSE(info.paused);
  CHECK(info.position_us < 50'000'000);
  job.end();
}

TEST_CASE("stopped on a terminal that is too small for the recorded screen") {
  const Sandbox sandbox;
  sandbox.write("a.cast", kFullScreen);
  Job job(sandbox, "--fit a.cast", {60, 15});
  (*job).expect("middle");
  const std::string left = job.stop();
  for (const char* undone : {"\x1b[?1049l", "\x1b[?25h", "\x1b[?1000l", "\x1b[?7h"}) {
    CAPTURE(left);
    CHECK(contains(left, undone));
  }
  job.go_on();
  const std::string drawn = (*job).expect("middle");
  for (const char* redone : {"\x1b[?1049h", "\x1b[?25l", "\x1b[?1000h", "\x1b[?7l"}) {
    CAPTURE(drawn);
    CHECK(contains(drawn, redone));
  }
  job.end();
}

TEST_CASE("time stands still for a stopped playback, and one that was paused stays paused") {
  const Sandbox sandbox;
  sandbox.write("a.cast", recording_of({{0, "o", "A"}, {100, "o", "B"}}));
  Job job(sandbox, "a.cast");
  (*job).expect("A");
  (*job).send(" ");
  REQUIRE(test::eventually([&] { return test::playbacks(sandbox).at(0).paused; }));
  const std::uint64_t at_us = test::playbacks(sandbox).at(0).position_us;
  job.stop();
  CHECK(test::playbacks(sandbox).at(0).paused);
  const test::Outcome outcome = sandbox.run({"asciinema", "step"});
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.err, "it is not playing at the moment"));
  job.go_on();
  (*job).expect("A");
  CHECK(job.playing().paused);
  CHECK(test::playbacks(sandbox).at(0).position_us == at_us);
  (*job).send(".");
  (*job).expect("B");
  job.end();
}

TEST_CASE("what is shown over the recording is gone while it is stopped") {
  const Sandbox sandbox;
  sandbox.write("a.cast", recording_of({{0, "o", "A"}, {100, "o", "B"}}));
  for (const std::string key : {"i", "?"}) {
    CAPTURE(key);
    Job job(sandbox, "a.cast");
    (*job).expect("A");
    (*job).send(key);
    (*job).expect(key == "i" ? "?: keys" : "any key: back");
    const std::string left = job.stop();
    CAPTURE(left);
    if (key == "i") CHECK(contains(left, "\x1b[2K"));
    if (key == "?") CHECK(contains(left, "\x1b[?25h"));
    job.go_on();
    (*job).expect("A");
    if (key == "i") (*job).expect("playing");
    job.end();
  }
}

TEST_CASE("a client that is stopped and killed leaves nothing behind") {
  const Sandbox sandbox;
  sandbox.write("a.cast", kFullScreen);
  Job job(sandbox, "a.cast");
  (*job).expect("middle");
  job.stop();
  for (const pid_t pid : test::session_members((*job).pid())) {
    if (pid != (*job).pid()) ::kill(pid, SIGKILL);
  }
  CHECK(test::eventually([&] { return test::playbacks(sandbox).empty(); }));
}

TEST_CASE("a stopped and continued playback that writes a file loses nothing") {
  const Sandbox sandbox;
  sandbox.write("a.cast", recording_of({{0, "o", "A"}, {100, "o", "B"}, {200, "o", "C"}}));
  Job job(sandbox, "a.cast >out");
  CHECK(test::eventually([&] { return sandbox.read("out") == "A"; }));
  job.stop();
  job.go_on();
  job.playing();
  (*job).send(" ..");
  CHECK(test::eventually([&] { return sandbox.read("out").ends_with("BC"); }));
  job.end();
}

TEST_CASE("the status line follows the window's size") {
  const Sandbox sandbox;
  sandbox.write("a.cast", recording_of({{0, "o", "A"}, {100, "o", "B"}}));
  Player player(sandbox, "a.cast");
  player.expect("A");
  player.resize({100, 30});
  player.send("i");
  player.expect("\x1b[30;1H\x1b[7m playing");
  player.resize({90, 20});
  player.expect("\x1b[20;1H\x1b[7m playing");
  player.send("q");
  player.ends_with(0);
}

TEST_CASE("a resized window costs a playback nothing") {
  const Sandbox sandbox;
  sandbox.write("a.cast", recording_of({{0, "o", "A"}, {100, "o", "B"}}));
  Player player(sandbox, "a.cast");
  player.expect("A");
  for (std::uint16_t rows = 10; rows < 40; ++rows) player.resize({80, rows});
  player.pause();
  player.send(".");
  player.expect("B");
  player.send("q");
  CHECK(player.ends_with(0) == "AB");
}

TEST_CASE("--resize asks for the recording's size and then for the old one") {
  const Sandbox sandbox;
  sandbox.write("a.cast",
                "{\"version\": 2, \"width\": 100, \"height\": 40}\n"
                "[0.01, \"o\", \"A\"]\n[0.02, \"r\", \"120x50\"]\n[0.03, \"o\", \"B\"]\n");
  const std::string shown = Player(sandbox, "--resize a.cast", {90, 30}).ends_with(0);
  CHECK(shown == "\x1b[8;40;100tA\x1b[8;50;120tB\x1b[8;30;90t");
  CHECK(Player(sandbox, "a.cast", {90, 30}).ends_with(0) == "AB");
  Player quit(sandbox, "-r -s 0.01 a.cast", {90, 30});
  quit.expect("A");
  quit.send("q");
  CHECK(quit.ends_with(0) == "\x1b[8;40;100tA\x1b[8;30;90t");
}

TEST_CASE("--resize asks for nothing where nothing is shown") {
  const Sandbox sandbox;
  sandbox.write("a.cast", recording_of({{0, "o", "A"}}));
  sandbox.write("text", "Dear diary,\n");
  CHECK_FALSE(contains(Player(sandbox, "-r --out-fmt asciicast a.cast").ends_with(0), "\x1b"));
  CHECK_FALSE(contains(Player(sandbox, "-r text").ends_with(1), "\x1b[8;"));
}

TEST_CASE("--resize puts the old size back when the daemon dies") {
  const Sandbox sandbox;
  sandbox.write("a.cast", recording_of({{0, "o", "A"}, {100, "o", "B"}}));
  Player player(sandbox, "-r a.cast", {90, 30});
  player.expect("A");
  ::kill(sandbox.daemon_pid(), SIGKILL);
  CHECK(contains(player.ends_with(1), "\x1b[8;30;90t"));
}

}  // namespace
}  // namespace asciinemad
