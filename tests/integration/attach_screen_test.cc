// Who attaches to a session sees what would be there had nobody ever left: a terminal emulator
// shows the same for a program that was started in it and for one that was attached to.

#include <doctest/doctest.h>
#include <signal.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/detached_session.h"
#include "tests/support/tmux.h"

namespace asciinemad {
namespace {

using test::contains;
using test::DetachedSession;
using test::eventually;
using test::Sandbox;
using test::TerminalSize;
using test::Tmux;

struct Step {
  std::string typed;
  std::string shows;  // what appears then
};

// The same command in a window of its own, "plain", and in a session.
class Twins {
 public:
  explicit Twins(const std::string& command) : program_(command.substr(0, command.find(' '))) {
    std::string notes;
    for (int i = 1; i <= 100; ++i) {
      notes += "note " + std::to_string(i) + ": größer, 漢字, ein\tTab\n";
    }
    sandbox_.write("notes.txt", notes);
    sandbox_.write("command", command + "\n");
    sandbox_.environment["PS1"] = "\\[\\e[1;32m\\]box\\[\\e[0m\\]:\\[\\e[34m\\]\\u\\[\\e[0m\\]\\$ ";
  }

  bool has_program() const {
    const bool has = sandbox_.run({"which", program_}).status == 0;
    if (!has) MESSAGE("skipped: ", program_, " is not installed");
    return has;
  }

  void start() {
    tmux_.emplace(sandbox_);
    // What tmux tells the programs in it.
    sandbox_.environment["TERM"] = "screen";
    tmux_->open("plain", ".", "export TERM=screen; exec sh command");
    session_.emplace(sandbox_, "exec sh command");
  }
  void go_through(const std::vector<Step>& steps) const {
    for (const Step& step : steps) {
      CAPTURE(step.shows);
      type(step.typed);
      REQUIRE(eventually([&] { return contains(tmux_->text("plain"), step.shows); }));
      session_->shows(step.shows);
    }
  }
  void type(const std::string& typed) const {
    if (typed.empty()) return;
    tmux_->type("plain", {"-l", typed});
    session_->send(typed);
  }
  void attach(const std::string& window, TerminalSize size = {}) const {
    tmux_->open(window, ".", "echo hello; asciinema attach " + session_->id() + "; exec cat", size);
  }
  void detach() const {
    REQUIRE(sandbox_.run({"asciinema", "detach", "-S", session_->id()}).status == 0);
    session_->becomes_detached();
  }
  void looks_the_same(const std::string& window) const {
    const bool same = eventually(
        [&] { return tmux_->visible_screen("plain") == tmux_->visible_screen(window); }, 5000);
    INFO("plain:\n", tmux_->screen("plain"), "\n", window, ":\n", tmux_->screen(window));
    CHECK(same);
  }

  Sandbox& sandbox() { return sandbox_; }
  const Tmux& tmux() const { return *tmux_; }
  const DetachedSession& session() const { return *session_; }

 private:
  const std::string program_;
  Sandbox sandbox_;
  std::optional<Tmux> tmux_;
  std::optional<DetachedSession> session_;
};

constexpr const char* kVim = "vim -Nu NONE -i NONE -n notes.txt";
const std::vector<Step> kInVim = {{"", "note 1:"},
                                  {":set number hlsearch | syntax off\r", "  1 "},
                                  {":70\r", " 70 "},
                                  {":split\r\x0c", "notes.txt"},
                                  {"?note 20\r\x0c", "note 20:"}};

TEST_CASE("vim with a scrolled, split window, attached to several times") {
  Twins twins(kVim);
  if (!twins.has_program()) return;
  twins.start();
  twins.go_through(kInVim);
  twins.attach("first");
  twins.looks_the_same("first");
  twins.detach();
  twins.go_through({{":vsplit\r\x0c", "|"}});
  twins.attach("second");
  twins.looks_the_same("second");
  // And what is typed there goes on from it.
  twins.tmux().type("plain", {"-l", "ihello"});
  twins.tmux().type("second", {"-l", "ihello"});
  twins.looks_the_same("second");
}

TEST_CASE("less in the middle of a file") {
  Twins twins("less -M notes.txt");
  if (!twins.has_program()) return;
  twins.start();
  twins.go_through({{"", "note 1:"}, {" ", "note 46:"}, {"/note 9\r", "note 90:"}});
  twins.attach("attached");
  twins.looks_the_same("attached");
}

TEST_CASE("a shell with a coloured prompt and some output") {
  Twins twins("bash --norc --noprofile");
  twins.start();
  twins.go_through({{"", "box"},
                    {"seq 30\r", "30"},
                    {"printf '\\033[7mreverse\\033[m \\033[4;31munderlined\\033[m\\n'\r", "underl"},
                    {"echo unfinished wo", "unfinished wo"}});
  twins.attach("attached");
  twins.looks_the_same("attached");
}

// The bytes of a program that redraws its screen all the time, up to some moment.
std::string screen_of(Sandbox& sandbox, const std::string& command, const std::string& shows) {
  const DetachedSession session(sandbox, command, {"--overwrite"});
  session.has_recorded(shows);
  std::string bytes;
  for (const EventLine& event : test::parse_cast(session.recorded()).of("o")) bytes += event.data;
  REQUIRE(sandbox.run({"asciinema", "stop", "-S", session.id()}).status == 0);
  return bytes;
}

// Nothing repaints it: what is there was drawn on attaching.
constexpr const char* kStandIn =
    "trap '' WINCH; stty raw -echo; cat screen; printf '\\033[?2004h'; exec cat";

TEST_CASE("htop's screen, which nobody draws anew") {
  Twins twins(kStandIn);
  if (twins.sandbox().run({"which", "htop"}).status != 0) {
    MESSAGE("skipped: htop is not installed");
    return;
  }
  twins.sandbox().environment["TERM"] = "screen";
  twins.sandbox().write("screen", screen_of(twins.sandbox(), "htop", "F10"));
  std::filesystem::remove(twins.sandbox() / "a.cast");
  twins.start();
  twins.go_through({{"", "F10"}});
  twins.session().has_recorded("?2004h");
  twins.attach("attached");
  twins.looks_the_same("attached");
}

// The cursor, its appearance, a scroll region, charsets, modes and an unfinished line.
constexpr const char* kState =
    "\x1b[?1049h\x1b[5;10r\x1b[?6h\x1b[?1h\x1b=\x1b[?25l\x1b[?1000h\x1b[?1006h\x1b[1;1Hin the "
    "region\r\n\x1b[44;37mblue\x1b[K\x1b[3;30Hend of it \x1b[9;41mstruck";

TEST_CASE("modes, a scroll region and colours, after another daemon has taken over") {
  Twins twins(kStandIn);
  twins.sandbox().write("screen", kState);
  twins.start();
  twins.go_through({{"", "struck"}});
  twins.session().has_recorded("?2004h");
  twins.attach("before");
  twins.looks_the_same("before");
  twins.detach();
  const pid_t first = twins.sandbox().daemon_pid();
  ::kill(first, SIGKILL);
  REQUIRE(eventually([&] {
    const pid_t next = twins.sandbox().daemon_pid();
    return next != 0 && next != first &&
           test::status_of(twins.sandbox(), twins.session().id(), "attached") == "false";
  }));
  twins.attach("after");
  twins.looks_the_same("after");
  // What comes then is shown where it belongs.
  twins.tmux().type("plain", {"-l", "more"});
  twins.tmux().type("after", {"-l", "more"});
  twins.looks_the_same("after");
}

constexpr TerminalSize kLarger{100, 30};

TEST_CASE("a window of another size: vim") {
  Twins twins(kVim);
  if (!twins.has_program()) return;
  twins.start();
  twins.go_through(kInVim);
  twins.tmux().resize("plain", kLarger);
  twins.attach("attached", kLarger);
  twins.looks_the_same("attached");
  CHECK(test::status_of(twins.sandbox(), twins.session().id(), "cols") == "100");
}

TEST_CASE("a window of another size: less") {
  Twins twins("less notes.txt");
  if (!twins.has_program()) return;
  twins.start();
  twins.go_through({{"", "note 1:"}, {" ", "note 46:"}});
  twins.tmux().resize("plain", {60, 15});
  twins.attach("attached", {60, 15});
  twins.looks_the_same("attached");
}

TEST_CASE("a paused session, whose program has gone on") {
  Twins twins("less notes.txt");
  if (!twins.has_program()) return;
  twins.start();
  twins.go_through({{"", "note 1:"}});
  REQUIRE(twins.sandbox().run({"asciinema", "pause"}).status == 0);
  twins.type("  ");
  REQUIRE(eventually([&] { return contains(twins.tmux().text("plain"), "note 69:"); }));
  twins.attach("attached");
  twins.looks_the_same("attached");
  CHECK_FALSE(contains(twins.session().recorded(), "note 60:"));
}

}  // namespace
}  // namespace asciinemad
