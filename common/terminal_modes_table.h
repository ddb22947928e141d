// What TerminalModes can tell to be on or off: one row each, in the order of undoing.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

namespace asciinemad {

enum class ModeKind : std::uint8_t {
  dec,      // DECSET and DECRST, by number
  ansi,     // SM and RM, by number
  keys,     // XTMODKEYS, by resource
  charset,  // G0 to G3
  color,    // changed by OSC of this number
  other,    // by OtherMode
};

enum OtherMode : std::uint16_t {
  keypad,
  scroll_region,
  coding_system,  // ESC % with something other than G: no more UTF-8
  shift,          // another set than G0 is in use
  rendition,
  protection,
  hyperlink,
  pointer_shape,
  tab_stops,
  cursor_style,
};

struct ModeRow {
  ModeKind kind;
  std::uint16_t number;
  unsigned flags = 0;
  std::string_view undo = {};  // where kind and number do not say it
};

// Flags. "On" is always what differs from a terminal just started.
inline constexpr unsigned kDefaultSet = 1;  // "on" means reset
inline constexpr unsigned kWithCursor = 2;  // saved and restored by DECSC and DECRC
inline constexpr unsigned kSoftReset = 4;   // DECSTR turns it off
inline constexpr unsigned kNotTwice = 8;    // to undo what is off would do harm

// Modes that are absent: 3 (undoing it clears the screen), 1034 and its like (their defaults are
// the user's, and readline sets them with every prompt), 2027 (the default differs).
inline constexpr ModeRow kModeRows[] = {
    {ModeKind::dec, 2, kDefaultSet | kNotTwice, "\x1b<"},  // VT52: knows no other sequence
    {ModeKind::dec, 2026},
    {ModeKind::keys, 0},
    {ModeKind::keys, 1},
    {ModeKind::keys, 2},
    {ModeKind::keys, 3},
    {ModeKind::keys, 4},
    {ModeKind::keys, 6},
    {ModeKind::keys, 7},
    {ModeKind::other, keypad, kSoftReset, "\x1b>"},
    {ModeKind::dec, 1, kSoftReset},
    {ModeKind::dec, 4},
    {ModeKind::dec, 5},
    {ModeKind::dec, 6, kWithCursor | kSoftReset | kNotTwice},  // undoing it moves the cursor
    {ModeKind::dec, 7, kDefaultSet},
    {ModeKind::dec, 8, kDefaultSet},
    {ModeKind::dec, 9},
    {ModeKind::dec, 12},
    {ModeKind::dec, 45},
    {ModeKind::dec, 67},
    {ModeKind::dec, 69},
    {ModeKind::dec, 80},
    {ModeKind::dec, 1000},
    {ModeKind::dec, 1001},
    {ModeKind::dec, 1002},
    {ModeKind::dec, 1003},
    {ModeKind::dec, 1004},
    {ModeKind::dec, 1005},
    {ModeKind::dec, 1006},
    {ModeKind::dec, 1007, kDefaultSet},  // xterm alone has it reset
    {ModeKind::dec, 1015},
    {ModeKind::dec, 1016},
    {ModeKind::dec, 2004},
    {ModeKind::dec, 2031},
    {ModeKind::dec, 2048},
    {ModeKind::dec, 5522},
    {ModeKind::dec, 7727},
    {ModeKind::dec, 9001},
    {ModeKind::ansi, 2, kSoftReset},
    {ModeKind::ansi, 4, kSoftReset},
    {ModeKind::ansi, 12, kDefaultSet},
    {ModeKind::ansi, 20},
    {ModeKind::other, coding_system, 0, "\x1b%G"},
    {ModeKind::charset, 0, kWithCursor | kSoftReset, "\x1b(B"},
    {ModeKind::charset, 1, kWithCursor | kSoftReset, "\x1b)B"},
    {ModeKind::charset, 2, kWithCursor | kSoftReset, "\x1b*B"},
    {ModeKind::charset, 3, kWithCursor | kSoftReset, "\x1b+B"},
    {ModeKind::other, shift, kWithCursor | kSoftReset, "\x0f"},
    {ModeKind::other, rendition, kWithCursor | kSoftReset, "\x1b[0m"},
    {ModeKind::other, protection, kWithCursor | kSoftReset, "\x1b[0\"q"},
    // Setting the region moves the cursor.
    {ModeKind::other, scroll_region, kSoftReset, "\x1b\x37\x1b[r\x1b\x38"},
    {ModeKind::other, hyperlink, 0, "\x1b]8;;\x1b\\"},
    {ModeKind::color, 4, 0, "\x1b]104\x1b\\"},
    {ModeKind::color, 5, 0, "\x1b]105\x1b\\"},
    {ModeKind::color, 10, 0, "\x1b]110\x1b\\"},
    {ModeKind::color, 11, 0, "\x1b]111\x1b\\"},
    {ModeKind::color, 12, 0, "\x1b]112\x1b\\"},
    {ModeKind::color, 13, 0, "\x1b]113\x1b\\"},
    {ModeKind::color, 14, 0, "\x1b]114\x1b\\"},
    {ModeKind::color, 15, 0, "\x1b]115\x1b\\"},
    {ModeKind::color, 16, 0, "\x1b]116\x1b\\"},
    {ModeKind::color, 17, 0, "\x1b]117\x1b\\"},
    {ModeKind::color, 18, 0, "\x1b]118\x1b\\"},
    {ModeKind::color, 19, 0, "\x1b]119\x1b\\"},
    {ModeKind::other, pointer_shape, 0, "\x1b]22;\x1b\\"},
    {ModeKind::other, tab_stops, 0, "\x1b[?5W"},
    {ModeKind::other, cursor_style, 0, "\x1b[0 q"},
    {ModeKind::dec, 25, kDefaultSet | kSoftReset},
};

inline constexpr std::size_t kModeCount = std::size(kModeRows);
using ModeSet = std::bitset<kModeCount>;

// kModeCount when there is no such row.
constexpr std::size_t find_mode(ModeKind kind, unsigned number) {
  std::size_t at = 0;
  while (at != kModeCount && (kModeRows[at].kind != kind || kModeRows[at].number != number)) ++at;
  return at;
}

inline ModeSet modes_with(unsigned flag) {
  ModeSet found;
  for (std::size_t i = 0; i < kModeCount; ++i) found[i] = (kModeRows[i].flags & flag) != 0;
  return found;
}

}  // namespace asciinemad
