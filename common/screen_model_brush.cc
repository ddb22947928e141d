#include "common/screen_model_brush.h"

#include "common/screen_model_pen.h"

namespace asciinemad {

std::string cursor_to(int row, int col) {
  return "\x1b[" + std::to_string(row + 1) + ";" + std::to_string(col + 1) + "H";
}

Brush::Brush(std::string& out, bool is_protected) : out_(out), was_protected_(is_protected) {
  pen_.set(Pen::protected_cell, is_protected);
}

void Brush::set(const Pen& pen) {
  protect(pen.has(Pen::protected_cell));
  if (set_ && pen == pen_) return;
  append_sgr(out_, pen);
  pen_ = pen;
  set_ = true;
}

void Brush::put(const Cell& cell) {
  set(cell.pen);
  if (cell.chars[0] == 0) out_ += ' ';
  for (const char32_t c : cell.chars) {
    if (c == 0) break;
    append_utf8(out_, c);
  }
}

void Brush::protect(bool on) {
  if (pen_.has(Pen::protected_cell) == on) return;
  pen_.set(Pen::protected_cell, on);
  out_ += on ? "\x1b[1\"q" : "\x1b[0\"q";
}

}  // namespace asciinemad
