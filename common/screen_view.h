// ScreenView: a screen in memory, of which a smaller terminal shows a part: the rows around the
// cursor, and of these the left columns.
//
// What it draws needs no more of a terminal than to go to a place, erase a line and show
// attributes, so that nothing wraps or scrolls there, whatever the program does with its own
// screen. No I/O.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/screen_model_terminal.h"

namespace asciinemad {

class ScreenView {
 public:
  struct Size {
    int cols = 0;
    int rows = 0;

    bool operator==(const Size&) const = default;
  };

  struct Frame {
    std::string bytes;   // empty: nothing has changed
    std::string cursor;  // puts the cursor back after something else was drawn
    bool whole = false;  // it expects a terminal whose modes are off, and clears its screen
  };

  // Both at least 1x1. The terminal may have more room than the view needs, in one direction or
  // both.
  ScreenView(Size recorded, Size terminal);

  // As ScreenModel.
  void write(std::string_view bytes) { screen_.write(bytes); }
  void resize(Size recorded) { screen_.resize(recorded.cols, recorded.rows); }
  // The next frame is whole.
  void set_terminal(Size terminal);

  // Takes a terminal that shows the frame before to what the screen is now: rows that differ,
  // modes, cursor. It is whole at first, after a resize and when a program changes between primary
  // and alternate screen; the terminal is then on the same one, and when it leaves the alternate
  // screen, by TerminalModes::undo(), it shows the part of the primary one that has its cursor.
  Frame draw();

 private:
  int shown_rows() const;
  int first_row(int cursor_row) const;
  std::string row_part(const Grid& grid, int row) const;
  std::string primary() const;
  void append_modes(std::string& out);
  void append_rows(std::string& out);
  std::string cursor() const;

  ScreenTerminal screen_;
  Size terminal_;

  // What the terminal shows.
  bool drawn_ = false;
  Size size_;           // of the recorded screen then
  std::string behind_;  // draws the primary screen, behind the alternate one
  std::vector<std::string> rows_;
  std::string modes_;
  std::string cursor_;
};

}  // namespace asciinemad
