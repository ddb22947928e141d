#include "common/screen_model_cells.h"

#include <algorithm>
#include <cstdlib>

namespace asciinemad {

void append_utf8(std::string& out, char32_t c) {
  const auto byte = [&out](char32_t value) { out.push_back(static_cast<char>(value)); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xc0 | c >> 6);
    byte(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    byte(0xe0 | c >> 12);
    byte(0x80 | (c >> 6 & 0x3f));
    byte(0x80 | (c & 0x3f));
  } else {
    byte(0xf0 | c >> 18);
    byte(0x80 | (c >> 12 & 0x3f));
    byte(0x80 | (c >> 6 & 0x3f));
    byte(0x80 | (c & 0x3f));
  }
}

void Grid::Row::clear(const Cell& blank) {
  used = 0;
  rest = blank;
  wrapped = false;
}

Grid::Grid(int cols, int rows)
    : cols_(cols), rows_(static_cast<std::size_t>(rows)), order_(static_cast<std::size_t>(rows)) {
  for (std::size_t i = 0; i < order_.size(); ++i) order_[i] = static_cast<std::uint32_t>(i);
}

std::string Grid::text(int row) const {
  std::string text;
  std::size_t used = 0;
  for (int col = 0; col < cols_; ++col) {
    const Cell& cell = row_at(row).at(col);
    if (cell.kind == Cell::Kind::right_half) continue;
    if (cell.blank()) {
      text.push_back(' ');
      continue;
    }
    for (const char32_t c : cell.chars) {
      if (c == 0) break;
      append_utf8(text, c);
    }
    used = text.size();
  }
  // A blank where a line is wrapped stands between two words.
  if (!wrapped(row)) text.resize(used);
  return text;
}

Cell* Grid::store(Row& row, int end) const {
  const auto wanted = static_cast<std::size_t>(end);
  if (row.used < wanted) {
    if (row.cells.empty()) row.cells.resize(static_cast<std::size_t>(cols_));
    std::fill(row.cells.begin() + static_cast<std::ptrdiff_t>(row.used), row.cells.begin() + end,
              row.rest);
    row.used = wanted;
  }
  return row.cells.data();
}

// Makes a boundary between two characters left of `col`.
void Grid::separate(Row& row, int col) const {
  if (col <= 0 || col >= cols_ || row.at(col).kind != Cell::Kind::right_half) return;
  Cell* halves = store(row, col + 1) + col - 1;
  for (int i = 0; i < 2; ++i) {
    halves[i].chars = {};
    halves[i].kind = Cell::Kind::narrow;
  }
}

void Grid::put(int row, int col, char32_t c, int width, const Pen& pen) {
  Row& cells = row_at(row);
  separate(cells, col);
  separate(cells, col + width);
  Cell* cell = store(cells, col + width) + col;
  cell->chars = {c == U' ' ? U'\0' : c};
  cell->pen = pen;
  cell->kind = width > 1 ? Cell::Kind::wide : Cell::Kind::narrow;
  if (width > 1) {
    cell[1].chars = {};
    cell[1].pen = pen;
    cell[1].kind = Cell::Kind::right_half;
  }
  if (col + width == cols_) cells.wrapped = false;
}

void Grid::put_ascii(int row, int col, std::string_view text, const Pen& pen) {
  Row& cells = row_at(row);
  const int end = col + static_cast<int>(text.size());
  separate(cells, col);
  separate(cells, end);
  // Without filling first what is written next.
  Cell* cell = store(cells, col) + col;
  if (cells.cells.empty()) cell = store(cells, end) + col;
  cells.used = std::max(cells.used, static_cast<std::size_t>(end));
  Cell shape;
  shape.pen = pen;
  for (const char c : text) {
    *cell = shape;
    cell->chars[0] = c == ' ' ? U'\0' : static_cast<char32_t>(c);
    ++cell;
  }
  if (end == cols_) cells.wrapped = false;
}

void Grid::combine(int row, int col, char32_t c) {
  Cell& cell = store(row_at(row), col + 1)[col];
  if (cell.chars[0] == 0) cell.chars[0] = U' ';
  for (char32_t& place : cell.chars) {
    if (place == 0) {
      place = c;
      return;
    }
  }
}

CellRect Grid::cut(CellRect area) const {
  area.top = std::clamp(area.top, 0, rows());
  area.bottom = std::clamp(area.bottom, area.top, rows());
  area.left = std::clamp(area.left, 0, cols_);
  area.right = std::clamp(area.right, area.left, cols_);
  return area;
}

namespace {

// What erasing leaves: only the background colour counts, as in xterm.
Cell blank_of(const Pen& pen) {
  Cell blank;
  blank.pen.background = pen.background;
  return blank;
}

}  // namespace

void Grid::erase(CellRect area, const Pen& pen, bool selective) {
  area = cut(area);
  const Cell blank = blank_of(pen);
  for (int row = area.top; row < area.bottom; ++row) {
    erase_row(row_at(row), area.left, area.right, blank, selective);
  }
}

void Grid::erase_row(Row& row, int left, int right, const Cell& blank, bool selective) const {
  if (left >= right) return;
  if (right == cols_ && !selective) {
    if (left == 0) {
      row.clear(blank);
      return;
    }
    separate(row, left);
    store(row, left);
    row.used = static_cast<std::size_t>(left);
    row.rest = blank;
    row.wrapped = false;
    return;
  }
  if (right == cols_) row.wrapped = false;
  separate(row, left);
  separate(row, right);
  Cell* cells = store(row, right);
  for (int col = left; col < right; ++col) {
    if (!selective || !cells[col].pen.has(Pen::protected_cell)) cells[col] = blank;
  }
}

void Grid::scroll(CellRect area, int up, int left, const Pen& pen) {
  area = cut(area);
  if (area.top == area.bottom || area.left == area.right) return;
  const Cell blank = blank_of(pen);
  if (left != 0) {
    for (int row = area.top; row < area.bottom; ++row) {
      shift_row(row_at(row), area.left, area.right, left, blank);
    }
  } else if (area.left == 0 && area.right == cols_) {
    scroll_rows(area.top, area.bottom, up, blank);
  } else {
    scroll_part(area, up, blank);
  }
}

void Grid::scroll_rows(int top, int bottom, int up, const Cell& blank) {
  const int count = std::min(std::abs(up), bottom - top);
  const auto begin = order_.begin() + top;
  const auto end = order_.begin() + bottom;
  std::rotate(begin, up > 0 ? begin + count : end - count, end);
  const int first = up > 0 ? bottom - count : top;
  for (int row = first; row < first + count; ++row) row_at(row).clear(blank);
  // What goes on in a row that is no longer there does not go on.
  if (top > 0) row_at(top - 1).wrapped = false;
  const int last = up > 0 ? first - 1 : bottom - 1;
  if (last >= top && (up < 0 || bottom < rows())) row_at(last).wrapped = false;
}

void Grid::scroll_part(const CellRect& area, int up, const Cell& blank) {
  for (int row = area.top; row < area.bottom; ++row) {
    separate(row_at(row), area.left);
    separate(row_at(row), area.right);
    store(row_at(row), area.right);
    row_at(row).wrapped = false;
  }
  const int height = area.bottom - area.top;
  for (int i = 0; i < height; ++i) {
    const int row = up > 0 ? area.top + i : area.bottom - 1 - i;
    Cell* to = store(row_at(row), area.right);
    const int source = row + up;
    if (source < area.top || source >= area.bottom) {
      std::fill(to + area.left, to + area.right, blank);
    } else {
      const Cell* from = store(row_at(source), area.right);
      std::copy(from + area.left, from + area.right, to + area.left);
    }
  }
}

void Grid::shift_row(Row& row, int left, int right, int by, const Cell& blank) const {
  const int width = right - left;
  const int count = std::min(std::abs(by), width);
  separate(row, left);
  separate(row, by > 0 ? left + count : right - count);
  separate(row, right);
  Cell* cells = store(row, right);
  if (by > 0) {
    std::copy(cells + left + count, cells + right, cells + left);
    std::fill(cells + right - count, cells + right, blank);
  } else {
    std::copy_backward(cells + left, cells + right - count, cells + right);
    std::fill(cells + left, cells + left + count, blank);
  }
  if (right == cols_) row.wrapped = false;
}

void Grid::fill(char32_t c) {
  Cell cell;
  cell.chars[0] = c;
  for (Row& row : rows_) row.clear(cell);
}

void Grid::resize(int cols, int rows, int rows_gone) {
  std::vector<Row> kept(static_cast<std::size_t>(rows));
  const int count = std::min(rows, this->rows() - rows_gone);
  for (int i = 0; i < count; ++i) {
    Row& row = kept[static_cast<std::size_t>(i)];
    row = std::move(row_at(rows_gone + i));
    if (cols < cols_) separate(row, cols);
    if (cols > cols_ && row.rest != Cell{}) store(row, cols_);
    if (cols > cols_) row.rest = Cell{};
    row.used = std::min(row.used, static_cast<std::size_t>(cols));
    if (!row.cells.empty()) row.cells.resize(static_cast<std::size_t>(cols));
    if (cols != cols_) row.wrapped = false;
  }
  if (count > 0) kept[static_cast<std::size_t>(count) - 1].wrapped = false;
  cols_ = cols;
  rows_ = std::move(kept);
  order_.resize(rows_.size());
  for (std::size_t i = 0; i < order_.size(); ++i) order_[i] = static_cast<std::uint32_t>(i);
}

}  // namespace asciinemad
