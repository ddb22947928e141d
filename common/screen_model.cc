#include "common/screen_model.h"

#include <algorithm>

#include "common/screen_model_brush.h"
#include "common/screen_model_pen.h"
#include "common/screen_model_terminal.h"

namespace asciinemad {
namespace {

constexpr std::string_view kClear = "\x1b[0m\x1b[H\x1b[2J";

bool same_blanks(const Cell& a, const Cell& b) { return a.blank() && b.blank() && a.pen == b.pen; }

// The cursor is at the beginning of the row, which is empty. `joined`: it is at the end of the row
// before, which goes on here. `goes_on`: so does this one, which is drawn to its end.
void draw_row(std::string& out, Brush& brush, const Grid& grid, int row, bool joined,
              bool goes_on) {
  const Cell& rest = grid.cell(row, grid.cols() - 1);
  int end = grid.cols();
  const int least = joined ? 1 : 0;
  while (!goes_on && end > least && same_blanks(grid.cell(row, end - 1), rest)) --end;
  Pen background;
  background.background = rest.pen.background;
  if (rest.pen != background) end = grid.cols();
  for (int col = 0; col < end; ++col) {
    const Cell& cell = grid.cell(row, col);
    if (cell.kind != Cell::Kind::right_half) brush.put(cell);
  }
  if (end == grid.cols() || rest == Cell{}) return;
  brush.set(background);
  out += "\x1b[K";
}

bool is_empty(const Grid& grid, int row) {
  for (int col = 0; col < grid.cols(); ++col) {
    if (grid.cell(row, col) != Cell{}) return false;
  }
  return true;
}

// The rows from `first` on, `count` of them, at the top of an empty screen. Rows that go on in the
// next one do so there, too.
void draw_rows(std::string& out, const Grid& grid, int first, int count) {
  Brush brush(out, false);
  const int end = std::min(first + count, grid.rows());
  bool joined = false;
  for (int row = first; row < end; ++row) {
    const bool goes_on = grid.wrapped(row) && row + 1 < end;
    if (joined || goes_on || !is_empty(grid, row)) {
      if (!joined) out += cursor_to(row - first, 0);
      draw_row(out, brush, grid, row, joined, goes_on);
    }
    joined = goes_on;
  }
}

// From a terminal's first state to these, and back.
void append_charsets(std::string& out, const Charsets& charsets, bool on) {
  constexpr std::string_view kSlots = "()*+";
  for (std::size_t i = 0; i < kSlots.size(); ++i) {
    if (charsets.sets[i] != 'B') (out += {'\x1b', kSlots[i]}) += on ? charsets.sets[i] : 'B';
  }
  constexpr std::array<std::string_view, 4> kShifts = {"", "\x0e", "\x1bn", "\x1bo"};
  if (charsets.active != 0) out += on ? kShifts[charsets.active] : "\x0f";
}

void append_tabs(std::string& out, const std::vector<bool>& tabs) {
  bool usual = true;
  for (std::size_t col = 0; col < tabs.size(); ++col) usual = usual && tabs[col] == (col % 8 == 0);
  if (usual) return;
  out += "\x1b[3g";
  for (std::size_t col = 0; col < tabs.size(); ++col) {
    if (tabs[col]) out += "\x1b[" + std::to_string(col + 1) + "G\x1bH";
  }
}

// Has the terminal, in its first state and without text in its last column, save this.
void append_saved_cursor(std::string& out, const SavedCursor& saved, int first) {
  if (saved.origin) out += "\x1b[?6h";
  out += cursor_to(std::max(saved.position.row - first, 0), saved.position.col);
  if (saved.past_end) out += ' ';
  append_charsets(out, saved.charsets, true);
  const bool is_protected = saved.pen.has(Pen::protected_cell);
  if (is_protected) out += "\x1b[1\"q";
  append_sgr(out, saved.pen);
  out += "\x1b\x37";
  if (is_protected) out += "\x1b[0\"q";
  append_charsets(out, saved.charsets, false);
  if (saved.origin) out += "\x1b[?6l";
  out += "\x1b[0m";
}

}  // namespace

class ScreenModel::Impl {
 public:
  Impl(int cols, int rows, LineListener* lines) : terminal(cols, rows, lines) {}

  void append_modes(std::string& out, bool on) const;
  void append_region(std::string& out, int terminal_rows) const;
  void append_cursor(std::string& out, int first, bool region) const;

  ScreenTerminal terminal;
};

// What changes where text goes and what becomes of it, but for the region.
void ScreenModel::Impl::append_modes(std::string& out, bool on) const {
  const ScreenCanvas& canvas = terminal.canvas();
  const CellRect& region = canvas.region();
  if (canvas.margins()) out += on ? "\x1b[?69h" : "\x1b[?69l";
  if (on && !canvas.whole_width()) {
    out += "\x1b[" + std::to_string(region.left + 1) + ";" + std::to_string(region.right) + "s";
  }
  if (canvas.origin()) out += on ? "\x1b[?6h" : "\x1b[?6l";
  if (canvas.insert) out += on ? "\x1b[4h" : "\x1b[4l";
  append_charsets(out, terminal.charsets(), on);
  if (canvas.pen.has(Pen::protected_cell)) out += on ? "\x1b[1\"q" : "\x1b[0\"q";
}

void ScreenModel::Impl::append_region(std::string& out, int terminal_rows) const {
  const ScreenCanvas& canvas = terminal.canvas();
  if (canvas.whole_height() && terminal_rows <= canvas.rows()) return;
  const CellRect& region = canvas.region();
  out += "\x1b[" + std::to_string(region.top + 1) + ";" + std::to_string(region.bottom) + "r";
}

// In a terminal that has the modes.
void ScreenModel::Impl::append_cursor(std::string& out, int first, bool region) const {
  const ScreenCanvas& canvas = terminal.canvas();
  const ScreenPosition at = canvas.cursor();
  const CellRect origin = canvas.origin() ? canvas.region() : CellRect{};
  const int row = at.row - (region ? origin.top : first);
  const int col = at.col - origin.left;
  if (canvas.past_end()) {
    // It is there after printing the last character, which is printed again.
    const Cell& cell = *canvas.cell_before();
    append_charsets(out, terminal.charsets(), false);
    out += cursor_to(row, col - (cell.width() - 1));
    Brush(out, canvas.pen.has(Pen::protected_cell)).put(cell);
    append_charsets(out, terminal.charsets(), true);
  } else {
    out += cursor_to(row, col);
  }
  append_sgr(out, canvas.pen);
  if (terminal.single_shift() != 0) out += terminal.single_shift() == 2 ? "\x1bN" : "\x1bO";
}

ScreenModel::ScreenModel(int cols, int rows, LineListener* lines)
    : impl_(std::make_unique<Impl>(cols, rows, lines)) {}

ScreenModel::~ScreenModel() = default;

void ScreenModel::write(std::string_view bytes) { impl_->terminal.write(bytes); }

void ScreenModel::resize(int cols, int rows) { impl_->terminal.resize(cols, rows); }

int ScreenModel::cols() const { return impl_->terminal.canvas().cols(); }

int ScreenModel::rows() const { return impl_->terminal.canvas().rows(); }

std::string ScreenModel::snapshot(int terminal_rows) const {
  const ScreenTerminal& terminal = impl_->terminal;
  const ScreenCanvas& canvas = terminal.canvas();
  const bool fits = terminal_rows <= 0 || terminal_rows >= rows();
  const int shown = fits ? rows() : terminal_rows;
  const int first = fits ? 0 : std::max(canvas.cursor().row - (shown - 1), 0);
  std::string out(kClear);
  if (canvas.on_alternate()) {
    append_saved_cursor(out, terminal.primary_saved(), 0);
    draw_rows(out, canvas.primary(), 0, shown);
    // Saves the cursor as well.
    (out += "\x1b\x38") += terminal.primary_keyboard().redo() + "\x1b[?1049h";
    append_charsets(out, terminal.primary_saved().charsets, false);
    if (terminal.primary_saved().origin) out += "\x1b[?6l";
    if (terminal.primary_saved().pen.has(Pen::protected_cell)) out += "\x1b[0\"q";
    out += kClear;
  }
  append_saved_cursor(out, terminal.saved(), first);
  draw_rows(out, canvas.grid(), first, shown);
  out += "\x1b[0m";
  append_tabs(out, canvas.tabs());
  if (fits) impl_->append_region(out, terminal_rows);
  if (terminal.newline()) out += "\x1b[20h";
  if (!canvas.autowrap) out += "\x1b[?7l";
  impl_->append_modes(out, true);
  impl_->append_cursor(out, first, fits);
  return out + terminal.keyboard().redo() + terminal.modes().redo();
}

std::string ScreenModel::redraw_row(int row) const {
  if (row < 0 || row >= rows()) return restore_cursor();
  std::string out;
  impl_->append_modes(out, false);
  (out += "\x1b[0m") += cursor_to(row, 0) + "\x1b[2K";
  {
    Brush brush(out, false);
    draw_row(out, brush, impl_->terminal.canvas().grid(), row, false, false);
  }
  impl_->append_modes(out, true);
  return out + restore_cursor();
}

std::string ScreenModel::restore_cursor() const {
  std::string out;
  impl_->append_cursor(out, 0, true);
  return out;
}

ScreenModel::CursorPosition ScreenModel::cursor_position() const {
  const ScreenCanvas& canvas = impl_->terminal.canvas();
  const ScreenPosition at = canvas.cursor();
  const CellRect origin = canvas.origin() ? canvas.region() : CellRect{};
  return {at.row - origin.top + 1, at.col - origin.left + 1};
}

bool ScreenModel::at_rest() const { return impl_->terminal.at_rest(); }

std::string ScreenModel::row_text(int row) const {
  return impl_->terminal.canvas().grid().text(row);
}

bool ScreenModel::row_continues(int row) const {
  return impl_->terminal.canvas().grid().wrapped(row);
}

bool ScreenModel::alternate_screen() const { return impl_->terminal.canvas().on_alternate(); }

}  // namespace asciinemad
