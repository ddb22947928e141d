#include "common/screen_model.h"

#include <algorithm>

#include "common/screen_model_pen.h"
#include "common/screen_model_terminal.h"

namespace asciinemad {
namespace {

std::string cursor_to(int row, int col) {
  return "\x1b[" + std::to_string(row + 1) + ";" + std::to_string(col + 1) + "H";
}

// Draws with as few changes of attributes as it takes.
class Brush {
 public:
  explicit Brush(std::string& out) : out_(out) {}

  void set(const Pen& pen) {
    Pen plain = pen;
    plain.set(Pen::protected_cell, false);
    if (set_ && plain == pen_) return;
    append_sgr(out_, plain);
    pen_ = plain;
    set_ = true;
  }

  void put(const Cell& cell) {
    set(cell.pen);
    if (cell.chars[0] == 0) out_ += ' ';
    for (const char32_t c : cell.chars) {
      if (c == 0) break;
      append_utf8(out_, c);
    }
  }

 private:
  std::string& out_;
  Pen pen_;
  bool set_ = false;
};

bool same_blanks(const Cell& a, const Cell& b) { return a.blank() && b.blank() && a.pen == b.pen; }

// The cursor is at the row's beginning, and the row is empty.
void draw_row(std::string& out, Brush& brush, const Grid& grid, int row) {
  const int last = grid.cols() - 1;
  const Cell& rest = grid.cell(row, last);
  int end = grid.cols();
  while (end > 0 && same_blanks(grid.cell(row, end - 1), rest)) --end;
  for (int col = 0; col < end; ++col) {
    const Cell& cell = grid.cell(row, col);
    if (cell.kind != Cell::Kind::right_half) brush.put(cell);
  }
  if (end == grid.cols() || rest == Cell{}) return;
  Pen background;
  background.background = rest.pen.background;
  if (rest.pen == background) {
    brush.set(background);
    out += "\x1b[K";
  } else {
    for (int col = end; col < grid.cols(); ++col) brush.put(rest);
  }
}

bool is_empty(const Grid& grid, int row) {
  const Cell& rest = grid.cell(row, grid.cols() - 1);
  if (rest != Cell{}) return false;
  for (int col = 0; col < grid.cols(); ++col) {
    if (grid.cell(row, col) != rest) return false;
  }
  return true;
}

// The rows from `first` on, `count` of them, at the top of an empty screen.
void draw_rows(std::string& out, const Grid& grid, int first, int count) {
  Brush brush(out);
  for (int row = first; row < std::min(first + count, grid.rows()); ++row) {
    if (is_empty(grid, row)) continue;
    out += cursor_to(row - first, 0);
    draw_row(out, brush, grid, row);
  }
}

}  // namespace

class ScreenModel::Impl {
 public:
  Impl(int cols, int rows, LineListener* lines) : terminal(cols, rows, lines) {}

  void append_saved_cursor(std::string& out, const std::optional<SavedCursor>& saved,
                           int first) const;
  void append_cursor(std::string& out, int first) const;

  ScreenTerminal terminal;
};

void ScreenModel::Impl::append_saved_cursor(std::string& out,
                                            const std::optional<SavedCursor>& saved,
                                            int first) const {
  if (!saved.has_value()) return;
  out += cursor_to(std::max(saved->position.row - first, 0), saved->position.col);
  append_sgr(out, saved->pen);
}

void ScreenModel::Impl::append_cursor(std::string& out, int first) const {
  const ScreenPosition cursor = terminal.cursor();
  const int row = std::max(cursor.row - first - terminal.origin_row(), 0);
  int col = cursor.col;
  // Printing the last character again makes the next one go to the next row.
  const bool again = terminal.wrap_pending() && !terminal.inserts() && !terminal.has_margins();
  if (again) {
    const Grid& grid = terminal.grid();
    if (grid.cell(cursor.row, col).kind == Cell::Kind::right_half) --col;
    out += cursor_to(row, col);
    Brush(out).put(grid.cell(cursor.row, col));
  } else {
    out += cursor_to(row, col);
  }
  append_sgr(out, terminal.pen());
}

ScreenModel::ScreenModel(int cols, int rows, LineListener* lines)
    : impl_(std::make_unique<Impl>(cols, rows, lines)) {}

ScreenModel::~ScreenModel() = default;

void ScreenModel::write(std::string_view bytes) { impl_->terminal.write(bytes); }

void ScreenModel::resize(int cols, int rows) { impl_->terminal.resize(cols, rows); }

int ScreenModel::cols() const { return impl_->terminal.cols(); }

int ScreenModel::rows() const { return impl_->terminal.rows(); }

std::string ScreenModel::snapshot(int terminal_rows) const {
  const ScreenTerminal& terminal = impl_->terminal;
  const bool fits = terminal_rows <= 0 || terminal_rows >= rows();
  const int shown = fits ? rows() : terminal_rows;
  const int first = fits ? 0 : std::max(terminal.cursor().row - (shown - 1), 0);
  std::string out = "\x1b[0m\x1b[H\x1b[2J";
  if (terminal.on_alternate()) {
    draw_rows(out, terminal.primary(), 0, shown);
    impl_->append_saved_cursor(out, terminal.primary_saved(), 0);
    out += terminal.primary_saved().has_value() ? "\x1b[?1049h" : "\x1b[?1047h";
    out += "\x1b[0m\x1b[H\x1b[2J";
  }
  draw_rows(out, terminal.grid(), first, shown);
  if (terminal.saved().has_value()) {
    impl_->append_saved_cursor(out, terminal.saved(), first);
    out +=
        "\x1b"
        "7";
  }
  // What the modes do to colours was done by the drawing.
  out += "\x1b[0m";
  if (terminal_rows > rows()) out += "\x1b[1;" + std::to_string(rows()) + "r";
  out += terminal.modes().redo();
  if (!fits) out += "\x1b[r";
  impl_->append_cursor(out, first);
  return out;
}

std::string ScreenModel::redraw_row(int row) const {
  const ScreenTerminal& terminal = impl_->terminal;
  std::string out = "\x1b[0m" + cursor_to(std::max(row - terminal.origin_row(), 0), 0) + "\x1b[2K";
  Brush brush(out);
  draw_row(out, brush, terminal.grid(), row);
  return out + restore_cursor();
}

std::string ScreenModel::restore_cursor() const {
  std::string out;
  impl_->append_cursor(out, 0);
  return out;
}

bool ScreenModel::at_rest() const { return impl_->terminal.at_rest(); }

std::string ScreenModel::row_text(int row) const { return impl_->terminal.grid().text(row); }

bool ScreenModel::row_continues(int row) const { return impl_->terminal.grid().wrapped(row); }

bool ScreenModel::alternate_screen() const { return impl_->terminal.on_alternate(); }

}  // namespace asciinemad
