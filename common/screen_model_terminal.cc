#include "common/screen_model_terminal.h"

#include <vterm.h>

#include <algorithm>
#include <utility>

#include "common/screen_model_pen.h"

namespace asciinemad {
namespace {

// libvterm puts a few times this on the stack.
constexpr std::size_t kMaxPortionBytes = 4096;
constexpr std::uint32_t kMaxParam = 70'000;
constexpr int kMaxParams = 16;
// No letter has more accents; libvterm keeps all of them.
constexpr std::size_t kMaxCombined = 32;

CellRect rect_of(const VTermRect& rect) {
  return {rect.start_row, rect.end_row, rect.start_col, rect.end_col};
}

ScreenTerminal& terminal_of(void* user) { return *static_cast<ScreenTerminal*>(user); }

const VTermStateCallbacks kCallbacks = [] {
  VTermStateCallbacks callbacks{};
  callbacks.putglyph = [](VTermGlyphInfo* info, VTermPos pos, void* user) {
    terminal_of(user).on_glyph(info->chars, info->width, info->protected_cell != 0,
                               {pos.row, pos.col});
    return 1;
  };
  callbacks.movecursor = [](VTermPos, VTermPos, int, void* user) {
    terminal_of(user).on_cursor_moved();
    return 1;
  };
  callbacks.scrollrect = [](VTermRect rect, int downward, int rightward, void* user) {
    terminal_of(user).on_scroll(rect_of(rect), downward, rightward);
    return 1;
  };
  callbacks.erase = [](VTermRect rect, int selective, void* user) {
    terminal_of(user).on_erase(rect_of(rect), selective != 0);
    return 1;
  };
  callbacks.initpen = [](void*) { return 1; };
  callbacks.setpenattr = [](VTermAttr, VTermValue*, void*) { return 1; };
  callbacks.settermprop = [](VTermProp, VTermValue*, void*) { return 1; };
  callbacks.bell = [](void*) { return 1; };
  callbacks.resize = [](int rows, int cols, VTermPos* delta, void* user) {
    delta->row = -terminal_of(user).on_resized(cols, rows);
    return 1;
  };
  // Rows of double width are shown in single width.
  callbacks.setlineinfo = [](int, const VTermLineInfo*, const VTermLineInfo*, void*) { return 0; };
  return callbacks;
}();

int side(int wanted) { return std::clamp(wanted, 1, ScreenTerminal::kMaxSide); }

std::size_t character_bytes(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  if (byte < 0xc0) return 1;
  if (byte < 0xe0) return 2;
  return byte < 0xf0 ? 3 : 4;
}

// How much of `text`, at most `limit` bytes, is whole characters.
std::size_t whole_bytes(std::string_view text, std::size_t limit) {
  std::size_t end = std::min(text.size(), limit);
  std::size_t lead = end;
  while (lead > 0 && end - lead < 4) {
    --lead;
    if ((static_cast<unsigned char>(text[lead]) & 0xc0U) != 0x80) {
      return lead + character_bytes(text[lead]) <= end ? end : lead;
    }
  }
  return end;
}

std::uint32_t first_param(std::string_view params, std::uint32_t otherwise) {
  const std::optional<VtParam> param = VtParams(params).next();
  return param.has_value() && param->given ? param->value : otherwise;
}

}  // namespace

ScreenTerminal::ScreenTerminal(int cols, int rows, ScreenModel::LineListener* lines)
    : lines_(lines), grids_{Grid(side(cols), side(rows)), Grid(side(cols), side(rows))} {
  vterm_ = vterm_new(side(rows), side(cols));
  vterm_set_utf8(vterm_, 1);
  vterm_output_set_callback(
      vterm_, [](const char*, std::size_t, void*) {}, nullptr);
  state_ = vterm_obtain_state(vterm_);
  vterm_state_set_callbacks(state_, &kCallbacks, this);
  vterm_state_reset(state_, 1);
}

ScreenTerminal::~ScreenTerminal() { vterm_free(vterm_); }

void ScreenTerminal::write(std::string_view bytes) {
  modes_.observe(bytes);
  parser_.feed(bytes, *this);
}

void ScreenTerminal::resize(int cols, int rows) {
  if (margins_) {
    // libvterm would keep some that no longer fit.
    const ScreenPosition before = cursor();
    pass("\x1b[s");
    move_to(before);
  }
  wrap_pending_ = false;
  vterm_set_size(vterm_, side(rows), side(cols));
  region_top_ = 0;
  region_bottom_ = -1;
  const ScreenPosition at = cursor();
  pass("\x1b[r");
  move_to(at);
}

ScreenPosition ScreenTerminal::cursor() const {
  VTermPos position{};
  vterm_state_get_cursorpos(state_, &position);
  return {std::clamp(position.row, 0, rows() - 1), std::clamp(position.col, 0, cols() - 1)};
}

void ScreenTerminal::pass(std::string_view bytes) {
  vterm_input_write(vterm_, bytes.data(), bytes.size());
}

void ScreenTerminal::pass_text(std::string_view text) {
  printing_ = true;
  while (!text.empty()) {
    const std::size_t size = std::max<std::size_t>(whole_bytes(text, kMaxPortionBytes), 1);
    pass(text.substr(0, size));
    text.remove_prefix(size);
  }
  printing_ = false;
}

void ScreenTerminal::on_text(std::string_view run) {
  if (combining_flood_) {
    const auto* ascii = std::find_if(run.begin(), run.end(), [](char c) { return c >= 0; });
    run.remove_prefix(static_cast<std::size_t>(ascii - run.begin()));
    if (run.empty()) return;
    combining_flood_ = false;
  }
  if (!partial_.empty()) {
    const std::size_t missing = character_bytes(partial_[0]) - partial_.size();
    const std::size_t taken = std::min(missing, run.size());
    partial_.append(run.substr(0, taken));
    run.remove_prefix(taken);
    if (taken < missing) return;
    pass_text(std::exchange(partial_, {}));
  }
  const std::size_t whole = whole_bytes(run, run.size());
  pass_text(run.substr(0, whole));
  partial_ = run.substr(whole);
}

void ScreenTerminal::on_control(char c, bool /*inside*/) {
  partial_.clear();
  constexpr std::string_view kPassed = "\b\t\n\v\f\r\x0e\x0f";
  if (kPassed.find(c) != std::string_view::npos) pass({&c, 1});
}

void ScreenTerminal::on_escape(const VtSequence& sequence) {
  partial_.clear();
  if (sequence.intermediates.empty()) {
    if (sequence.final == '7') return save_cursor();
    if (sequence.final == '8') return restore_cursor();
    if (sequence.final == 'c') return hard_reset();
    constexpr std::string_view kPassed = "DEHMNO=>no|}~";
    if (kPassed.find(sequence.final) == std::string_view::npos) return;
    if (sequence.final == 'D' || sequence.final == 'E' || sequence.final == 'M') {
      wrap_pending_ = false;
    }
  } else {
    const bool charset =
        sequence.intermediates.size() == 1 &&
        std::string_view("()*+").find(sequence.intermediates[0]) != std::string_view::npos;
    const bool alignment = sequence.intermediates == "#" && sequence.final == '8';
    if (!charset && !alignment) return;
  }
  pass("\x1b" + std::string(sequence.intermediates) + sequence.final);
}

void ScreenTerminal::on_csi(const VtSequence& sequence) {
  partial_.clear();
  const char final = sequence.final;
  if (sequence.intermediates.empty() && sequence.prefix == 0) {
    if (final == 'm') return apply_sgr(pen_, sequence.params);
    if (final == 'r') return set_region(sequence.params);
    if (final == 'b') return repeat_last(sequence.params);
    if (final == 'u') return restore_cursor();
    if (final == 's' && !margins_) return save_cursor();
    constexpr std::string_view kMoves = "ABCDEFGHIZ`adefj";
    if (kMoves.find(final) != std::string_view::npos) wrap_pending_ = false;
    constexpr std::string_view kPassed = "@ABCDEFGHIJKLMPSTXZ`adefgjks";
    if (kPassed.find(final) != std::string_view::npos) return pass_csi(sequence);
  }
  if (sequence.intermediates.empty() && (final == 'h' || final == 'l')) return set_modes(sequence);
  if (sequence.intermediates.empty() && sequence.prefix == '?' && (final == 'J' || final == 'K')) {
    return pass_csi(sequence);
  }
  if (sequence.prefix != 0) return;
  if (sequence.intermediates == "!" && final == 'p') return soft_reset();
  const bool passed = (sequence.intermediates == "'" && (final == '}' || final == '~')) ||
                      (sequence.intermediates == "\"" && final == 'q');
  if (passed) pass_csi(sequence);
}

// With bounds: libvterm adds and multiplies what it gets.
void ScreenTerminal::pass_csi(const VtSequence& sequence) {
  std::string bytes = "\x1b[";
  if (sequence.prefix != 0) bytes += sequence.prefix;
  VtParams params(sequence.params);
  for (int i = 0; i < kMaxParams; ++i) {
    const std::optional<VtParam> param = params.next();
    if (!param.has_value()) break;
    if (i > 0) bytes += ';';
    if (param->given) bytes += std::to_string(std::min(param->value, kMaxParam));
  }
  bytes += sequence.intermediates;
  bytes += sequence.final;
  pass(bytes);
}

void ScreenTerminal::set_modes(const VtSequence& sequence) {
  const bool on = sequence.final == 'h';
  VtParams params(sequence.params);
  while (const std::optional<VtParam> param = params.next()) {
    if (sequence.prefix == '?') {
      set_private_mode(param->value, on);
    } else if (sequence.prefix == 0 && (param->value == 4 || param->value == 20)) {
      if (param->value == 4) insert_ = on;
      pass("\x1b[" + std::to_string(param->value) + sequence.final);
    }
  }
}

void ScreenTerminal::set_private_mode(std::uint32_t mode, bool on) {
  switch (mode) {
    case 6:
      origin_ = on;
      wrap_pending_ = false;
      break;
    case 7:
      autowrap_ = on;
      if (!on) wrap_pending_ = false;
      break;
    case 69:
      margins_ = on;
      break;
    case 47:
    case 1047:
      return switch_screen(on);
    case 1048:
      return on ? save_cursor() : restore_cursor();
    case 1049:
      if (on) save_cursor();
      switch_screen(on);
      if (!on) restore_cursor();
      return;
    default:
      return;
  }
  pass("\x1b[?" + std::to_string(mode) + (on ? 'h' : 'l'));
}

void ScreenTerminal::set_region(std::string_view text) {
  VtParams params(text);
  const std::optional<VtParam> top = params.next();
  const std::optional<VtParam> bottom = params.next();
  const auto last = static_cast<std::uint32_t>(rows());
  const std::uint32_t from = top.has_value() ? std::clamp<std::uint32_t>(top->value, 1, last) : 1;
  std::uint32_t to = last;
  if (bottom.has_value() && bottom->given && bottom->value > 0) to = std::min(bottom->value, last);
  // As xterm: a region needs two rows, or what was there stays.
  if (from >= to) return;
  region_top_ = static_cast<int>(from) - 1;
  region_bottom_ = to == last ? -1 : static_cast<int>(to);
  wrap_pending_ = false;
  pass("\x1b[" + std::to_string(from) + ";" + std::to_string(to) + "r");
}

// libvterm's own never ends for a character without width.
void ScreenTerminal::repeat_last(std::string_view params) {
  const auto most = static_cast<std::uint32_t>(cols()) * static_cast<std::uint32_t>(rows());
  const std::uint32_t count = std::clamp<std::uint32_t>(first_param(params, 1), 1, most);
  if (last_glyph_.empty()) return;
  std::string text;
  const std::string glyph = last_glyph_;
  for (std::uint32_t i = 0; i < count; ++i) text += glyph;
  pass_text(text);
}

void ScreenTerminal::save_cursor() { saved_[alternate_ ? 1 : 0] = SavedCursor{cursor(), pen_}; }

void ScreenTerminal::restore_cursor() {
  const SavedCursor saved = saved_[alternate_ ? 1 : 0].value_or(SavedCursor());
  pen_ = saved.pen;
  move_to(saved.position);
}

void ScreenTerminal::move_to(ScreenPosition position) {
  const int row = std::max(position.row - origin_row(), 0);
  wrap_pending_ = false;
  pass("\x1b[" + std::to_string(row + 1) + ";" + std::to_string(position.col + 1) + "H");
}

void ScreenTerminal::switch_screen(bool alternate) {
  if (alternate == alternate_) return;
  alternate_ = alternate;
  wrap_pending_ = false;
  if (alternate) cells().erase({0, rows(), 0, cols()}, pen_, false);
}

void ScreenTerminal::soft_reset() {
  pen_ = {};
  saved_[alternate_ ? 1 : 0].reset();
  origin_ = insert_ = margins_ = false;
  autowrap_ = true;
  region_top_ = 0;
  region_bottom_ = -1;
  const ScreenPosition at = cursor();
  pass("\x1b[?6l\x1b[?69l\x1b[?7h\x1b[4l\x1b[r\x1b(B\x1b)B\x0f");
  move_to(at);
}

void ScreenTerminal::hard_reset() {
  soft_reset();
  switch_screen(false);
  saved_ = {};
  last_glyph_.clear();
  pass("\x1b[?5l\x1b[20l");
  vterm_state_reset(state_, 1);
}

void ScreenTerminal::on_glyph(const std::uint32_t* chars, int width, bool is_protected,
                              ScreenPosition at) {
  if (width < 1) return;
  if (std::exchange(wrap_pending_, false) && at.col == 0 && at.row > 0) {
    cells().set_wrapped(at.row - 1, true);
  }
  Pen pen = pen_;
  pen.set(Pen::protected_cell, is_protected);
  cells().put(at.row, at.col, chars[0], width, pen);
  last_glyph_.clear();
  append_utf8(last_glyph_, chars[0]);
  std::size_t count = 1;
  for (; chars[count] != 0 && count < kMaxCombined; ++count) {
    if (count < Cell::kMaxChars && at.col < cols()) {
      cells().combine(at.row, at.col, chars[count]);
      append_utf8(last_glyph_, chars[count]);
    }
  }
  combining_flood_ = count == kMaxCombined;
  wrap_pending_ = autowrap_ && at.col + width >= cols();
}

void ScreenTerminal::on_cursor_moved() {
  if (!printing_) wrap_pending_ = false;
}

void ScreenTerminal::on_scroll(const CellRect& area, int up, int left) {
  if (up > 0 && area.top == 0 && area.left == 0 && area.right == cols()) {
    lines_gone(std::min(up, area.bottom));
  }
  cells().scroll(area, up, left, pen_);
}

void ScreenTerminal::lines_gone(int count) {
  if (lines_ == nullptr || alternate_) return;
  for (int row = 0; row < count; ++row) lines_->on_line_gone(grid().text(row), grid().wrapped(row));
}

void ScreenTerminal::on_erase(const CellRect& area, bool selective) {
  cells().erase(area, pen_, selective);
}

// Returns how many rows went at the top, so that the cursor stays on the screen.
int ScreenTerminal::on_resized(int cols, int rows) {
  const int gone = std::clamp(cursor().row - (rows - 1), 0, std::max(this->rows() - 1, 0));
  if (!alternate_) lines_gone(gone);
  grids_[0].resize(cols, rows, alternate_ ? 0 : gone);
  grids_[1].resize(cols, rows, alternate_ ? gone : 0);
  return gone;
}

}  // namespace asciinemad
