// ScreenFilter: keeps what a recording shows from doing harm to the terminal that shows it.
//
// A recording is somebody else's program output. A terminal that gets it answers queries (the
// answer is then typed into whatever runs next), writes the clipboard, prints, renames windows.
// Sources: ECMA-48, xterm's ctlseqs, the kitty, iTerm2 and tmux extensions. No I/O.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace asciinemad {

enum class ScreenPolicy {
  trusted,    // everything passes
  local,      // all but queries: what makes the terminal send something by itself
  untrusted,  // and no clipboard, DCS, APC, PM, SOS, window manipulation, printing, keyboard lock;
              // of OSC only titles, colours, hyperlinks and prompt marks
};

class ScreenFilter {
 public:
  explicit ScreenFilter(ScreenPolicy policy);
  ~ScreenFilter();
  ScreenFilter(ScreenFilter&&) noexcept;
  ScreenFilter& operator=(ScreenFilter&&) noexcept;

  // Appends to `out` what may be shown of `bytes`, which come in any portions. An unfinished
  // sequence is kept for the next call, in bounded memory: strings pass on as soon as it is clear
  // that they may, and are dropped when that is not so within 8 KiB. Sequences that are cut short,
  // malformed or longer than VtParser takes are dropped too; terminals ignore them.
  void filter(std::string_view bytes, std::string& out);
  // Forgets an unfinished sequence, as at the end or after a jump.
  void reset();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace asciinemad
