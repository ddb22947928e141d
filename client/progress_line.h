// ProgressLine: a line on the user's terminal that is drawn again and again, and gone at the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace asciinemad {

// On standard error. Draws nothing where that is no terminal, or another job has it; neither in the
// first half second, nor more than five times a second.
class ProgressLine {
 public:
  explicit ProgressLine(bool wanted);
  ~ProgressLine() { erase(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  bool enabled() const { return enabled_; }
  // How long a text may be, in characters.
  static std::size_t columns();
  // `text` is printable. A line that is too long is cut.
  void show(std::string text);
  // To be called before anything else is printed.
  void erase();

 private:
  bool enabled_;
  std::uint64_t next_draw_us_;
  std::string shown_;
};

}  // namespace asciinemad
