// Grid: the cells of one screen, and the few ways in which terminals move and erase them.
//
// A wide character takes two cells, always both: whatever cuts one in half blanks the other half.
// A printed space and an erased cell with the same pen are the same, as they are to the eye.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace asciinemad {

struct Color {
  enum class Kind : std::uint8_t { normal, indexed, rgb };
  Kind kind = Kind::normal;
  std::uint8_t red = 0;  // or the index
  std::uint8_t green = 0;
  std::uint8_t blue = 0;

  bool operator==(const Color&) const = default;
};

struct Pen {
  enum Attribute : std::uint16_t {
    bold = 1 << 0,
    faint = 1 << 1,
    italic = 1 << 2,
    blink = 1 << 3,
    reverse = 1 << 4,
    conceal = 1 << 5,
    strike = 1 << 6,
    overline = 1 << 7,
    protected_cell = 1 << 8,    // DECSCA
    underline_mask = 7U << 12,  // as in SGR 4:N
  };
  static constexpr unsigned kUnderlineShift = 12;

  Color foreground;
  Color background;
  Color underline_color;
  std::uint16_t attributes = 0;

  bool has(Attribute attribute) const { return (attributes & attribute) != 0; }
  void set(Attribute attribute, bool on) {
    attributes = static_cast<std::uint16_t>(on ? attributes | attribute : attributes & ~attribute);
  }
  unsigned underline() const { return (attributes & underline_mask) >> kUnderlineShift; }
  void set_underline(unsigned style) {
    attributes = static_cast<std::uint16_t>((attributes & ~underline_mask) |
                                            ((style << kUnderlineShift) & underline_mask));
  }
  bool operator==(const Pen&) const = default;
};

struct Cell {
  static constexpr std::size_t kMaxChars = 6;
  enum class Kind : std::uint8_t { narrow, wide, right_half };

  std::array<char32_t, kMaxChars> chars{};  // the base first; zeros behind; all zero: blank
  Pen pen;
  Kind kind = Kind::narrow;

  bool blank() const { return chars[0] == 0 && kind == Kind::narrow; }
  int width() const { return kind == Kind::wide ? 2 : 1; }
  bool operator==(const Cell&) const = default;
};

// Half-open.
struct CellRect {
  int top = 0;
  int bottom = 0;
  int left = 0;
  int right = 0;
};

class Grid {
 public:
  Grid(int cols, int rows);

  int cols() const { return cols_; }
  int rows() const { return static_cast<int>(order_.size()); }

  // Coordinates must be inside the grid, here and below; rectangles are cut to it.
  const Cell& cell(int row, int col) const { return row_at(row).at(col); }
  // Whether printing went on from the end of this row to the next one.
  bool wrapped(int row) const { return row_at(row).wrapped; }
  void set_wrapped(int row, bool wrapped) { row_at(row).wrapped = wrapped; }
  // UTF-8 without trailing blanks, unless the line goes on in the next row.
  std::string text(int row) const;

  // There must be as many columns as it takes.
  void put(int row, int col, char32_t c, int width, const Pen& pen);
  void put_ascii(int row, int col, std::string_view text, const Pen& pen);
  // Adds a combining character, as long as there is room.
  void combine(int row, int col, char32_t c);
  // `selective`: leaves protected cells alone.
  void erase(CellRect area, const Pen& pen, bool selective);
  // Moves the contents of `area` up by `up` rows and left by `left` columns, of which one is 0 and
  // either may be negative. What becomes free is erased.
  void scroll(CellRect area, int up, int left, const Pen& pen);
  void fill(char32_t c);
  // Takes `rows_gone` rows away at the top first. New cells are blank.
  void resize(int cols, int rows, int rows_gone);

 private:
  // Cells from `used` on are all alike, so that erasing and scrolling whole rows costs nothing
  // much, and rows that were never used take no memory.
  struct Row {
    std::vector<Cell> cells;  // none, or all of the row
    std::size_t used = 0;
    Cell rest;
    bool wrapped = false;

    const Cell& at(int col) const {
      const auto index = static_cast<std::size_t>(col);
      return index < used ? cells[index] : rest;
    }
    void clear(const Cell& blank);
  };

  Row& row_at(int row) { return rows_[order_[static_cast<std::size_t>(row)]]; }
  const Row& row_at(int row) const { return rows_[order_[static_cast<std::size_t>(row)]]; }
  // The cells of which those before `end` are in use.
  Cell* store(Row& row, int end) const;
  void separate(Row& row, int col) const;
  void erase_row(Row& row, int left, int right, const Cell& blank, bool selective) const;
  void scroll_rows(int top, int bottom, int up, const Cell& blank);
  void scroll_part(const CellRect& area, int up, const Cell& blank);
  void shift_row(Row& row, int left, int right, int by, const Cell& blank) const;
  CellRect cut(CellRect area) const;

  int cols_;
  std::vector<Row> rows_;
  std::vector<std::uint32_t> order_;  // from the top: indices into rows_
};

void append_utf8(std::string& out, char32_t c);

}  // namespace asciinemad
