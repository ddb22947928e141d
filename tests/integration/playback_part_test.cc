// Playback on terminals that are smaller than the recorded screen: at any moment they show the rows
// around its cursor, of these the left columns.

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/support/detached_session.h"
#include "tests/support/player.h"
#include "tests/support/small_window.h"

namespace asciinemad {
namespace {

using test::apply;
using test::contains;
using test::DetachedSession;
using test::eventually;
using test::part_of;
using test::recording_of;
using test::Sandbox;
using test::TerminalSize;
using test::Window;

constexpr TerminalSize kSmall{60, 15};

using Events = std::vector<test::RecordedEvent>;

// What a program shows that thinks it has 80x24: places beyond a smaller terminal, a scroll region.
std::string frame(int i) {
  const std::string n = std::to_string(i);
  std::string bytes = "\x1b[?25l\x1b[1;" + std::to_string(40 + i) + "Htop " + n;
  bytes += "\x1b[7;70H\x1b[1;44mright " + n + "\x1b[0m\x1b[4;20r\x1b[20;1H\nscrolled " + n;
  bytes += std::string(static_cast<std::size_t>(i), '-') + "\x1b[r\x1b[24;1H\x1b[7mbottom " + n;
  bytes += "\x1b[K\x1b[0m\x1b[" + std::to_string(1 + i * 5 % 24) + ";" +
           std::to_string(1 + i * 17 % 80) + "H*\x1b[?25h";
  return bytes;
}

Events frames() {
  Events events = {{0, "o", "$ full-screen\r\n\x1b[?1049h\x1b[2J\x1b[Hfirst"}};
  for (int i = 1; i < 8; ++i) events.push_back({i * 100.0, "o", frame(i)});
  return events;
}

// A playback that stands still, and what is recorded up to there.
class Paused {
 public:
  explicit Paused(Events events, TerminalSize size = kSmall) : events_(std::move(events)) {
    // The first event is shown at once, the others when they are asked for.
    sandbox_.write("a.cast", recording_of(events_));
    window_.emplace(sandbox_, "asciinema play --fit a.cast", size);
    window_->shows("first");
    window_->type("Space");
    REQUIRE(eventually([&] {
      const std::vector<wire::PlaybackInfo> all = test::playbacks(sandbox_);
      return all.size() == 1 && all.front().paused;
    }));
    at(1);
  }

  Window& window() { return *window_; }
  void step() {
    window_->type(".");
    at(shown_ + 1);
    // Resizes are passed on the way.
    while (events_[shown_ - 1].code != "o") at(shown_ + 1);
  }
  void step_back() {
    window_->type(",");
    at(shown_ - 1);
  }
  void is_shown(const std::string& status = "") {
    CAPTURE(shown_);
    window_->shows(*screen_, status);
  }
  std::size_t left() const { return events_.size() - shown_; }

 private:
  void at(std::size_t events) {
    shown_ = events;
    screen_.emplace(80, 24);
    for (std::size_t i = 0; i < shown_; ++i) apply(*screen_, events_[i].code, events_[i].data);
  }

  const Sandbox sandbox_;
  const Events events_;
  std::optional<Window> window_;
  std::size_t shown_ = 0;
  std::optional<ScreenModel> screen_;
};

TEST_CASE("each frame of a full-screen program, forwards and back") {
  for (const TerminalSize size : {kSmall, TerminalSize{60, 24}, TerminalSize{80, 15},
                                  TerminalSize{100, 10}, TerminalSize{30, 40}}) {
    CAPTURE(size.cols);
    CAPTURE(size.rows);
    Paused paused(frames(), size);
    paused.is_shown();
    for (int i = 0; i < 5; ++i) {
      paused.step();
      paused.is_shown();
    }
    paused.step_back();
    paused.is_shown();
    paused.step();
    paused.is_shown();
  }
}

TEST_CASE("a terminal that is resized: what fits is shown whole, what does not in part") {
  Paused paused(frames(), kSmall);
  for (const TerminalSize size : {TerminalSize{90, 30}, TerminalSize{70, 30}, TerminalSize{40, 10},
                                  TerminalSize{80, 24}, TerminalSize{79, 24}}) {
    CAPTURE(size.cols);
    paused.window().resize(size);
    paused.is_shown();
    paused.step();
    paused.is_shown();
  }
}

TEST_CASE("a recorded terminal that is resized") {
  const std::string tiny = "\x1b[2J\x1b[Htiny\x1b[10;20Hcorner";
  Events events = {{0, "o", "first"},     {100, "o", frame(1)},       {200, "r", "60x15"},
                   {300, "o", tiny},      {400, "o", "\x1b[15;50HB"}, {500, "r", "60x16"},
                   {600, "o", frame(2)},  {700, "r", "100x40"},       {800, "o", frame(3)},
                   {900, "r", "30x10"},   {1000, "o", tiny},          {1100, "r", "61x10"},
                   {1200, "o", frame(4)}, {1300, "o", frame(5)}};
  Paused paused(events);
  while (paused.left() > 0) {
    paused.step();
    paused.is_shown();
  }
}

TEST_CASE("the status line and the list of keys") {
  Paused paused(frames());
  paused.step();
  paused.window().type("i");
  paused.is_shown("paused");
  for (int i = 0; i < 3; ++i) {
    paused.step();
    paused.is_shown("paused");
  }
  paused.step_back();
  paused.is_shown("paused");
  paused.window().resize({40, 12});
  paused.is_shown("paused");
  paused.window().type("i");
  paused.is_shown();
  paused.window().type("?");
  paused.window().shows("any key: back");
  paused.window().type("x");
  paused.is_shown();
  paused.step();
  paused.is_shown();
}

TEST_CASE("at the end the last state is there, and the terminal as before") {
  const Sandbox sandbox;
  std::string lines;
  for (int i = 1; i <= 200; ++i) lines += "line " + std::to_string(i) + "\r\n";
  sandbox.write("lines.cast", recording_of({{0, "o",
                                             "\x1b[5;10r\x1b[?1h\x1b[r" + lines +
                                                 "\x1b[14;1H\x1b[2Kfourteenth\x1b[24;1H"}}));
  const Window window(sandbox, "asciinema play --fit lines.cast", kSmall);
  window.shows("line 200\nended");
  window.shows("fourteenth\nline 192\n");
  const std::string flags = "visible 1 alternate 0 keypad 0,0 mouse 0 wrap 1 insert 0 origin 0 ";
  CHECK(contains(window.state(), flags + "region 0-14"));
}

TEST_CASE("who leaves a full-screen program sees what was there before it") {
  Paused paused(frames());
  paused.step();
  paused.is_shown();
  paused.window().type("q");
  paused.window().shows("$ full-screen\nended");
  CHECK_FALSE(contains(paused.window().text(), "scrolled"));
  CHECK(contains(paused.window().state(), "visible 1 alternate 0"));
}

// The screen that a session has, as its recording knows it.
const ScreenModel& screen_of(const DetachedSession& session, std::optional<ScreenModel>& screen) {
  screen.emplace(80, 24);
  const std::string all = session.recorded();
  for (const EventLine& event : test::parse_cast(all.substr(0, all.rfind('\n') + 1)).events) {
    apply(*screen, std::string(event.code), event.data);
  }
  return *screen;
}

TEST_CASE("looking on at a session with a smaller terminal: vim") {
  const Sandbox sandbox;
  if (sandbox.run({"which", "vim"}).status != 0) {
    MESSAGE("skipped: vim is not installed");
    return;
  }
  std::string notes;
  for (int i = 1; i <= 100; ++i) notes += "note " + std::to_string(i) + std::string(60, '.') + "\n";
  sandbox.write("notes.txt", notes);
  const DetachedSession session(sandbox, "vim -Nu NONE -i NONE -n notes.txt");
  session.shows("note 1.");
  Window window(sandbox, "asciinema attach --read-only " + session.id(), kSmall);
  std::optional<ScreenModel> screen;
  const auto follows = [&] {
    // More may be recorded meanwhile.
    const bool same = eventually([&] { return window.is(screen_of(session, screen)); });
    INFO("expected:\n", part_of(*screen, kSmall), "\nfound:\n", window.text());
    CHECK(same);
  };
  follows();
  int step = 0;
  for (const auto& typed :
       std::vector<std::pair<std::string, std::string>>{{"Ohello", "hello"},
                                                        {"\x1b:set number\r", "  1 hello"},
                                                        {"G", "100 note 99"},
                                                        {":split\r", "notes.txt"},
                                                        {"gg", "  1 hello"},
                                                        {":vsplit\r", "|"},
                                                        {":qa!", "qa!"}}) {
    CAPTURE(typed.second);
    session.send(typed.first);
    session.shows(typed.second);
    follows();
    // There and back between each two.
    window.resize(++step % 2 == 1 ? TerminalSize{90, 30} : kSmall);
    follows();
  }
}

}  // namespace
}  // namespace asciinemad
