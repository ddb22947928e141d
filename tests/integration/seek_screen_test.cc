// Jumping in recordings of real programs: at any moment the screen is that of playing up to it.

#include <doctest/doctest.h>

#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "tests/support/cast.h"
#include "tests/support/sandbox.h"
#include "tests/support/seed.h"
#include "tests/support/tmux.h"

namespace asciinemad {
namespace {

using test::Cast;
using test::eventually;
using test::Sandbox;
using test::Tmux;

struct Step {
  std::vector<std::string> keys;
  std::string shows;  // what appears then
};

class RealRecording {
 public:
  explicit RealRecording(const std::string& command) : command_(command), tmux_(sandbox_) {}

  bool has_program() const {
    const std::string program = command_.substr(0, command_.find(' '));
    const bool has = sandbox_.run({"which", program}).status == 0;
    if (!has) MESSAGE("skipped: ", program, " is not installed");
    return has;
  }

  void record(const std::vector<Step>& steps) {
    sandbox_.write("command", command_ + "\n");
    tmux_.open("recorder", ".",
               "for i in $(seq 100); do echo \"note $i: größer, 漢字, ein\tTab\"; done >notes.txt; "
               "asciinema rec -q -c 'sh command' a.cast; echo it has ended; exec cat");
    for (const Step& step : steps) {
      CAPTURE(step.shows);
      if (!step.keys.empty()) tmux_.type("recorder", step.keys);
      REQUIRE(
          eventually([&] { return tmux_.text("recorder").find(step.shows) != std::string::npos; }));
    }
    cast_ = test::read_cast(sandbox_ / "a.cast");
    REQUIRE(cast_.events.size() > 3);
  }

  void compare_at_random_moments(int count) {
    std::mt19937 random = test::seeded_random();
    for (int i = 0; i < count; ++i) {
      // The first shows nothing yet, the last may have left the alternate screen.
      compare_after(test::random_number(random, 1, cast_.events.size() - 1), std::to_string(i));
    }
  }

 private:
  // Shown straight, and jumped to: between this event and the next, where both stand still.
  void compare_after(std::size_t events, const std::string& name) {
    while (events < cast_.events.size() &&
           cast_.events[events].time_us == cast_.events[events - 1].time_us) {
      ++events;
    }
    std::string output;
    for (std::size_t i = 0; i < events; ++i) {
      if (cast_.events[i].code == "o") output += cast_.events[i].data;
    }
    sandbox_.write("straight" + name, output);
    const std::uint64_t at_us = cast_.events[events - 1].time_us;
    std::string fraction = std::to_string(at_us % 1'000'000);
    fraction.insert(0, 6 - fraction.size(), '0');
    tmux_.open("straight" + name, ".",
               "clear; stty raw -echo; cat straight" + name + "; : >shown" + name + "; exec cat");
    REQUIRE(eventually([&] { return std::filesystem::exists(sandbox_ / ("shown" + name)); }));
    tmux_.open("jumped" + name, ".",
               "clear; exec asciinema play -s 0.000001 --start-at " +
                   std::to_string(at_us / 1'000'000) + "." + fraction + " a.cast");
    const auto screen = [&](const std::string& window) {
      return tmux_.visible_screen(window + name);
    };
    const bool same = eventually([&] { return screen("straight") == screen("jumped"); }, 5000);
    CAPTURE(events);
    INFO("straight:\n", tmux_.screen("straight" + name), "\njumped:\n",
         tmux_.screen("jumped" + name));
    CHECK(same);
  }

  const std::string command_;
  Sandbox sandbox_;
  Tmux tmux_;
  Cast cast_;
};

constexpr int kMoments = 6;

TEST_CASE("jumps in a recording of vim") {
  RealRecording recording("vim -Nu NONE -i NONE -n notes.txt");
  if (!recording.has_program()) return;
  recording.record({{{}, "note 1:"},
                    {{"ihello", "Escape"}, "hello"},
                    {{":set number hlsearch", "Enter"}, "  1 hello"},
                    {{"G"}, "100 note 100:"},
                    {{":split", "Enter"}, "notes.txt"},
                    {{"?note 50", "Enter"}, "note 50:"},
                    {{":q", "Enter"}, "note 100:"},
                    {{":q!", "Enter"}, "it has ended"}});
  recording.compare_at_random_moments(kMoments);
}

TEST_CASE("jumps in a recording of less") {
  RealRecording recording("less notes.txt");
  if (!recording.has_program()) return;
  recording.record({{{}, "note 1:"},
                    {{"Space"}, "note 46:"},
                    {{"/note 90", "Enter"}, "note 90:"},
                    {{"b"}, "note 67:"},
                    {{"q"}, "it has ended"}});
  recording.compare_at_random_moments(kMoments);
}

TEST_CASE("jumps in a recording of htop") {
  RealRecording recording("htop -d 2");
  if (!recording.has_program()) return;
  recording.record({{{}, "F10"},
                    {{"h"}, "Released under the GNU"},
                    {{"x"}, "F10"},
                    {{"F6"}, "Sort by"},
                    {{"Escape"}, "F10"},
                    {{"q"}, "it has ended"}});
  recording.compare_at_random_moments(kMoments);
}

TEST_CASE("jumps in a recording of tmux") {
  RealRecording recording("tmux -L inner -f /dev/null new-session 'cat notes.txt; exec sh'");
  recording.record({{{}, "note 100:"},
                    {{"C-b", "%"}, "│"},
                    {{"seq 30", "Enter"}, "30"},
                    {{"C-b", "c"}, "1:"},
                    {{"exit", "Enter"}, "30"},
                    {{"exit", "Enter"}, "note 100:"},
                    {{"exit", "Enter"}, "it has ended"}});
  recording.compare_at_random_moments(kMoments);
}

}  // namespace
}  // namespace asciinemad
