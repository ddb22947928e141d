// The modes of ScreenTerminal, and what saves and resets them.
#include <algorithm>
#include <optional>

#include "common/screen_model_terminal.h"

namespace asciinemad {
namespace {

struct Extent {
  int begin;
  int end;
};

// Half-open, of `size` rows or columns, from two parameters; missing ones mean the edges.
Extent extent_of(std::string_view text, int size) {
  VtParams params(text);
  const auto limit = static_cast<std::uint32_t>(size);
  const std::uint32_t first = params.next()->value;
  const std::optional<VtParam> last = params.next();
  const std::uint32_t end = last.has_value() && last->value != 0 ? last->value : limit;
  return {static_cast<int>(std::clamp<std::uint32_t>(first, 1, limit)) - 1,
          static_cast<int>(std::min(end, limit))};
}

}  // namespace

void ScreenTerminal::set_region_rows(std::string_view params) {
  const Extent rows = extent_of(params, canvas_.rows());
  canvas_.set_region_rows(rows.begin, rows.end);
}

void ScreenTerminal::set_region_cols(std::string_view params) {
  const Extent cols = extent_of(params, canvas_.cols());
  canvas_.set_region_cols(cols.begin, cols.end);
}

void ScreenTerminal::clear_tabs(std::string_view params) {
  const std::uint32_t what = VtParams(params).next()->value;
  if (what == 0) canvas_.set_tab(false);
  if (what == 3) canvas_.clear_tabs();
}

void ScreenTerminal::set_modes(const VtSequence& sequence) {
  const bool on = sequence.final == 'h';
  if (sequence.prefix != 0 && sequence.prefix != '?') return;
  const bool is_private = sequence.prefix == '?';
  VtParams params(sequence.params);
  while (const std::optional<VtParam> param = params.next()) {
    const std::uint32_t mode = param->value;
    if (is_private ? set_private_mode(mode, on) : set_ansi_mode(mode, on)) continue;
    modes_.observe((is_private ? "\x1b[?" : "\x1b[") + std::to_string(mode) + sequence.final);
  }
}

bool ScreenTerminal::set_ansi_mode(std::uint32_t mode, bool on) {
  if (mode == 4) {
    canvas_.insert = on;
  } else if (mode == 20) {
    newline_ = on;
  } else {
    return false;
  }
  return true;
}

bool ScreenTerminal::set_private_mode(std::uint32_t mode, bool on) {
  switch (mode) {
    case 6:
      canvas_.set_origin(on);
      break;
    case 7:
      canvas_.autowrap = on;
      break;
    case 69:
      canvas_.set_margins(on);
      break;
    case 47:
    case 1047:
      switch_screen(on);
      break;
    case 1048:
      on ? save_cursor() : restore_cursor();
      break;
    case 1049:
      if (on) save_cursor();
      switch_screen(on);
      if (!on) restore_cursor();
      break;
    default:
      return false;
  }
  return true;
}

void ScreenTerminal::save_cursor() {
  // Behind a right margin that may be another one by then there is nothing to come back to.
  const bool past_end = canvas_.past_end() && canvas_.cursor().col + 1 == canvas_.cols();
  saved_[canvas_.on_alternate() ? 1 : 0] = {canvas_.cursor(), past_end, canvas_.origin(),
                                            canvas_.pen, charsets_};
}

void ScreenTerminal::restore_cursor() {
  const SavedCursor& saved = this->saved();
  canvas_.pen = saved.pen;
  charsets_ = saved.charsets;
  canvas_.restore(saved.position, saved.past_end, saved.origin);
}

// What belongs to the alternate screen ends with it.
void ScreenTerminal::switch_screen(bool alternate) {
  if (!alternate) {
    saved_[1] = {};
    keyboards_[1].reset();
  } else if (!canvas_.on_alternate() && saved_[0].past_end) {
    // Coming back there would do it, too.
    canvas_.end_line(saved_[0].position.row);
  }
  canvas_.switch_screen(alternate);
}

void ScreenTerminal::soft_reset() {
  canvas_.pen = {};
  canvas_.autowrap = true;
  canvas_.insert = false;
  charsets_ = {};
  single_shift_ = 0;
  saved_[canvas_.on_alternate() ? 1 : 0] = {};
  canvas_.reset_modes();
}

void ScreenTerminal::hard_reset() {
  const ScreenPosition home;
  soft_reset();
  switch_screen(false);
  canvas_.erase_display(ScreenCanvas::Part::all, false);
  canvas_.reset_tabs();
  canvas_.restore(home, false, false);
  newline_ = false;
  saved_ = {};
  modes_.reset();
  for (TerminalModes& keyboard : keyboards_) keyboard.reset();
}

void ScreenTerminal::on_string_begin(VtString kind, std::string_view /*introducer*/) {
  end_character();
  in_osc_ = kind == VtString::osc;
  if (in_osc_) modes_.observe("\x1b]");
}

void ScreenTerminal::on_string_data(std::string_view data) {
  if (in_osc_) modes_.observe(data);
}

// Whatever the end is, TerminalModes obeys.
void ScreenTerminal::on_string_end(std::string_view /*terminator*/) {
  if (in_osc_) modes_.observe("\x1b\\");
}

}  // namespace asciinemad
