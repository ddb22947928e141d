#include "common/screen_view.h"

#include <algorithm>
#include <utility>

#include "common/screen_model_brush.h"
#include "common/terminal_modes.h"

namespace asciinemad {
namespace {

constexpr std::string_view kClear = "\x1b[0m\x1b[H\x1b[2J";
// Modes of the program's that would get in the way: the cursor is shown by frames themselves, the
// others are about the text that the program writes.
constexpr std::string_view kNotModes = "\x1b[?25h\x1b[?2026l\x1b]8;;\x1b\\\x1b%G";

}  // namespace

ScreenView::ScreenView(Size recorded, Size terminal)
    : screen_(recorded.cols, recorded.rows, nullptr), terminal_(terminal) {}

void ScreenView::set_terminal(Size terminal) {
  terminal_ = terminal;
  drawn_ = false;
}

int ScreenView::shown_rows() const { return std::min(terminal_.rows, screen_.canvas().rows()); }

int ScreenView::first_row(int cursor_row) const {
  return std::max(cursor_row - (shown_rows() - 1), 0);
}

// For an empty row.
std::string ScreenView::row_part(const Grid& grid, int row) const {
  const int cols = std::min(terminal_.cols, grid.cols());
  int end = cols;
  while (end > 0 && grid.cell(row, end - 1) == Cell{}) --end;
  std::string out;
  Brush brush(out, false);
  for (int col = 0; col < end; ++col) {
    const Cell& cell = grid.cell(row, col);
    if (cell.kind == Cell::Kind::right_half) continue;
    if (col + cell.width() > cols) {
      // Of a wide character only the left half has room.
      Cell half;
      half.pen = cell.pen;
      brush.put(half);
    } else {
      brush.put(cell);
    }
  }
  return out;
}

// The primary screen, on which leaving the alternate one puts the cursor where it is saved now.
std::string ScreenView::primary() const {
  const Grid& grid = screen_.canvas().primary();
  const ScreenPosition at = screen_.primary_saved().position;
  const int first = first_row(at.row);
  std::string out(kClear);
  for (int row = 0; row < shown_rows(); ++row) {
    const std::string part = row_part(grid, first + row);
    if (!part.empty()) out += cursor_to(row, 0) + part;
  }
  out += "\x1b[0m" + cursor_to(at.row - first, std::min(at.col, terminal_.cols - 1));
  return out + "\x1b[?1049h";
}

void ScreenView::append_modes(std::string& out) {
  TerminalModes now;
  now.observe(screen_.keyboard().redo());
  now.observe(screen_.modes().redo());
  now.observe(kNotModes);
  std::string modes = now.redo();
  if (modes == modes_) return;
  TerminalModes before;
  before.observe(modes_);
  out += before.undo() + modes;
  modes_ = std::move(modes);
}

void ScreenView::append_rows(std::string& out) {
  const Grid& grid = screen_.canvas().grid();
  const int first = first_row(screen_.canvas().cursor().row);
  for (int row = 0; row < shown_rows(); ++row) {
    std::string part = row_part(grid, first + row);
    std::string& shown = rows_[static_cast<std::size_t>(row)];
    if (part == shown) continue;
    out += cursor_to(row, 0) + "\x1b[0m\x1b[2K" + part;
    shown = std::move(part);
  }
}

std::string ScreenView::cursor() const {
  const ScreenPosition at = screen_.canvas().cursor();
  const bool hidden = screen_.modes().cursor_hidden() || at.col >= terminal_.cols;
  return "\x1b[0m" + cursor_to(at.row - first_row(at.row), std::min(at.col, terminal_.cols - 1)) +
         (hidden ? "\x1b[?25l" : "\x1b[?25h");
}

ScreenView::Frame ScreenView::draw() {
  const ScreenCanvas& canvas = screen_.canvas();
  const Size size{canvas.cols(), canvas.rows()};
  std::string behind = canvas.on_alternate() ? primary() : std::string();
  Frame frame;
  frame.whole = !drawn_ || size != size_ || behind != behind_;
  drawn_ = true;
  size_ = size;
  behind_ = std::move(behind);
  std::string body;
  if (frame.whole) {
    // Should a terminal take a character for wider than the model does, its row ends there.
    body += "\x1b[?7l";
    (body += behind_) += kClear;
    rows_.assign(static_cast<std::size_t>(shown_rows()), {});
    modes_.clear();
  }
  append_modes(body);
  append_rows(body);
  frame.cursor = cursor();
  if (!body.empty()) frame.bytes = "\x1b[?25l" + body;
  if (!body.empty() || frame.cursor != cursor_) frame.bytes += frame.cursor;
  cursor_ = frame.cursor;
  return frame;
}

}  // namespace asciinemad
