// ScreenModel: a terminal's screen in memory, to redraw it elsewhere and to read text.
//
// It does as xterm does, as far as text, attributes and the modes go that programs use. Not known
// are hyperlinks of text that is there already, rows of double size, rectangle operations, reverse
// wrap, XTSAVE of what concerns the screen, and what scrolled away. 100 MB/s and more.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace asciinemad {

class ScreenModel {
 public:
  // Told about lines that leave the primary screen at its top, oldest first, as text without
  // trailing blanks. `continued`: the next line is a continuation of this one (it was wrapped).
  class LineListener {
   public:
    virtual void on_line_gone(std::string_view text, bool continued) = 0;

   protected:
    ~LineListener() = default;
  };

  ScreenModel(int cols, int rows, LineListener* lines = nullptr);
  ~ScreenModel();
  ScreenModel(const ScreenModel&) = delete;
  ScreenModel& operator=(const ScreenModel&) = delete;

  // As a terminal would take it, in any portions. Answers to queries go nowhere.
  void write(std::string_view bytes);
  void resize(int cols, int rows);
  int cols() const;
  int rows() const;

  // Bytes that make a terminal whose modes are all off (TerminalModes::undo()) show this screen and
  // go on as this one would: both screens' contents, cursor, saved cursors, attributes, character
  // sets, scroll region, tab stops, modes. They begin by clearing the screen. Written to a new
  // ScreenModel of the same size they make its equal; only what XTSAVE has put aside is lost. What
  // belongs to the alternate screen alone (its saved cursor, its keyboard modes) ends when a
  // program leaves it, in this model already. For a terminal with fewer rows (`terminal_rows` > 0),
  // the rows around the cursor; with more, scrolling is confined to this screen's rows.
  std::string snapshot(int terminal_rows = 0) const;

  // Draws row `row` (from 0) as it is, and puts cursor and attributes back: takes something away
  // that was drawn over it. Both expect a terminal that has the modes of this screen.
  std::string redraw_row(int row) const;
  // Puts cursor position and attributes where this screen has them.
  std::string restore_cursor() const;

  struct CursorPosition {
    int row = 1;
    int col = 1;
  };
  // As a terminal reports it (DSR 6): from 1, in origin mode from the region's corner.
  CursorPosition cursor_position() const;

  // Whether no sequence or character is unfinished, so that snapshot() holds everything.
  bool at_rest() const;

  // Rows of the current screen as text, without trailing blanks; for tests and text logs.
  std::string row_text(int row) const;
  bool row_continues(int row) const;  // it was wrapped into the next one
  bool alternate_screen() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace asciinemad
