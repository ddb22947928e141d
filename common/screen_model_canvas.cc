#include "common/screen_model_canvas.h"

#include <algorithm>

#include "common/screen_model_width.h"

namespace asciinemad {
namespace {

constexpr int kTabWidth = 8;

}  // namespace

ScreenCanvas::ScreenCanvas(int cols, int rows, ScreenModel::LineListener* lines)
    : lines_(lines), grids_{Grid(cols, rows), Grid(cols, rows)} {
  region_ = {0, rows, 0, cols};
  tabs_.resize(static_cast<std::size_t>(cols));
  reset_tabs();
}

const Cell* ScreenCanvas::cell_before() const {
  int col = past_end_ ? col_ : col_ - 1;
  if (col < 0) return nullptr;
  if (grid().cell(row_, col).kind == Cell::Kind::right_half) --col;
  return &grid().cell(row_, col);
}

void ScreenCanvas::set_origin(bool on) {
  origin_ = on;
  move_to(0, 0);
}

void ScreenCanvas::set_margins(bool on) {
  margins_ = on;
  past_end_ = false;
  region_.left = 0;
  region_.right = cols();
}

void ScreenCanvas::set_region_rows(int top, int bottom) {
  bottom = std::min(bottom, rows());
  // As xterm: a region needs two rows, or what was there stays.
  if (top < 0 || top + 1 >= bottom) return;
  region_.top = top;
  region_.bottom = bottom;
  move_to(0, 0);
}

void ScreenCanvas::set_region_cols(int left, int right) {
  right = std::min(right, cols());
  if (left < 0 || left + 1 >= right) return;
  region_.left = left;
  region_.right = right;
  move_to(0, 0);
}

void ScreenCanvas::reset_modes() {
  origin_ = margins_ = past_end_ = false;
  reset_region();
}

void ScreenCanvas::reset_region() { region_ = {0, rows(), 0, cols()}; }

void ScreenCanvas::reset_tabs() {
  for (std::size_t col = 0; col < tabs_.size(); ++col) tabs_[col] = col % kTabWidth == 0;
}

void ScreenCanvas::print_ascii(std::string_view text) {
  if (insert) {
    for (const char c : text) print(static_cast<unsigned char>(c));
    return;
  }
  while (!text.empty()) {
    if (past_end_ && autowrap) wrap();
    const int room = past_end_ ? 1 : row_end() - col_;
    const auto count = static_cast<int>(std::min(text.size(), static_cast<std::size_t>(room)));
    cells().put_ascii(row_, col_, text.substr(0, static_cast<std::size_t>(count)), pen);
    advance(count);
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

void ScreenCanvas::print(char32_t c) {
  int width = columns_of(c);
  if (width == 0) return combine(c);
  if (past_end_ && autowrap) wrap();
  if (col_ + width > row_end()) {
    // In a row of one column there is no place for it anywhere.
    const bool never = region_.right - region_.left < width || cols() < width;
    if (!never && !autowrap) return;
    if (!never) wrap();
    if (never) width = 1, c = U' ';
  }
  if (insert) cells().scroll({row_, row_ + 1, col_, row_end()}, 0, -width, pen);
  cells().put(row_, col_, c, width, pen);
  advance(width);
}

void ScreenCanvas::advance(int width) {
  const int end = row_end();
  past_end_ = col_ + width >= end;
  col_ = past_end_ ? end - 1 : col_ + width;
}

void ScreenCanvas::wrap() {
  // Below the region nothing scrolls: the same row goes on.
  const bool moves = row_ + 1 < rows() || row_ + 1 == region_.bottom;
  const bool continues = moves && whole_width();
  if (continues) cells().set_wrapped(row_, true);
  line_feed();
  if (continues && row_ > 0) cells().set_wrapped(row_ - 1, true);
  col_ = region_.left;
}

void ScreenCanvas::combine(char32_t c) {
  int col = past_end_ ? col_ : col_ - 1;
  if (col < 0) return;
  if (grid().cell(row_, col).kind == Cell::Kind::right_half) --col;
  cells().combine(row_, col, c);
}

void ScreenCanvas::repeat(int count) {
  const Cell* before = cell_before();
  if (before == nullptr || past_end_) return;
  const Cell cell = *before;
  for (count = std::min(count, (row_end() - col_) / cell.width()); count > 0; --count) {
    print(cell.chars[0] == 0 ? U' ' : cell.chars[0]);
    for (std::size_t i = 1; i < cell.chars.size() && cell.chars[i] != 0; ++i) print(cell.chars[i]);
  }
}

void ScreenCanvas::place(int row, int col) {
  const CellRect bounds = origin_ ? region_ : CellRect{0, rows(), 0, cols()};
  row_ = std::clamp(row, bounds.top, bounds.bottom - 1);
  col_ = std::clamp(col, bounds.left, bounds.right - 1);
  past_end_ = false;
}

void ScreenCanvas::move_to(int row, int col) {
  place(origin_ ? region_.top + row : row, origin_ ? region_.left + col : col);
}

void ScreenCanvas::move_to_row(int row) { place(origin_ ? region_.top + row : row, col_); }

void ScreenCanvas::move_to_col(int col) { place(row_, origin_ ? region_.left + col : col); }

void ScreenCanvas::move_rows(int down) {
  int row = row_ + down;
  if (row_ >= region_.top) row = std::max(row, region_.top);
  if (row_ < region_.bottom) row = std::min(row, region_.bottom - 1);
  place(row, col_);
}

void ScreenCanvas::move_cols(int right) {
  int col = col_ + right;
  if (col_ >= region_.left) col = std::max(col, region_.left);
  if (col_ < region_.right) col = std::min(col, region_.right - 1);
  place(row_, col);
}

void ScreenCanvas::carriage_return() { place(row_, col_ >= region_.left ? region_.left : 0); }

void ScreenCanvas::line_feed() {
  past_end_ = false;
  if (row_ + 1 != region_.bottom) {
    row_ = std::min(row_ + 1, rows() - 1);
  } else if (inside_cols()) {
    scroll(1);
  }
}

void ScreenCanvas::reverse_line_feed() {
  past_end_ = false;
  if (row_ != region_.top) {
    row_ = std::max(row_ - 1, 0);
  } else if (inside_cols()) {
    scroll(-1);
  }
}

void ScreenCanvas::tab(int count) {
  const int step = count < 0 ? -1 : 1;
  const int last = step < 0 ? (origin_ ? region_.left : 0) : row_end() - 1;
  int col = col_;
  for (; count != 0; count -= step) {
    while (col != last && !tabs_[static_cast<std::size_t>(col += step)]) {
    }
    if (col == last) break;
  }
  place(row_, col);
}

void ScreenCanvas::restore(ScreenPosition position, bool past_end, bool origin) {
  origin_ = origin;
  place(position.row, position.col);
  past_end_ = past_end && cursor() == position && col_ == cols() - 1;
  // Whether the row goes on is decided again by what comes now.
  if (past_end_) end_line(row_);
}

void ScreenCanvas::erase_display(Part part, bool selective) {
  if (part != Part::all) erase_line(part, selective);
  const int top = part == Part::to_end ? row_ + 1 : 0;
  const int bottom = part == Part::to_begin ? row_ : rows();
  cells().erase({top, bottom, 0, cols()}, pen, selective);
  past_end_ = false;
}

void ScreenCanvas::erase_line(Part part, bool selective) {
  const int left = part == Part::to_end ? col_ : 0;
  const int right = part == Part::to_begin ? col_ + 1 : cols();
  cells().erase({row_, row_ + 1, left, right}, pen, selective);
  past_end_ = false;
}

void ScreenCanvas::erase_chars(int count) {
  cells().erase({row_, row_ + 1, col_, col_ + count}, pen, false);
  past_end_ = false;
}

void ScreenCanvas::insert_chars(int count) {
  past_end_ = false;
  if (inside_cols()) cells().scroll({row_, row_ + 1, col_, region_.right}, 0, -count, pen);
}

void ScreenCanvas::insert_lines(int count) {
  past_end_ = false;
  if (!inside()) return;
  cells().scroll({row_, region_.bottom, region_.left, region_.right}, -count, 0, pen);
}

void ScreenCanvas::insert_cols(int count) {
  past_end_ = false;
  if (!inside()) return;
  cells().scroll({region_.top, region_.bottom, col_, region_.right}, 0, -count, pen);
}

void ScreenCanvas::scroll(int up) {
  past_end_ = false;
  if (up > 0 && region_.top == 0 && whole_width() && !alternate_) {
    lines_gone(std::min(up, region_.bottom));
  }
  cells().scroll(region_, up, 0, pen);
}

void ScreenCanvas::align() {
  origin_ = false;
  reset_region();
  cells().fill(U'E');
  place(0, 0);
}

void ScreenCanvas::switch_screen(bool alternate) {
  if (alternate == alternate_) return;
  alternate_ = alternate;
  past_end_ = false;
  if (alternate) cells().erase({0, rows(), 0, cols()}, pen, false);
}

void ScreenCanvas::lines_gone(int count) {
  if (lines_ == nullptr) return;
  const Grid& grid = primary();
  for (int row = 0; row < count; ++row) lines_->on_line_gone(grid.text(row), grid.wrapped(row));
}

std::array<int, 2> ScreenCanvas::resize(int cols, int rows, int hidden_row) {
  std::array<int, 2> gone{};
  for (const bool alternate : {false, true}) {
    Grid& grid = grids_[alternate ? 1 : 0];
    const int kept_row = alternate == alternate_ ? row_ : alternate ? 0 : hidden_row;
    const int count = std::clamp(kept_row - (rows - 1), 0, grid.rows() - 1);
    if (!alternate) lines_gone(count);
    grid.resize(cols, rows, count);
    gone[alternate ? 1 : 0] = count;
  }
  const bool continues = past_end_ && col_ + 1 < cols;
  for (std::size_t col = tabs_.size(); col < static_cast<std::size_t>(cols); ++col) {
    tabs_.push_back(col % kTabWidth == 0);
  }
  tabs_.resize(static_cast<std::size_t>(cols));
  reset_region();
  place(row_ - gone[alternate_ ? 1 : 0], col_ + (continues ? 1 : 0));
  return gone;
}

}  // namespace asciinemad
