// The control sequences of ScreenTerminal.
#include <algorithm>
#include <optional>

#include "common/screen_model_pen.h"
#include "common/screen_model_terminal.h"

namespace asciinemad {
namespace {

// A count or a coordinate from 1 on; more than there can be is the same as the most.
int number(std::optional<VtParam> param) {
  if (!param.has_value()) return 1;
  return static_cast<int>(std::clamp<std::uint32_t>(param->value, 1, ScreenTerminal::kMaxSide));
}

int number(std::string_view params) { return number(VtParams(params).next()); }

std::uint32_t selector(std::string_view params) { return VtParams(params).next()->value; }

// Without the control characters that may be inside.
std::string bytes_of(const VtSequence& sequence) {
  std::string bytes = "\x1b[";
  if (sequence.prefix != 0) bytes += sequence.prefix;
  bytes += sequence.params;
  bytes += sequence.intermediates;
  return bytes + sequence.final;
}

}  // namespace

void ScreenTerminal::on_csi(const VtSequence& sequence) {
  end_character();
  const char final = sequence.final;
  if (sequence.intermediates.empty()) {
    if (sequence.prefix == 0 && plain_csi(final, sequence.params)) return;
    if (sequence.prefix == '?' && erasing_csi(final, sequence.params, true)) return;
    if (final == 'h' || final == 'l') return set_modes(sequence);
    if (sequence.prefix == '?' && final == 'W' && selector(sequence.params) == 5) {
      return canvas_.reset_tabs();
    }
    if (sequence.prefix != 0 && final == 'u') {
      return keyboards_[canvas_.on_alternate() ? 1 : 0].observe(bytes_of(sequence));
    }
    if (sequence.prefix == 0) return;
  } else if (sequence.prefix == 0) {
    const std::string_view intermediates = sequence.intermediates;
    if (intermediates == "!" && final == 'p') soft_reset();
    if (intermediates == "\"" && final == 'q') {
      return canvas_.pen.set(Pen::protected_cell, selector(sequence.params) == 1);
    }
    if (intermediates == "'" && final == '}') return canvas_.insert_cols(number(sequence.params));
    if (intermediates == "'" && final == '~') return canvas_.insert_cols(-number(sequence.params));
  }
  modes_.observe(bytes_of(sequence));
}

bool ScreenTerminal::plain_csi(char final, std::string_view params) {
  if (final == 'm') {
    apply_sgr(canvas_.pen, params);
    return true;
  }
  return moving_csi(final, params) || addressing_csi(final, params) ||
         erasing_csi(final, params, false) || editing_csi(final, params) ||
         setting_csi(final, params);
}

bool ScreenTerminal::moving_csi(char final, std::string_view params) {
  const int first = number(params);
  switch (final) {
    case 'A':
    case 'k':
      canvas_.move_rows(-first);
      break;
    case 'B':
    case 'e':
      canvas_.move_rows(first);
      break;
    case 'C':
    case 'a':
      canvas_.move_cols(first);
      break;
    case 'D':
    case 'j':
      canvas_.move_cols(-first);
      break;
    case 'E':
    case 'F':
      canvas_.move_rows(final == 'E' ? first : -first);
      canvas_.carriage_return();
      break;
    default:
      return false;
  }
  return true;
}

bool ScreenTerminal::addressing_csi(char final, std::string_view text) {
  VtParams params(text);
  const int first = number(params.next());
  switch (final) {
    case 'G':
    case '`':
      canvas_.move_to_col(first - 1);
      break;
    case 'H':
    case 'f':
      canvas_.move_to(first - 1, number(params.next()) - 1);
      break;
    case 'I':
      canvas_.tab(first);
      break;
    case 'Z':
      canvas_.tab(-first);
      break;
    case 'd':
      canvas_.move_to_row(first - 1);
      break;
    default:
      return false;
  }
  return true;
}

bool ScreenTerminal::erasing_csi(char final, std::string_view params, bool selective) {
  if (final != 'J' && final != 'K') return false;
  constexpr std::array<ScreenCanvas::Part, 3> kParts = {
      ScreenCanvas::Part::to_end, ScreenCanvas::Part::to_begin, ScreenCanvas::Part::all};
  const std::uint32_t what = selector(params);
  if (what >= kParts.size()) return true;
  if (final == 'J') {
    canvas_.erase_display(kParts[what], selective);
  } else {
    canvas_.erase_line(kParts[what], selective);
  }
  return true;
}

bool ScreenTerminal::editing_csi(char final, std::string_view params) {
  const int count = number(params);
  switch (final) {
    case '@':
      canvas_.insert_chars(count);
      break;
    case 'P':
      canvas_.insert_chars(-count);
      break;
    case 'L':
      canvas_.insert_lines(count);
      break;
    case 'M':
      canvas_.insert_lines(-count);
      break;
    case 'S':
      canvas_.scroll(count);
      break;
    case 'T':
      // With more numbers it is about the mouse.
      if (params.find(';') == std::string_view::npos) canvas_.scroll(-count);
      break;
    case 'X':
      canvas_.erase_chars(count);
      break;
    case 'b':
      canvas_.repeat(count);
      break;
    default:
      return false;
  }
  return true;
}

bool ScreenTerminal::setting_csi(char final, std::string_view params) {
  switch (final) {
    case 'g':
      clear_tabs(params);
      break;
    case 'r':
      set_region_rows(params);
      break;
    case 's':
      if (canvas_.margins()) {
        set_region_cols(params);
      } else {
        save_cursor();
      }
      break;
    case 'u':
      restore_cursor();
      break;
    default:
      return false;
  }
  return true;
}

}  // namespace asciinemad
