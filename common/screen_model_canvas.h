// ScreenCanvas: both screens of a terminal, the cursor, and what text, movements and editing do.
//
// Where terminals differ it does as xterm (https://invisible-island.net/xterm/ctlseqs). Rows and
// columns count from 0, and any numbers may be given: they are cut to what there is. No I/O.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "common/screen_model.h"
#include "common/screen_model_cells.h"

namespace asciinemad {

struct ScreenPosition {
  int row = 0;
  int col = 0;

  bool operator==(const ScreenPosition&) const = default;
};

class ScreenCanvas {
 public:
  enum class Part { to_end, to_begin, all };  // from the cursor, which is included

  ScreenCanvas(int cols, int rows, ScreenModel::LineListener* lines);

  int cols() const { return grid().cols(); }
  int rows() const { return grid().rows(); }
  const Grid& grid() const { return grids_[alternate_ ? 1 : 0]; }
  const Grid& primary() const { return grids_[0]; }
  bool on_alternate() const { return alternate_; }
  ScreenPosition cursor() const { return {row_, col_}; }
  // The last column was printed to and the cursor is behind it, though shown on it.
  bool past_end() const { return past_end_; }
  // The cell of the character before the cursor; nullptr when there is none in this row.
  const Cell* cell_before() const;

  // What programs set, each by itself; the setters do what else belongs to it.
  Pen pen;
  bool autowrap = true;
  bool insert = false;
  bool origin() const { return origin_; }
  bool margins() const { return margins_; }  // whether there may be left and right ones
  // Half-open: what scrolls.
  const CellRect& region() const { return region_; }
  bool whole_height() const { return region_.top == 0 && region_.bottom == rows(); }
  bool whole_width() const { return region_.left == 0 && region_.right == cols(); }
  void set_origin(bool on);
  void set_margins(bool on);
  void set_region_rows(int top, int bottom);
  void set_region_cols(int left, int right);
  // No origin mode, no region.
  void reset_modes();
  const std::vector<bool>& tabs() const { return tabs_; }
  void set_tab(bool on) { tabs_[static_cast<std::size_t>(col_)] = on; }
  void clear_tabs() { tabs_.assign(tabs_.size(), false); }
  void reset_tabs();

  // Printable ASCII.
  void print_ascii(std::string_view text);
  void print(char32_t c);
  // Prints the character before the cursor again, not beyond the end of the row.
  void repeat(int count);

  // To where programs address: from the region's corner in origin mode.
  void move_to(int row, int col);
  void move_to_row(int row);
  void move_to_col(int col);
  // Relative, up to the region's edge when the cursor is inside of it.
  void move_rows(int down);
  void move_cols(int right);
  void carriage_return();
  void line_feed();
  void reverse_line_feed();
  void tab(int count);  // < 0: backwards
  // Back to a place of any cursor().
  void restore(ScreenPosition position, bool past_end, bool origin);

  void erase_display(Part part, bool selective);
  void erase_line(Part part, bool selective);
  void erase_chars(int count);
  // < 0: deletes.
  void insert_chars(int count);
  void insert_lines(int count);
  void insert_cols(int count);
  void scroll(int up);
  void align();  // DECALN
  void switch_screen(bool alternate);
  // The row's text does not go on in the next one, whatever was printed there.
  void end_line(int row) { cells().set_wrapped(row, false); }

  // `hidden_row`: of the primary screen, which row to keep while the alternate one is shown.
  // Returns how many rows went at the top of each screen.
  std::array<int, 2> resize(int cols, int rows, int hidden_row);

 private:
  Grid& cells() { return grids_[alternate_ ? 1 : 0]; }
  bool inside_cols() const { return col_ >= region_.left && col_ < region_.right; }
  bool inside() const { return inside_cols() && row_ >= region_.top && row_ < region_.bottom; }
  int row_end() const { return col_ < region_.right ? region_.right : cols(); }
  void place(int row, int col);
  void wrap();
  void combine(char32_t c);
  void advance(int width);
  void lines_gone(int count);
  void reset_region();

  ScreenModel::LineListener* const lines_;
  std::array<Grid, 2> grids_;  // primary, alternate
  bool alternate_ = false;
  int row_ = 0;
  int col_ = 0;
  bool past_end_ = false;
  bool origin_ = false;
  bool margins_ = false;
  CellRect region_;
  std::vector<bool> tabs_;
};

}  // namespace asciinemad
