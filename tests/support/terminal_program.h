// TerminalProgram: what programs write to terminals, at random.
#pragma once

#include <initializer_list>
#include <random>
#include <string>

#include "tests/support/seed.h"

namespace asciinemad::test {

// Bytes, or a resize when there are none.
struct Step {
  std::string bytes;
  int cols = 0;
  int rows = 0;
};

class TerminalProgram {
 public:
  TerminalProgram(std::mt19937& random, int cols, int rows)
      : random_(random), cols_(cols), rows_(rows) {}

  Step step() {
    if (below(150) == 0) {
      cols_ = 1 + below(40);
      rows_ = 1 + below(12);
      return {{}, cols_, rows_};
    }
    Step step;
    // Text has the weight that it has in programs, so that screens fill up.
    switch (below(8)) {
      case 0:
      case 1:
        step.bytes = text();
        break;
      case 2:
        step.bytes = line_end();
        break;
      case 3:
        step.bytes = movement();
        break;
      case 4:
        step.bytes = rendition();
        break;
      case 5:
        step.bytes = editing();
        break;
      case 6:
        step.bytes = cursor_and_screen();
        break;
      default:
        step.bytes = mode();
    }
    return step;
  }

 private:
  int below(int limit) {
    return static_cast<int>(random_number(random_, 0, static_cast<std::size_t>(limit - 1)));
  }
  std::string pick(std::initializer_list<const char*> choices) {
    return *(choices.begin() + below(static_cast<int>(choices.size())));
  }
  std::string n(int most) { return below(4) == 0 ? "" : std::to_string(below(most + 2)); }
  std::string csi(const std::string& params, const std::string& final) {
    return "\x1b[" + params + final;
  }

  std::string text() {
    std::string text;
    for (int i = below(4) == 0 ? below(3 * cols_ + 2) : below(8); i >= 0; --i) {
      if (below(8) != 0) {
        text += static_cast<char>('a' + below(26));
      } else {
        text += pick({" ", "  ", "\u4f60", "\u597d", "\U0001f680", "\u00e9", "e\u0301", "\u0301",
                      "\u2500", "\u200d", "\xff", "\xe4\xbd", "#", "~", "`q", "\uac00"});
      }
    }
    return text;
  }
  std::string line_end() {
    return pick({"\r\n", "\r\n", "\r\n", "\n", "\r", "\v", "\f", "\x1b\x44", "\x1b\x45", "\x1bM",
                 "\b", "\t", "\a"});
  }
  std::string movement() {
    if (below(3) == 0) return csi(n(rows_) + ";" + n(cols_), pick({"H", "f"}));
    return csi(n(below(2) == 0 ? 3 : cols_),
               pick({"A", "B", "C", "D", "E", "F", "G", "I", "Z", "`", "a", "d", "e", "j", "k"}));
  }
  std::string rendition() {
    if (below(12) == 0) return csi(std::to_string(below(3)), "\"q");
    if (below(4) == 0) return csi(pick({"", "0"}), "m");
    std::string params = std::to_string(below(110));
    switch (below(6)) {
      case 0:
        params = pick({"38", "48", "58"}) + ";5;" + std::to_string(below(256));
        break;
      case 1:
        params = pick({"38", "48", "58"}) + pick({":2:1:2:", ":2::9:8:", ";2;3;4;"}) +
                 std::to_string(below(256));
        break;
      case 2:
        params = "4:" + std::to_string(below(7));
        break;
      case 3:
        params = pick({"1", "2", "3", "5", "7", "8", "9", "53", "21"}) + ";" + params;
        break;
      default:
        break;
    }
    return csi(params, "m");
  }
  std::string editing() {
    switch (below(8)) {
      case 0:
      case 1:
        return csi(pick({"", "0", "1", "2", "3", "?", "?1", "?2"}), pick({"J", "K", "K", "K"}));
      case 2:
        return csi(n(cols_), pick({"@", "P", "X", "b", "b", "'}", "'~"}));
      case 3:
        return "\x1b#8";
      default:
        return csi(n(rows_), pick({"L", "M", "S", "T"}));
    }
  }
  std::string cursor_and_screen() {
    return pick({"\x1b\x37", "\x1b\x38", "\x1b[s", "\x1b[u", "\x1b[?1048h", "\x1b[?1048l",
                 "\x1b[?1049h", "\x1b[?1049l", "\x1b[?1047h", "\x1b[?1047l", "\x1b[?47h",
                 "\x1b[?47l", "\x1b[?1049h", "\x1b[?1049l"});
  }
  std::string mode() {
    switch (below(10)) {
      case 0:
        return csi(n(rows_) + ";" + n(rows_), "r");
      case 1:
        return below(2) == 0 ? csi("", "r") : csi(n(cols_) + ";" + n(cols_), "s");
      case 2:
        return csi(pick({"?6", "?7", "4", "?69", "20", "?7", "?6"}), pick({"h", "l", "l"}));
      case 3:
        return "\x1b" + pick({"(", ")", "*", "+"}) + pick({"B", "0", "A", "B", "K"});
      case 4:
        return pick({"\x0e", "\x0f", "\x0f", "\x1bn", "\x1bo", "\x1bN", "\x1bO"});
      case 5:
        return pick({"\x1bH", "\x1b[g", "\x1b[3g", "\x1b[?5W"});
      case 6:
        return pick({"\x1b[?25l", "\x1b[?25h", "\x1b[?2004h", "\x1b[?1000;1006h", "\x1b[?1000l",
                     "\x1b[?1;7h", "\x1b=", "\x1b>", "\x1b[3 q", "\x1b[?5h", "\x1b[?5l",
                     "\x1b[?2026h", "\x1b[?2026l"});
      case 7:
        return pick({"\x1b[>5u", "\x1b[<u", "\x1b[=3u", "\x1b[>4;2m", "\x1b[>4m", "\x1b[?u",
                     "\x1b[6n", "\x1b[c"});
      case 8:
        return pick({"\x1b]0;title\a", "\x1b]8;;http://x\x1b\\", "\x1b]8;;\x1b\\",
                     "\x1b]4;1;#fff\a", "\x1b]104\a", "\x1bPq#0\x1b\\", "\x1b_x\x1b\\",
                     "\x1b]10;red\x18", "\x1b[1;2", "\x1b[3\n1m"});
      default:
        return below(3) == 0 ? pick({"\x1b\x63", "\x1b[!p", "\x1b[!p"}) : "";
    }
  }

  std::mt19937& random_;
  int cols_;
  int rows_;
};

}  // namespace asciinemad::test
