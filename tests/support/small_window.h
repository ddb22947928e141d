// Windows in which something is played, and what they are to show when they are smaller than that.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "common/screen_model.h"
#include "tests/support/player.h"
#include "tests/support/pty_driver.h"
#include "tests/support/sandbox.h"
#include "tests/support/tmux.h"

namespace asciinemad::test {

inline void strip(std::string& line) { line.erase(line.find_last_not_of(' ') + 1); }

// What a terminal of that size is to show of an ASCII screen; a status line takes a row.
inline std::string part_of(const ScreenModel& screen, TerminalSize size, bool status = false) {
  const int rows = size.rows - (status ? 1 : 0);
  const int shown = std::min(rows, screen.rows());
  const ScreenModel::CursorPosition at = screen.cursor_position();
  const int first = std::max(at.row - shown, 0);
  std::string text;
  for (int row = 0; row < rows; ++row) {
    std::string line = row < shown ? screen.row_text(first + row) : "";
    line.resize(std::min<std::size_t>(line.size(), size.cols));
    strip(line);
    text += line + "\n";
  }
  const int col = std::min<int>(at.col, size.cols);
  return text + "cursor " + std::to_string(col - 1) + "," + std::to_string(at.row - first - 1) +
         (screen.alternate_screen() ? " alternate 1" : " alternate 0");
}

inline void apply(ScreenModel& screen, const std::string& code, const std::string& data) {
  if (code == "o") screen.write(data);
  if (code != "r") return;
  const std::size_t x = data.find('x');
  screen.resize(std::stoi(data.substr(0, x)), std::stoi(data.substr(x + 1)));
}

// A window in which something is played.
class Window {
 public:
  Window(const Sandbox& sandbox, const std::string& command, TerminalSize size)
      : tmux_(sandbox), size_(size) {
    tmux_.open("w", ".", "clear; " + command + "; echo ended; exec cat", size);
  }

  void type(const std::string& key) const { tmux_.type("w", {key}); }
  void resize(TerminalSize size) {
    tmux_.resize("w", size);
    size_ = size;
  }
  void shows(const std::string& text) const {
    REQUIRE_MESSAGE(eventually([&] { return contains(tmux_.text("w"), text); }), text);
  }
  // The status line says that.
  void shows(const ScreenModel& screen, const std::string& status = "") const {
    std::string expected;
    std::string found;
    const bool same = eventually(
        [&] {
          expected = part_of(screen, size_, !status.empty());
          found = part(!status.empty());
          return found == expected && contains(last_row(), status);
        },
        5000);
    INFO("expected:\n", expected, "\nfound:\n", found, "\nlast row: ", last_row());
    REQUIRE(same);
  }
  bool is(const ScreenModel& screen) const { return part(false) == part_of(screen, size_); }
  std::string text() const { return tmux_.text("w"); }
  std::string state() const { return state_of(tmux_.screen("w")); }

 private:
  static std::string state_of(const std::string& screen) {
    return screen.substr(screen.rfind("cursor "));
  }
  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    const std::string all = text();
    for (std::size_t begin = 0; begin < all.size();) {
      const std::size_t end = std::min(all.find('\n', begin), all.size());
      lines.push_back(all.substr(begin, end - begin));
      strip(lines.back());
      begin = end + 1;
    }
    lines.resize(size_.rows);
    return lines;
  }
  std::string last_row() const { return lines().back(); }
  std::string part(bool status) const {
    std::string all;
    std::vector<std::string> rows = lines();
    if (status) rows.pop_back();
    for (const std::string& row : rows) all += row + "\n";
    const std::string now = state();
    return all + now.substr(0, now.find(" visible")) +
           now.substr(now.find(" alternate"), std::string(" alternate 0").size());
  }

  Tmux tmux_;
  TerminalSize size_;
};

}  // namespace asciinemad::test
