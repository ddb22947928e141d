// ScreenModel beside another terminal emulator: both show the same text.
//
// Left out is where tmux does otherwise than xterm: what follows the last column other than text,
// combining characters without autowrap, inserting lines outside of the scroll region, repeating
// twice, and what is saved on one screen and restored on the other; and line drawing, which tmux
// tells as letters.
#include <doctest/doctest.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

#include "common/screen_model.h"
#include "tests/support/deadline.h"
#include "tests/support/sandbox.h"
#include "tests/support/seed.h"
#include "tests/support/tmux.h"

namespace asciinemad {
namespace {

using test::random_number;

constexpr int kCols = 80;
constexpr int kRows = 24;

class Output {
 public:
  // `wide`: with wide characters, and without what could cut one in half.
  Output(std::mt19937& random, bool wide) : random_(random), wide_(wide) {}

  std::string make(int pieces) {
    std::string all;
    for (int i = 0; i < pieces; ++i) all += piece();
    return all;
  }

 private:
  int up_to(int most) {
    return static_cast<int>(random_number(random_, 1, static_cast<std::size_t>(most)));
  }
  std::string pick(std::initializer_list<const char*> choices) {
    return *(choices.begin() + up_to(static_cast<int>(choices.size())) - 1);
  }
  static std::string csi(int n, const std::string& final) {
    return "\x1b[" + std::to_string(n) + final;
  }
  std::string to(int row) { return csi(row, ";") + std::to_string(up_to(kCols)) + "H"; }
  std::string somewhere() { return to(up_to(kRows)); }
  std::string inside() {
    return to(origin_ ? up_to(bottom_ - top_ + 1) : top_ + up_to(bottom_ - top_ + 1) - 1);
  }

  std::string text() {
    std::string text;
    for (int i = up_to(up_to(8) == 1 ? 2 * kCols : 20); i > 0; --i) {
      if (up_to(8) != 1) {
        text += static_cast<char>('a' + up_to(26) - 1);
      } else if (wide_ && up_to(2) == 1) {
        text += pick({"\u4f60", "\u597d", "\U0001f680"});
      } else {
        text += pick({" ", "~", "\u00e9", "e\u0301", "\u2500", "\x1b[31m", "\x1b[m", "x\x1b[3b"});
      }
    }
    return text;
  }

  std::string piece() {
    switch (up_to(wide_ ? 7 : 9)) {
      case 1:
      case 2:
        return "\r\n" + text();
      case 3:
        return somewhere() + text();
      case 4:
        return somewhere() + csi(up_to(9), pick({"A", "B", "C", "D", "E", "F", "G", "d"})) + text();
      case 5:
        return inside() + csi(up_to(3), pick({"L", "M", "S", "T"}));
      case 6:
        return somewhere() +
               pick({"\n\n", "\x1bM\x1bM", "\t", "\t\t", "\x1b[9G\b\b", "\x1bH\r\t", "\x1b[g\r\t",
                     "\x1b[3g\r\t", "\x1b[2Z", "\x1b\x45", "\x1b\x44"}) +
               text();
      case 7:
        return state();
      case 8:
        return somewhere() +
               pick({"\x1b[K", "\x1b[1K", "\x1b[2K", "\x1b[J", "\x1b[1J", "\x1b[X", "\x1b[9X"});
      default:
        return somewhere() + csi(up_to(9), pick({"@", "P", "X"})) + text();
    }
  }
  std::string state() {
    switch (up_to(6)) {
      case 1:
        top_ = up_to(kRows - 1);
        bottom_ = top_ + up_to(kRows - top_);
        return csi(top_, ";") + std::to_string(bottom_) + "r" + inside();
      case 2:
        return "\x1b\x37" + text() + somewhere() + text() + "\x1b\x38" + "\r" + text();
      case 3:
        alternate_ = !alternate_;
        origin_ = false;
        return "\x1b[?6l" + somewhere() + (alternate_ ? "\x1b[?1049h" : "\x1b[?1049l") + "\x1b[H";
      case 4:
        origin_ = !origin_;
        return origin_ ? "\x1b[?6h" : "\x1b[?6l";
      case 5:
        if (!wide_ && up_to(2) == 1) return csi(up_to(40), "G\x1b[4habcdefgh\x1b[4l");
        return somewhere() + "\x1b[?7labcdefghijklmnopqrstuvwxyz\x1b[?7h\r";
      default:
        if (up_to(4) != 1) return {};
        top_ = 1, bottom_ = kRows, origin_ = false;
        return "\x1b[?6l\x1b#8";
    }
  }

  std::mt19937& random_;
  const bool wide_;
  int top_ = 1;
  int bottom_ = kRows;
  bool origin_ = false;
  bool alternate_ = false;
};

// The first row that differs, in both; empty when none does.
std::string difference(const ScreenModel& model, std::string_view expected) {
  for (int row = 0; row < model.rows(); ++row) {
    const std::size_t end = std::min(expected.find('\n'), expected.size());
    const std::string_view theirs = expected.substr(0, end);
    expected.remove_prefix(std::min(end + 1, expected.size()));
    std::string ours = model.row_text(row);
    ours.erase(ours.find_last_not_of(' ') + 1);
    if (ours != theirs) {
      return std::to_string(row) + ": " + ours + "\nnot: " + std::string(theirs);
    }
  }
  return {};
}

TEST_CASE("screen_model: shows what tmux shows") {
  test::Sandbox sandbox;
  sandbox.environment["LC_ALL"] = "C.UTF-8";
  const test::Tmux tmux(sandbox);
  // Always the same: one stream in a thousand or so shows that tmux draws over half of a wide
  // character in its own way.
  std::mt19937 random(24);
  for (int round = 0; round < 30; ++round) {
    const std::string end = "end of " + std::to_string(round);
    const std::string output = Output(random, round % 2 == 0).make(40) +
                               "\x1b[m\x1b[?6l\x1b[4l\x1b[?7h\x1b[r\x1b[24;1H\x1b[2K" + end;
    const std::string name = "s" + std::to_string(round);
    sandbox.write(name, output);
    tmux.open(name, ".", "stty raw -echo; cat " + name + "; exec cat > /dev/null");
    std::string expected;
    const auto finished = [&] {
      expected = tmux.text(name);
      return expected.find(end) != std::string::npos;
    };
    REQUIRE(test::eventually(finished));
    ScreenModel model(kCols, kRows);
    model.write(output);
    CAPTURE(round);
    CHECK(difference(model, expected) == "");
  }
}

}  // namespace
}  // namespace asciinemad
