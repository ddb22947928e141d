// Full-screen programs and job control, with the recorder and without it, side by side: the screens
// are the same after every step.

#include <doctest/doctest.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "tests/support/cast.h"
#include "tests/support/sandbox.h"
#include "tests/support/tmux.h"

namespace asciinemad {
namespace {

using test::eventually;
using test::read_cast;
using test::Sandbox;
using test::Tmux;

const std::vector<std::string> kWindows = {"plain", "recorded"};

// What of a screen counts.
using View = std::function<std::string(const std::string& screen)>;

std::string whole(const std::string& screen) { return screen; }

// Two windows in which the same command runs.
class Twins {
 public:
  // Both windows have a directory of their own, with the files that `prepare` makes there.
  Twins(const std::string& command, const std::string& prepare)
      : has_program_(sandbox_.run({"which", command.substr(0, command.find(' '))}).status == 0),
        tmux_(sandbox_) {
    if (!has_program_) return;
    sandbox_.write("command", command + "\n");
    for (const std::string& window : kWindows) {
      std::filesystem::create_directory(sandbox_ / window);
      const std::string run =
          window == "plain" ? "sh ../command" : "asciinema rec -q -c 'sh ../command' ../a.cast";
      tmux_.open(window, window,
                 prepare + "; stty -a >../" + window + ".before; " + run + "; stty -a >../" +
                     window + ".after; echo; echo it has ended; exec cat");
    }
  }

  bool has_program() const {
    if (!has_program_) MESSAGE("skipped: the program is not installed");
    return has_program_;
  }

  void type(const std::vector<std::string>& keys) const {
    for (const std::string& window : kWindows) tmux_.type(window, keys);
  }

  // Waits until both windows show `text` and then, the same.
  void show(const std::string& text, const View& view = whole) const {
    CAPTURE(text);
    for (const std::string& window : kWindows) {
      CAPTURE(window);
      const bool shown =
          eventually([&] { return tmux_.text(window).find(text) != std::string::npos; });
      CAPTURE(tmux_.text(window));
      REQUIRE(shown);
    }
    const auto seen = [&](const std::string& window) { return view(tmux_.screen(window)); };
    const bool same = eventually([&] { return seen("plain") == seen("recorded"); }, 3000);
    INFO("without the recorder:\n", seen("plain"), "\nwith it:\n", seen("recorded"));
    REQUIRE(same);
  }

  // After the keys that end the program.
  void have_ended(const View& view = whole) const {
    show("it has ended", view);
    CHECK(tmux_.screen("recorded").find(" alternate 0 ") != std::string::npos);
    const std::string before = sandbox_.read("recorded.before");
    CHECK(before.find("rows 24") != std::string::npos);
    CHECK(sandbox_.read("recorded.after") == before);
    CHECK(sandbox_.read("plain.after") == before);
    CHECK_FALSE(read_cast(sandbox_ / "a.cast").events.empty());
  }

 private:
  Sandbox sandbox_;
  bool has_program_;
  Tmux tmux_;
};

constexpr const char* kNotes =
    "{ for i in $(seq 100); do echo \"note $i: größer, 漢字, ein\tTab\"; done; } >notes.txt";

TEST_CASE("vim looks the same") {
  const Twins twins("vim -Nu NONE -i NONE -n notes.txt", kNotes);
  if (!twins.has_program()) return;
  twins.show("note 1:");
  twins.type({"ihello"});
  twins.show("hello");
  twins.type({"Escape"});
  twins.type({":set number hlsearch", "Enter"});
  twins.show("  1 hello");
  twins.type({"G"});
  twins.show("100 note 100:");
  twins.type({":split", "Enter"});
  twins.show("notes.txt");
  twins.type({"?note 50", "Enter"});
  twins.show("note 50:");
  twins.type({":wqa", "Enter"});
  twins.have_ended();
}

TEST_CASE("less looks the same") {
  const Twins twins("less notes.txt", kNotes);
  if (!twins.has_program()) return;
  twins.show("note 1:");
  twins.type({"Space"});
  twins.show("note 46:");
  twins.type({"/note 90", "Enter"});
  twins.show("note 90:");
  twins.type({"b"});
  twins.show("note 67:");
  twins.type({"q"});
  twins.have_ended();
}

TEST_CASE("nano looks the same") {
  const Twins twins("nano --ignorercfiles notes.txt", kNotes);
  if (!twins.has_program()) return;
  twins.show("note 1:");
  twins.type({"typed", "Enter"});
  twins.show("typed");
  twins.type({"C-w"});
  twins.show("Search");
  twins.type({"note 80", "Enter"});
  twins.show("note 80:");
  twins.type({"C-x"});
  twins.show("Save modified buffer?");
  twins.type({"n"});
  twins.have_ended();
}

TEST_CASE("dialog looks the same") {
  const Twins twins(
      "dialog --title Fruit --menu 'Which one?' 15 40 4 1 apple 2 pear 3 plum 2>chosen; cat chosen",
      "true");
  if (!twins.has_program()) return;
  twins.show("Which one?");
  twins.type({"Down", "Down"});
  twins.type({"Tab"});
  twins.show("Cancel");
  twins.type({"BTab", "Enter"});
  twins.have_ended();
}

// These show what the machine does at the moment, except for a few lines.
std::string modes(const std::string& screen) { return screen.substr(screen.find("cursor ")); }

std::string function_keys(const std::string& screen) {
  const std::size_t begin = screen.find("F1");
  return begin == std::string::npos ? "" : screen.substr(begin, screen.find('\n', begin) - begin);
}

TEST_CASE("htop looks the same where it stands still") {
  const Twins twins("htop -d 100", "true");
  if (!twins.has_program()) return;
  twins.show("F10", function_keys);
  twins.type({"h"});
  twins.show("Released under the GNU");
  twins.type({"x"});
  twins.show("F10", function_keys);
  twins.type({"q"});
  twins.have_ended(modes);
}

TEST_CASE("top looks the same where it stands still") {
  const Twins twins("top -d 100", "true");
  if (!twins.has_program()) return;
  twins.show("PID", modes);
  twins.type({"h"});
  twins.show("Help for Interactive Commands");
  twins.type({"q"});
  twins.show("PID", modes);
  twins.type({"q"});
  twins.have_ended(modes);
}

TEST_CASE("a shell with job control looks the same") {
  const Twins twins("bash --norc --noprofile", "true");
  if (!twins.has_program()) return;
  twins.show("$");
  const std::string sleeper = "sh -c 'echo as''leep; exec sleep 100'";
  twins.type({sleeper, "Enter"});
  twins.show("\nasleep");
  twins.type({"C-z"});
  twins.show("Stopped");
  twins.type({"jobs; echo li''sted", "Enter"});
  twins.show("\nlisted");
  twins.type({"fg; echo status $?", "Enter"});
  twins.show("status $?\nsh -c");
  twins.type({"C-c"});
  twins.type({"echo back", "Enter"});
  twins.show("\nback");
  twins.type({"bg; stty -a; read -n 1 -s x; echo [$x]", "Enter"});
  twins.show("-extproc");
  twins.type({"z"});
  twins.show("\n[z]");
  twins.type({"C-d"});
  twins.have_ended();
}

}  // namespace
}  // namespace asciinemad
