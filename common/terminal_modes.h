// TerminalModes: what the bytes written to a terminal have turned on in it, and how to undo that.
//
// Sources: ECMA-48, xterm's ctlseqs, the kitty keyboard protocol. Bytes in, bytes out; no I/O.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace asciinemad {

class TerminalModes {
 public:
  TerminalModes();
  ~TerminalModes();
  TerminalModes(TerminalModes&&) noexcept;
  TerminalModes& operator=(TerminalModes&&) noexcept;

  // Bytes as they were written to the terminal, in any portions.
  void observe(std::string_view bytes);
  // As a terminal after observing nothing.
  void reset();

  // Sequences that undo what is on now, and nothing else (observed as well, they leave nothing to
  // undo): alternate screen, hidden cursor, cursor
  // shape, mouse, bracketed paste, focus reports, keyboard modes and stacks (kitty,
  // modifyOtherKeys, application cursor keys and keypad), autowrap off, origin and insert mode,
  // scroll region and margins, reverse screen, synchronised output, charsets, colours and
  // attributes, changed palette... and an unfinished sequence (CAN). Empty: nothing to do.
  std::string undo() const;

  // For somebody who knows not when exactly the writer died: as undo(), but also for everything
  // that was on at any time before and can be undone harmlessly twice; not for the alternate screen
  // and keyboard stacks, which are undone as they are now.
  std::string undo_after_crash() const;
  // Changes whenever undo_after_crash() may have changed.
  std::uint64_t crash_revision() const;

  // Sequences that turn on again what undo() turns off, except for the alternate screen, tab stops
  // and what a screen's redrawing sets itself (cursor position, attributes). Keyboard stacks are
  // those of the current screen. A scroll region moves the cursor and a character set changes what
  // text means, so this goes between the text of a redrawing and its cursor position.
  std::string redo() const;

  bool alternate_screen() const;
  bool cursor_hidden() const;
  // Whether no sequence or character is unfinished.
  bool at_rest() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace asciinemad
