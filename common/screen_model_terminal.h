// ScreenTerminal: what programs write to a terminal, obeyed on a ScreenCanvas.
//
// Of the modes it keeps those that decide where text goes and what it looks like; the others are
// left to TerminalModes. Strings and queries do nothing. No I/O.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/screen_model_canvas.h"
#include "common/terminal_modes.h"
#include "common/vt_parser.h"

namespace asciinemad {

// Designated sets by their final byte: B (ASCII), 0 (line drawing), A (British).
struct Charsets {
  std::array<char, 4> sets{'B', 'B', 'B', 'B'};
  std::uint8_t active = 0;

  bool operator==(const Charsets&) const = default;
};

struct SavedCursor {
  ScreenPosition position;
  bool past_end = false;
  bool origin = false;
  Pen pen;
  Charsets charsets;
};

class ScreenTerminal final : private VtParser::Listener {
 public:
  // Larger ones are taken for this large: memory stays bounded, whatever a recording says.
  static constexpr int kMaxSide = 1000;

  ScreenTerminal(int cols, int rows, ScreenModel::LineListener* lines);

  void write(std::string_view bytes) { parser_.feed(bytes, *this); }
  void resize(int cols, int rows);

  bool at_rest() const { return parser_.at_rest() && missing_ == 0; }
  const ScreenCanvas& canvas() const { return canvas_; }
  const SavedCursor& saved() const { return saved_[canvas_.on_alternate() ? 1 : 0]; }
  const SavedCursor& primary_saved() const { return saved_[0]; }
  const Charsets& charsets() const { return charsets_; }
  // The set that the next character, and no other, comes from; 0: none.
  std::uint8_t single_shift() const { return single_shift_; }
  bool newline() const { return newline_; }
  const TerminalModes& modes() const { return modes_; }
  const TerminalModes& keyboard() const { return keyboards_[canvas_.on_alternate() ? 1 : 0]; }
  const TerminalModes& primary_keyboard() const { return keyboards_[0]; }

 private:
  void on_text(std::string_view run) override;
  void on_control(char c, bool inside) override;
  void on_escape(const VtSequence& sequence) override;
  void on_csi(const VtSequence& sequence) override;
  void on_discarded() override { end_character(); }
  void on_string_begin(VtString kind, std::string_view introducer) override;
  void on_string_data(std::string_view data) override;
  void on_string_end(std::string_view terminator) override;

  void on_byte(char c);
  void end_character();
  void print(char32_t c);
  void designate(char slot, char set);
  bool plain_csi(char final, std::string_view params);
  bool moving_csi(char final, std::string_view params);
  bool addressing_csi(char final, std::string_view params);
  bool editing_csi(char final, std::string_view params);
  bool setting_csi(char final, std::string_view params);
  bool erasing_csi(char final, std::string_view params, bool selective);
  void set_region_rows(std::string_view params);
  void set_region_cols(std::string_view params);
  void clear_tabs(std::string_view params);
  void set_modes(const VtSequence& sequence);
  bool set_ansi_mode(std::uint32_t mode, bool on);
  bool set_private_mode(std::uint32_t mode, bool on);
  void save_cursor();
  void restore_cursor();
  void switch_screen(bool alternate);
  void soft_reset();
  void hard_reset();

  VtParser parser_;
  ScreenCanvas canvas_;
  std::array<SavedCursor, 2> saved_;  // by screen
  Charsets charsets_;
  std::uint8_t single_shift_ = 0;
  bool newline_ = false;  // LNM
  TerminalModes modes_;
  std::array<TerminalModes, 2> keyboards_;  // kitty's stacks, by screen
  bool in_osc_ = false;

  // Of a character that is not complete: how many bytes it lacks, has, and what they say.
  unsigned missing_ = 0;
  unsigned have_ = 0;
  char32_t partial_ = 0;
};

}  // namespace asciinemad
