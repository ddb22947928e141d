#include "common/screen_model_terminal.h"

#include <algorithm>

namespace asciinemad {
namespace {

constexpr char32_t kReplacement = 0xfffd;

// ESC ( 0, from 0x60 on.
constexpr std::array<char32_t, 31> kLineDrawing = {
    U'◆', U'▒', U'␉', U'␌', U'␍', U'␊', U'°', U'±', U'␤', U'␋', U'┘', U'┐', U'┌', U'└', U'┼', U'⎺',
    U'⎻', U'─', U'⎼', U'⎽', U'├', U'┤', U'┴', U'┬', U'│', U'≤', U'≥', U'π', U'≠', U'£', U'·'};

int side(int wanted) { return std::clamp(wanted, 1, ScreenTerminal::kMaxSide); }

char32_t translate(char32_t c, char set) {
  if (set == '0' && c >= 0x60 && c < 0x60 + kLineDrawing.size()) return kLineDrawing[c - 0x60];
  return set == 'A' && c == U'#' ? U'£' : c;
}

}  // namespace

ScreenTerminal::ScreenTerminal(int cols, int rows, ScreenModel::LineListener* lines)
    : canvas_(side(cols), side(rows), lines) {}

void ScreenTerminal::resize(int cols, int rows) {
  const std::array<int, 2> gone = canvas_.resize(side(cols), side(rows), saved_[0].position.row);
  for (std::size_t i = 0; i < saved_.size(); ++i) {
    SavedCursor& saved = saved_[i];
    saved.position.row = std::clamp(saved.position.row - gone[i], 0, canvas_.rows() - 1);
    saved.position.col = std::min(saved.position.col, canvas_.cols() - 1);
    saved.past_end = false;
  }
}

void ScreenTerminal::on_text(std::string_view run) {
  while (!run.empty()) {
    if (missing_ != 0 || run[0] < 0) {
      on_byte(run[0]);
      run.remove_prefix(1);
      continue;
    }
    const auto end = std::find_if(run.begin(), run.end(), [](char c) { return c < 0; });
    std::string_view ascii = run.substr(0, static_cast<std::size_t>(end - run.begin()));
    run.remove_prefix(ascii.size());
    if (single_shift_ == 0 && charsets_.sets[charsets_.active] == 'B') {
      canvas_.print_ascii(ascii);
    } else {
      for (const char c : ascii) print(static_cast<unsigned char>(c));
    }
  }
}

// UTF-8: first bytes promise what VtParser takes them to promise, so that both agree on at_rest().
void ScreenTerminal::on_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (byte >= 0x80 && byte < 0xc0 && missing_ != 0) {
    partial_ = partial_ << 6 | (byte & 0x3fU);
    ++have_;
    if (--missing_ != 0) return;
    constexpr std::array<char32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
    const bool valid = partial_ >= kLeast[have_] && partial_ <= 0x10ffff &&
                       (partial_ < 0xd800 || partial_ > 0xdfff);
    print(valid ? partial_ : kReplacement);
    return;
  }
  end_character();
  if (byte < 0x80) {
    print(byte);
  } else if (byte >= 0xc2 && byte <= 0xf4) {
    missing_ = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    have_ = 1;
    partial_ = byte & (0x3fU >> missing_);
  } else {
    print(kReplacement);
  }
}

void ScreenTerminal::end_character() {
  if (missing_ == 0) return;
  missing_ = 0;
  print(kReplacement);
}

void ScreenTerminal::print(char32_t c) {
  if (c < 0x80)
    c = translate(c, charsets_.sets[single_shift_ != 0 ? single_shift_ : charsets_.active]);
  single_shift_ = 0;
  canvas_.print(c);
}

void ScreenTerminal::on_control(char c, bool /*inside*/) {
  end_character();
  switch (c) {
    case '\b':
      return canvas_.move_cols(-1);
    case '\t':
      return canvas_.tab(1);
    case '\n':
    case '\v':
    case '\f':
      canvas_.line_feed();
      if (newline_) canvas_.carriage_return();
      return;
    case '\r':
      return canvas_.carriage_return();
    case '\x0e':
    case '\x0f':
      charsets_.active = c == '\x0e' ? 1 : 0;
      return;
    default:
      return;
  }
}

void ScreenTerminal::on_escape(const VtSequence& sequence) {
  end_character();
  if (sequence.intermediates == "#" && sequence.final == '8') return canvas_.align();
  if (sequence.intermediates == "%") return modes_.observe(std::string("\x1b%") + sequence.final);
  if (sequence.intermediates.size() == 1) designate(sequence.intermediates[0], sequence.final);
  if (!sequence.intermediates.empty()) return;
  switch (sequence.final) {
    case '7':
      return save_cursor();
    case '8':
      return restore_cursor();
    case 'c':
      return hard_reset();
    case 'D':
      return canvas_.line_feed();
    case 'E':
      canvas_.line_feed();
      return canvas_.carriage_return();
    case 'H':
      return canvas_.set_tab(true);
    case 'M':
      return canvas_.reverse_line_feed();
    case 'N':
    case 'O':
      single_shift_ = sequence.final == 'N' ? 2 : 3;
      return;
    case 'n':
    case 'o':
      charsets_.active = sequence.final == 'n' ? 2 : 3;
      return;
    case '=':
    case '>':
    case '<':
      return modes_.observe(std::string("\x1b") + sequence.final);
    default:
      return;
  }
}

void ScreenTerminal::designate(char slot, char set) {
  constexpr std::string_view kSlots = "()*+";
  const std::size_t at = kSlots.find(slot);
  if (at == std::string_view::npos) return;
  // National sets are mostly ASCII.
  charsets_.sets[at] = set == '0' || set == 'A' ? set : 'B';
}

}  // namespace asciinemad
