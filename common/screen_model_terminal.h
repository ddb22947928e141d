// ScreenTerminal: libvterm's idea of where everything goes, on grids of our own.
//
// libvterm gets text, movements, erasing and scrolling, and nothing else: strings it would copy to
// its stack whatever their size, queries it would answer, and parameters without bounds never reach
// it. Attributes, both screens, saved cursors and margins are kept here, since libvterm cannot tell
// what they are. No I/O.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/screen_model.h"
#include "common/screen_model_cells.h"
#include "common/terminal_modes.h"
#include "common/vt_parser.h"

struct VTerm;
struct VTermState;

namespace asciinemad {

struct ScreenPosition {
  int row = 0;
  int col = 0;
  bool operator==(const ScreenPosition&) const = default;
};

struct SavedCursor {
  ScreenPosition position;
  Pen pen;
};

class ScreenTerminal final : private VtParser::Listener {
 public:
  // Larger ones are taken for this large: memory stays bounded, whatever a recording says.
  static constexpr int kMaxSide = 1000;

  ScreenTerminal(int cols, int rows, ScreenModel::LineListener* lines);
  ~ScreenTerminal();
  ScreenTerminal(const ScreenTerminal&) = delete;
  ScreenTerminal& operator=(const ScreenTerminal&) = delete;

  void write(std::string_view bytes);
  void resize(int cols, int rows);

  int cols() const { return grid().cols(); }
  int rows() const { return grid().rows(); }
  bool at_rest() const { return parser_.at_rest(); }
  bool on_alternate() const { return alternate_; }
  const Grid& grid() const { return grids_[alternate_ ? 1 : 0]; }
  const Grid& primary() const { return grids_[0]; }
  const std::optional<SavedCursor>& saved() const { return saved_[alternate_ ? 1 : 0]; }
  const std::optional<SavedCursor>& primary_saved() const { return saved_[0]; }
  ScreenPosition cursor() const;
  // The next character goes to the next row.
  bool wrap_pending() const { return wrap_pending_; }
  const Pen& pen() const { return pen_; }
  const TerminalModes& modes() const { return modes_; }
  // Where row 0 of cursor addressing is: the scroll region's top in origin mode.
  int origin_row() const { return origin_ ? region_top_ : 0; }
  bool has_margins() const { return margins_; }
  bool inserts() const { return insert_; }

  // For libvterm's callbacks.
  void on_glyph(const std::uint32_t* chars, int width, bool is_protected, ScreenPosition at);
  void on_cursor_moved();
  void on_scroll(const CellRect& area, int up, int left);
  void on_erase(const CellRect& area, bool selective);
  int on_resized(int cols, int rows);

 private:
  void on_text(std::string_view run) override;
  void on_control(char c, bool inside) override;
  void on_escape(const VtSequence& sequence) override;
  void on_csi(const VtSequence& sequence) override;
  void on_string_begin(VtString, std::string_view) override {}
  void on_string_data(std::string_view) override {}
  void on_string_end(std::string_view) override {}

  Grid& cells() { return grids_[alternate_ ? 1 : 0]; }
  void pass(std::string_view bytes);
  void pass_text(std::string_view text);
  void pass_csi(const VtSequence& sequence);
  void set_modes(const VtSequence& sequence);
  void set_private_mode(std::uint32_t mode, bool on);
  void set_region(std::string_view params);
  void repeat_last(std::string_view params);
  void save_cursor();
  void restore_cursor();
  void move_to(ScreenPosition position);
  void switch_screen(bool alternate);
  void soft_reset();
  void hard_reset();
  void lines_gone(int count);

  ScreenModel::LineListener* const lines_;
  VTerm* vterm_ = nullptr;
  VTermState* state_ = nullptr;
  VtParser parser_;
  TerminalModes modes_;

  std::array<Grid, 2> grids_;  // primary, alternate
  std::array<std::optional<SavedCursor>, 2> saved_;
  bool alternate_ = false;
  Pen pen_;
  bool wrap_pending_ = false;
  bool printing_ = false;  // text is being passed
  bool autowrap_ = true;
  bool origin_ = false;
  bool insert_ = false;
  bool margins_ = false;  // left and right
  int region_top_ = 0;
  int region_bottom_ = -1;  // -1: the last row
  std::string partial_;     // of a character
  std::string last_glyph_;
  bool combining_flood_ = false;  // what combines is left out up to the next ASCII character
};

}  // namespace asciinemad
