#include "common/screen_view.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>

#include "common/screen_model_pen.h"
#include "tests/support/screens.h"
#include "tests/support/seed.h"
#include "tests/support/terminal_program.h"

namespace asciinemad {
namespace {

using test::contains;
using Size = ScreenView::Size;

// A recorded screen, and a terminal that shows a part of it.
class Scene {
 public:
  Scene(Size recorded, Size terminal)
      : recorded_(recorded.cols, recorded.rows, nullptr),
        view_(recorded, terminal),
        terminal_(terminal.cols, terminal.rows, nullptr) {}

  void write(std::string_view bytes) {
    recorded_.write(bytes);
    view_.write(bytes);
  }
  void resize(Size recorded) {
    recorded_.resize(recorded.cols, recorded.rows);
    view_.resize(recorded);
  }
  void set_terminal(Size size) {
    terminal_.resize(size.cols, size.rows);
    view_.set_terminal(size);
  }
  // What was written for it.
  std::string draw() {
    const ScreenView::Frame frame = view_.draw();
    const std::string bytes = (frame.whole ? modes_.undo() : std::string()) + frame.bytes;
    show(bytes);
    return bytes;
  }
  void leave() { show(modes_.undo()); }

  void is_cut() const {
    const ScreenPosition at = recorded_.canvas().cursor();
    const int cols = terminal_.canvas().cols();
    const int first = shows(recorded_.canvas().grid(), at.row);
    const bool hidden = recorded_.modes().cursor_hidden() || at.col >= cols;
    CHECK(terminal_.modes().cursor_hidden() == hidden);
    CHECK(terminal_.canvas().cursor() ==
          ScreenPosition{at.row - first, std::min(at.col, cols - 1)});
  }
  // The first of the rows around this one, which are there.
  int shows(const Grid& grid, int row) const {
    const Grid& shown = terminal_.canvas().grid();
    const int first = std::max(0, row + 1 - std::min(shown.rows(), grid.rows()));
    for (int i = 0; i < shown.rows(); ++i) {
      CAPTURE(i);
      CHECK(row_of(shown, i) == row_of(grid, first + i));
    }
    return first;
  }
  const ScreenTerminal& recorded() const { return recorded_; }
  const ScreenTerminal& terminal() const { return terminal_; }
  std::string text(int row) const { return terminal_.canvas().grid().text(row); }

 private:
  void show(const std::string& bytes) {
    modes_.observe(bytes);
    terminal_.write(bytes);
  }
  // Its left cells, drawn: what no eye can tell apart is the same.
  std::string row_of(const Grid& grid, int row) const {
    std::string cells;
    for (int col = 0; col < terminal_.canvas().cols(); ++col) {
      Cell cell;
      if (row < grid.rows() && col < grid.cols()) cell = grid.cell(row, col);
      const bool halved = cell.kind == Cell::Kind::wide && col + 1 == terminal_.canvas().cols();
      cells += "[";
      if (halved) cell.chars = {};
      append_cell(cells, cell);
    }
    return cells;
  }
  static void append_cell(std::string& text, const Cell& cell) {
    if (cell.chars[0] == 0) text += cell.kind == Cell::Kind::right_half ? '>' : ' ';
    for (const char32_t c : cell.chars) {
      if (c != 0) append_utf8(text, c);
    }
    append_sgr(text, cell.pen);
  }

  ScreenTerminal recorded_;
  ScreenView view_;
  ScreenTerminal terminal_;
  TerminalModes modes_;
};

TEST_CASE("screen_view: the rows around the cursor, of these the left columns") {
  Scene scene({10, 4}, {5, 2});
  scene.write("first line\r\nsecond\r\nthird");
  CHECK(contains(scene.draw(), "\x1b[?25l"));
  CHECK(scene.text(0) == "secon");
  CHECK(scene.text(1) == "third");
  scene.is_cut();
  scene.write("\x1b[H\x1b[31mF");
  scene.draw();
  CHECK(scene.text(0) == "First");
  scene.is_cut();
}

TEST_CASE("screen_view: only what differs is drawn") {
  Scene scene({10, 4}, {8, 3});
  scene.write("one\r\ntwo\r\nthree");
  scene.draw();
  CHECK(scene.draw().empty());
  scene.write("\x1b[2;1Hzwei");
  const std::string bytes = scene.draw();
  CHECK(contains(bytes, "zwei"));
  CHECK_FALSE(contains(bytes, "one"));
  CHECK_FALSE(contains(bytes, "\x1b[2J"));
  scene.write("\x1b[1;2H");
  CHECK(scene.draw() == "\x1b[0m\x1b[1;2H\x1b[?25h");
  scene.is_cut();
}

TEST_CASE("screen_view: a program's modes neither move nor link what is drawn") {
  Scene scene({10, 4}, {6, 3});
  scene.draw();
  scene.write("\x1b[2;3r\x1b[?6h\x1b[4h\x1b[?7l\x1b(0\x1b[?69h\x1b[2;4s\x1b]8;;http://x\x1b\\");
  scene.write("\x1b[?2026h\x1b[?1000h\x1b[?2004hqx");
  const std::string bytes = scene.draw();
  CHECK_FALSE(contains(bytes, "]8;"));
  CHECK_FALSE(contains(bytes, "2026"));
  CHECK(contains(bytes, "\x1b[?1000h"));
  CHECK_FALSE(contains(bytes, "\x1b[2J"));
  scene.is_cut();
  scene.write("\x1b[?1000l");
  CHECK(contains(scene.draw(), "\x1b[?1000l"));
  scene.is_cut();
}

TEST_CASE(
    "screen_view: behind the alternate screen is the part of the primary one with its cursor") {
  Scene scene({10, 4}, {5, 2});
  scene.write("1\r\n2\r\n3\r\n$ less\x1b[?1049h\x1b[Hpage");
  scene.draw();
  CHECK(scene.terminal().canvas().on_alternate());
  scene.is_cut();
  CHECK(scene.text(0) == "page");
  scene.leave();
  CHECK_FALSE(scene.terminal().canvas().on_alternate());
  CHECK(scene.text(0) == "3");
  CHECK(scene.text(1) == "$ les");
  CHECK(scene.terminal().canvas().cursor() == ScreenPosition{1, 4});
}

TEST_CASE("screen_view: after a program has left the alternate screen") {
  Scene scene({10, 4}, {5, 2});
  scene.write("1\r\n2\r\n3\r\n$ less\x1b[?1049h\x1b[Hpage");
  scene.draw();
  scene.write("\x1b[?1049l\r\n$ ");
  scene.draw();
  CHECK_FALSE(scene.terminal().canvas().on_alternate());
  scene.is_cut();
}

TEST_CASE("screen_view: random programs, while either screen is resized") {
  std::mt19937 random = test::seeded_random();
  const auto side = [&](int least, int most) {
    return static_cast<int>(test::random_number(random, static_cast<std::size_t>(least),
                                                static_cast<std::size_t>(most)));
  };
  for (int round = 0; round < 60; ++round) {
    Scene scene({30, 8}, {side(1, 32), side(1, 9)});
    test::TerminalProgram program(random, 30, 8);
    for (int i = 0; i < 300; ++i) {
      const test::Step step = program.step();
      if (step.cols > 0) {
        scene.resize({step.cols, step.rows});
      } else {
        scene.write(step.bytes);
      }
      if (side(0, 60) == 0) scene.set_terminal({side(1, 32), side(1, 9)});
      if (side(0, 5) != 0) continue;
      CAPTURE(round);
      CAPTURE(i);
      scene.draw();
      scene.is_cut();
    }
    scene.draw();
    scene.leave();
    scene.shows(scene.recorded().canvas().primary(),
                scene.recorded().canvas().on_alternate()
                    ? scene.recorded().primary_saved().position.row
                    : scene.recorded().canvas().cursor().row);
  }
}

}  // namespace
}  // namespace asciinemad
