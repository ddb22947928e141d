#include "common/terminal_answers.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "common/vt_parser.h"

namespace asciinemad {
namespace {

// Answers are typed into the PTY, whose input buffer is as small; what asks for more than this at a
// time does not want to know.
constexpr std::size_t kMaxAnswerBytes = 4096;
// A string with more than this is no query.
constexpr std::size_t kMaxStringBytes = 1024;
constexpr std::string_view kSt = "\x1b\\";

constexpr int form(char prefix, char intermediate, char final) {
  return prefix << 16 | intermediate << 8 | final;
}

// "rgb:RRRR/GGGG/BBBB" from 0xRRGGBB.
std::string color_text(std::uint32_t rgb) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text = "rgb:";
  for (const unsigned shift : {16U, 8U, 0U}) {
    const std::string byte{kHex[rgb >> (shift + 4) & 0xf], kHex[rgb >> shift & 0xf]};
    (text += byte) += byte;
    if (shift != 0) text += '/';
  }
  return text;
}

// xterm's default palette.
std::uint32_t palette_color(std::uint32_t index) {
  constexpr std::array<std::uint32_t, 16> kNamed = {
      0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5,
      0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff};
  if (index < kNamed.size()) return kNamed[index];
  constexpr std::uint32_t kGreys = 232;
  if (index >= kGreys) return (8 + (index - kGreys) * 10) * 0x010101;
  constexpr std::array<std::uint32_t, 6> kSteps = {0x00, 0x5f, 0x87, 0xaf, 0xd7, 0xff};
  const std::uint32_t cube = index - 16;
  return kSteps[cube / 36] << 16 | kSteps[cube / 6 % 6] << 8 | kSteps[cube % 6];
}

// Of text foreground and background, and of the cursor: OSC 10 to 12.
std::optional<std::uint32_t> default_color(std::uint32_t number) {
  if (number == 10 || number == 12) return 0xffffff;
  if (number == 11) return 0x000000;
  return std::nullopt;
}

// Splits off what comes before the next ';'.
std::string_view take_field(std::string_view& rest) {
  const std::size_t end = std::min(rest.find(';'), rest.size());
  const std::string_view field = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return field;
}

std::optional<std::uint32_t> parse_number(std::string_view digits) {
  const bool numeric =
      std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (digits.empty() || !numeric) return std::nullopt;
  return VtParams(digits).next()->value;
}

}  // namespace

class TerminalAnswers::Impl final : public VtParser::Listener {
 public:
  // For one feed().
  struct Call {
    int cols = 0;
    int rows = 0;
    TerminalAnswers::Listener& listener;
    std::size_t room = kMaxAnswerBytes;
  };

  void feed(std::string_view output, Call& call) {
    call_ = &call;
    parser_.feed(output, *this);
    call_ = nullptr;
  }

 private:
  void on_text(std::string_view /*run*/) override {}
  void on_control(char /*c*/, bool /*inside*/) override {}
  void on_escape(const VtSequence& sequence) override;
  void on_csi(const VtSequence& sequence) override;
  void on_string_begin(VtString kind, std::string_view introducer) override;
  void on_string_data(std::string_view data) override;
  void on_string_end(std::string_view terminator) override;

  void answer(std::string_view bytes);
  void answer_cursor(bool dec);
  void answer_identity(const VtSequence& sequence);
  void answer_status(const VtSequence& sequence);
  void answer_mode(const VtSequence& sequence);
  void answer_window(const VtSequence& sequence);
  void answer_color(std::string_view introducer, std::uint32_t rgb, std::string_view terminator);
  void answer_palette(std::string_view rest, std::string_view terminator);
  void answer_defaults(std::uint32_t number, std::string_view rest, std::string_view terminator);
  void answer_osc(std::string_view terminator);
  void answer_dcs();

  VtParser parser_;
  Call* call_ = nullptr;
  VtString kind_ = VtString::osc;
  bool wanted_ = false;  // the string may be a query
  std::string string_;
};

void TerminalAnswers::Impl::answer(std::string_view bytes) {
  if (bytes.size() > call_->room) return;
  call_->room -= bytes.size();
  call_->listener.on_answer(bytes);
}

void TerminalAnswers::Impl::answer_cursor(bool dec) {
  constexpr std::size_t kLongestReport = 24;
  if (call_->room < kLongestReport) return;
  call_->room -= kLongestReport;
  call_->listener.on_cursor_query(dec);
}

void TerminalAnswers::Impl::on_escape(const VtSequence& sequence) {
  if (sequence.intermediates.empty() && sequence.final == 'Z') answer("\x1b[?62;22c");  // DECID
}

// No form of an answer is that of a query: a PTY may echo what is typed.
void TerminalAnswers::Impl::on_csi(const VtSequence& sequence) {
  if (sequence.intermediates.size() > 1) return;
  const char intermediate = sequence.intermediates.empty() ? '\0' : sequence.intermediates[0];
  switch (form(sequence.prefix, intermediate, sequence.final)) {
    case form(0, 0, 'c'):    // DA1
    case form('>', 0, 'c'):  // DA2
    case form('=', 0, 'c'):  // DA3
    case form('>', 0, 'q'):  // XTVERSION
      return answer_identity(sequence);
    case form(0, 0, 'n'):    // DSR
    case form('?', 0, 'n'):  // DSR of DEC
      return answer_status(sequence);
    case form(0, '$', 'p'):    // DECRQM
    case form('?', '$', 'p'):  // DECRQM of DEC
      return answer_mode(sequence);
    case form('?', 0, 'u'):  // kitty keyboard
      if (sequence.params.empty()) answer("\x1b[?0u");
      return;
    case form(0, 0, 't'):
      return answer_window(sequence);
    default:
      return;
  }
}

void TerminalAnswers::Impl::answer_identity(const VtSequence& sequence) {
  if (!sequence.params.empty() && parse_number(sequence.params) != 0U) return;
  if (sequence.final == 'q') {
    answer("\x1bP>|asciinema\x1b\\");
  } else if (sequence.prefix == '>') {
    answer("\x1b[>41;354;0c");  // xterm, patch 354
  } else if (sequence.prefix == '=') {
    answer("\x1bP!|00000000\x1b\\");
  } else {
    answer("\x1b[?62;22c");  // VT220 with colours
  }
}

void TerminalAnswers::Impl::answer_status(const VtSequence& sequence) {
  const bool dec = sequence.prefix == '?';
  const auto number = parse_number(sequence.params);
  if (number == 6U) return answer_cursor(dec);
  if (number == 5U && !dec) answer("\x1b[0n");
  if (number == 996U && dec) answer("\x1b[?997;1n");  // dark, as the default colours
}

void TerminalAnswers::Impl::answer_mode(const VtSequence& sequence) {
  const auto mode = parse_number(sequence.params);
  if (!mode.has_value()) return;
  const std::string prefix = sequence.prefix == '?' ? "\x1b[?" : "\x1b[";
  answer(prefix + std::to_string(*mode) + ";0$y");  // not recognised
}

void TerminalAnswers::Impl::answer_window(const VtSequence& sequence) {
  const auto number = parse_number(sequence.params);
  const std::string size = std::to_string(call_->rows) + ";" + std::to_string(call_->cols) + "t";
  if (number == 18U) answer("\x1b[8;" + size);
  if (number == 19U) answer("\x1b[9;" + size);
}

void TerminalAnswers::Impl::on_string_begin(VtString kind, std::string_view /*introducer*/) {
  kind_ = kind;
  wanted_ = kind == VtString::osc || kind == VtString::dcs;
  string_.clear();
}

void TerminalAnswers::Impl::on_string_data(std::string_view data) {
  wanted_ = wanted_ && data.size() <= kMaxStringBytes - string_.size();
  if (wanted_) string_ += data;
}

void TerminalAnswers::Impl::on_string_end(std::string_view terminator) {
  if (!wanted_ || terminator.empty()) return;
  if (kind_ == VtString::dcs) return answer_dcs();
  answer_osc(terminator == "\a" ? terminator : kSt);
}

void TerminalAnswers::Impl::answer_color(std::string_view introducer, std::uint32_t rgb,
                                         std::string_view terminator) {
  answer((std::string("\x1b]").append(introducer) + ";" + color_text(rgb)).append(terminator));
}

// "INDEX;?", several times, between colours to set.
void TerminalAnswers::Impl::answer_palette(std::string_view rest, std::string_view terminator) {
  while (!rest.empty()) {
    const auto index = parse_number(take_field(rest));
    const bool asks = take_field(rest) == "?";
    if (asks && index.has_value() && *index < 256) {
      answer_color("4;" + std::to_string(*index), palette_color(*index), terminator);
    }
  }
}

// Each further field is for the next number.
void TerminalAnswers::Impl::answer_defaults(std::uint32_t number, std::string_view rest,
                                            std::string_view terminator) {
  for (; !rest.empty(); ++number) {
    const auto color = default_color(number);
    if (!color.has_value()) return;
    if (take_field(rest) == "?") answer_color(std::to_string(number), *color, terminator);
  }
}

void TerminalAnswers::Impl::answer_osc(std::string_view terminator) {
  std::string_view rest = string_;
  const auto number = parse_number(take_field(rest));
  if (!number.has_value()) return;
  if (*number == 4) return answer_palette(rest, terminator);
  answer_defaults(*number, rest, terminator);
}

void TerminalAnswers::Impl::answer_dcs() {
  if (string_ == "$q q") {
    // Vim takes "not valid" for keys, and would paste.
    answer("\x1bP1$r2 q\x1b\\");
  } else if (string_.starts_with("$q")) {
    answer("\x1bP0$r\x1b\\");
  } else if (string_.starts_with("+q")) {
    answer("\x1bP0+r\x1b\\");
  }
}

TerminalAnswers::TerminalAnswers() : impl_(std::make_unique<Impl>()) {}
TerminalAnswers::~TerminalAnswers() = default;
TerminalAnswers::TerminalAnswers(TerminalAnswers&&) noexcept = default;
TerminalAnswers& TerminalAnswers::operator=(TerminalAnswers&&) noexcept = default;

void TerminalAnswers::feed(std::string_view output, int cols, int rows, Listener& listener) {
  Impl::Call call{cols, rows, listener};
  impl_->feed(output, call);
}

void TerminalAnswers::reset() { *impl_ = Impl(); }

std::string cursor_report(int row, int col, bool dec) {
  return (dec ? "\x1b[?" : "\x1b[") + std::to_string(row) + ";" + std::to_string(col) + "R";
}

}  // namespace asciinemad
