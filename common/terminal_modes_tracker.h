// ModeTracker: the terminal state that TerminalModes keeps, as a value, and what changes it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/terminal_modes_table.h"
#include "common/vt_parser.h"

namespace asciinemad {

// Keyboard flags after the kitty protocol, of one screen.
struct KittyKeyboard {
  static constexpr std::size_t kMaxDepth = 16;  // then the oldest is forgotten, as by terminals

  unsigned base = 0;
  std::vector<unsigned> pushed;

  bool operator==(const KittyKeyboard&) const = default;
};

// What undoing after a crash depends on.
struct CrashState {
  bool any_sequence = false;
  ModeSet ever;
  ModeSet saved;
  ModeSet not_twice;  // of these, what is on
  unsigned alternate = 0;
  std::array<KittyKeyboard, 2> kitty;

  bool operator==(const CrashState&) const = default;
};

class ModeTracker final : private VtParser::Listener {
 public:
  static constexpr std::size_t kMaxOscBytes = 8192;
  static constexpr std::size_t kMaxColors = 1024;

  // What redoing needs to know beyond on and off.
  struct Values {
    unsigned cursor_style = 0;
    std::string scroll_region;            // parameters
    std::string margins;                  // parameters of DECSLRM, or nothing
    std::array<std::string, 4> charsets;  // what follows ESC
    std::string shift;                    // the whole sequence
    std::array<std::string, 8> keys;      // value; empty: disabled
    std::map<std::pair<unsigned, std::string>, std::string> colors;  // OSC number, index: value
    std::string hyperlink;                                           // what follows "8;"
    std::string pointer_shape;
  };

  void observe(std::string_view bytes);
  VtParser::Unfinished unfinished() const { return parser_.unfinished(); }

  bool on(std::size_t mode) const { return on_[mode]; }
  unsigned alternate() const { return alternate_; }  // 47, 1047 or 1049; 0: the primary screen
  const KittyKeyboard& kitty() const { return kitty_[screen()]; }
  const Values& values() const { return values_; }
  CrashState crash_state() const;
  void forget_unfinished() { parser_.reset(); }
  // As if everything were on that ever was, except for what is not to be undone twice.
  void recall_ever_on();

 private:
  struct Cursor {
    ModeSet on;
    std::array<std::string, 4> charsets;
    std::string shift;
  };

  void on_text(std::string_view) override {}
  void on_discarded() override { any_sequence_ = true; }
  void on_control(char c, bool inside) override;
  void on_escape(const VtSequence& sequence) override;
  void on_csi(const VtSequence& sequence) override;
  void on_string_begin(VtString kind, std::string_view introducer) override;
  void on_string_data(std::string_view data) override;
  void on_string_end(std::string_view terminator) override;

  std::size_t screen() const { return alternate_ != 0 ? 1 : 0; }
  void set(std::size_t mode, bool on);
  void set(ModeKind kind, unsigned number, bool on);
  void set_shift(std::string_view sequence);
  void set_charset(const VtSequence& sequence);
  void plain_csi(const VtSequence& sequence);
  void question_csi(const VtSequence& sequence);
  void greater_csi(const VtSequence& sequence);
  void set_dec(unsigned number, bool value);
  void save_dec(const VtSequence& sequence);
  void set_ansi(std::string_view params, bool value);
  void set_rendition(std::string_view params);
  void set_scroll_region(std::string_view params);
  void save_or_set_margins(std::string_view params);
  void set_keys(std::string_view params);
  void kitty_keyboard(const VtSequence& sequence);
  void save_cursor();
  void restore_cursor();
  void reset_soft();
  void reset_hard();
  void set_colors(unsigned number, std::string_view rest);
  void set_color(unsigned number, std::string_view index, std::string_view value);
  void reset_colors(unsigned number, std::string_view rest);

  VtParser parser_;
  bool any_sequence_ = false;
  bool in_osc_ = false;
  std::string osc_;
  ModeSet on_;
  ModeSet ever_;
  ModeSet xtsaved_;
  std::array<Cursor, 2> saved_;  // by screen
  unsigned alternate_ = 0;
  std::array<KittyKeyboard, 2> kitty_;  // by screen
  Values values_;
};

}  // namespace asciinemad
