#include <doctest/doctest.h>

#include <string>

#include "common/screen_model.h"
#include "tests/support/screens.h"

namespace asciinemad {
namespace {

using test::check_carried;
using test::contains;
using test::Lines;
using test::shown;
using test::snapshot_of;
using test::text_of;

TEST_CASE("screen_model: rows that go on") {
  ScreenModel model(4, 4);
  model.write("abc def\r\nx");
  CHECK(model.row_continues(0));
  CHECK_FALSE(model.row_continues(1));
  CHECK(model.row_text(0) == "abc ");
  CHECK(model.row_text(1) == "def");
  check_carried(model);
  model.write("\x1b[1;4Hz");
  CHECK_FALSE(model.row_continues(0));
}

TEST_CASE("screen_model: lines that leave at the top are told, oldest first") {
  Lines lines;
  ScreenModel model(4, 3, &lines);
  model.write("one\r\ntwo \r\nlonger\r\n");
  CHECK(lines.all == "one|two|");
  CHECK(text_of(model) == "long|er");
  lines.all.clear();
  model.write("\n");
  CHECK(lines.all == "long\\");
  lines.all.clear();
  // Only those of the primary screen, and only at its top.
  model.write("\x1b[?1049h\n\n\n\n\x1b[?1049l\x1b[2;3r\x1b[3;1H\n\n\x1b[r\x1b[H\x1b[M");
  CHECK(lines.all.empty());
  model.write("\x1b[2J\x1b[Ha\r\nb\r\nc\x1b[9S");
  CHECK(lines.all == "a|b|c|");
}

TEST_CASE("screen_model: the alternate screen") {
  ScreenModel model(8, 3);
  model.write("shell\r\n\x1b[31m$ \x1b[?1049h\x1b[1;1Hvi\x1b[32m");
  CHECK(model.alternate_screen());
  CHECK(text_of(model) == "vi");
  check_carried(model);
  for (const bool copied : {false, true}) {
    CAPTURE(copied);
    ScreenModel back(8, 3);
    if (copied) {
      back.write(model.snapshot());
    } else {
      back.write("shell\r\n\x1b[31m$ \x1b[?1049h\x1b[1;1Hvi\x1b[32m");
    }
    back.write("\x1b[?1049lx");
    CHECK_FALSE(back.alternate_screen());
    CHECK(text_of(back) == "shell|$ x");
    CHECK(contains(back.snapshot(), "\x1b[0;31m$ x"));
  }
  // 1047 leaves the cursor where it is, and what was on the alternate screen is gone.
  CHECK(shown(8, 2, "a\x1b[?1047hbc\x1b[?1047ld") == "a  d");
  CHECK(shown(8, 2, "\x1b[?1049hx\x1b[?1049l\x1b[?47h") == "");
}

TEST_CASE("screen_model: the saved cursor") {
  CHECK(shown(8, 3,
              "a\x1b\x37\r\nb\x1b\x38"
              "c") == "ac|b");
  CHECK(shown(8, 3, "\x1b[2;2H\x1b[s\x1b[H\x1b[ux") == "| x");
  CHECK(shown(8, 3,
              "ab\x1b\x38"
              "c") == "cb");
  // Attributes, character sets, origin mode and the last column belong to it.
  CHECK(contains(snapshot_of("\x1b[1m\x1b\x37\x1b[m\x1b\x38x"), "\x1b[0;1mx"));
  CHECK(shown(8, 2, "\x1b(0\x1b\x37\x1b(Bq\x1b\x38q") == "\u2500");
  CHECK(shown(8, 4, "\x1b[2;3r\x1b[?6h\x1b\x37\x1b[?6l\x1b\x38\x1b[Hx") == "|x");
  CHECK(shown(2, 3,
              "ab\x1b\x37\x1b[3;1Hc\x1b\x38"
              "d") == "ab|d|c");
}

TEST_CASE("screen_model: resets") {
  const std::string set = "\x1b[1;31m\x1b[2;3r\x1b[?6h\x1b[4h\x1b(0\x1b[?7l\x1b\x37";
  ScreenModel soft(8, 3);
  soft.write("abc" + set + "\x1b[!p");
  ScreenModel plain(8, 3);
  plain.write("abc\x1b[2;1H");
  CHECK(soft.snapshot() == plain.snapshot());
  ScreenModel hard(8, 3);
  hard.write("abc\x1b[?25l\x1b[?1000h\x1b[>1u\x1b[3g\x1b[20h\x1b[?1049h" + set + "x\x1b\x63");
  CHECK(hard.snapshot() == ScreenModel(8, 3).snapshot());
  CHECK_FALSE(hard.alternate_screen());
}

TEST_CASE("screen_model: resizing") {
  Lines lines;
  ScreenModel model(6, 4, &lines);
  model.write("one\r\ntwo\r\nthree\r\nfour");
  model.resize(6, 2);
  CHECK(lines.all == "one|two|");
  CHECK(text_of(model) == "three|four");
  model.write("!");
  CHECK(model.row_text(1) == "four!");
  model.resize(3, 3);
  CHECK(text_of(model) == "thr|fou");
  model.resize(8, 3);
  CHECK(text_of(model) == "thr|fou");
  CHECK(model.cols() == 8);
  CHECK(model.rows() == 3);
  // The region ends; rows below the cursor go first.
  ScreenModel region(4, 4);
  region.write("a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[1;1H");
  region.resize(4, 2);
  CHECK(text_of(region) == "a|b");
  region.write("\x1b[2;1H\nX");
  CHECK(text_of(region) == "b|X");
  // Behind the last column there is room now.
  ScreenModel wider(2, 2);
  wider.write("ab");
  wider.resize(4, 2);
  wider.write("c");
  CHECK(text_of(wider) == "abc");
  ScreenModel half(4, 1);
  half.write("ab\u4f60");
  half.resize(3, 1);
  CHECK(text_of(half) == "ab");
}

TEST_CASE("screen_model: resizing keeps the row of the hidden screen to come back to") {
  Lines lines;
  ScreenModel model(6, 4, &lines);
  model.write("one\r\ntwo\r\nthree\r\n$ \x1b[?1049h\x1b[Hvi");
  model.resize(6, 2);
  CHECK(lines.all == "one|two|");
  CHECK(text_of(model) == "vi");
  model.write("\x1b[?1049l!");
  CHECK(text_of(model) == "three|$ !");
}

TEST_CASE("screen_model: sizes have bounds") {
  ScreenModel model(0, -5);
  CHECK(model.cols() == 1);
  CHECK(model.rows() == 1);
  model.resize(65535, 65535);
  CHECK(model.cols() == 1000);
  CHECK(model.rows() == 1000);
  model.write("\x1b[4294967295;99999999999999999999H\x1b[99999999b\x1b[4294967295Lx");
  CHECK(model.row_text(999).size() == 1000);
}

TEST_CASE("screen_model: a snapshot for a terminal of another height") {
  ScreenModel model(4, 4);
  model.write("a\r\nb\r\nc\r\nd\x1b[3;2H");
  ScreenModel smaller(4, 2);
  smaller.write(model.snapshot(2));
  CHECK(text_of(smaller) == "b|c");
  smaller.write("!");
  CHECK(text_of(smaller) == "b|c!");
  ScreenModel larger(4, 6);
  larger.write("\x1b[5;1Hstatus" + model.snapshot(6));
  larger.write("\x1b[4;1H\nX");
  CHECK(text_of(larger) == "b|c|d|X");
  CHECK(model.snapshot(4) == model.snapshot());
}

TEST_CASE("screen_model: drawing a row again") {
  for (const std::string state :
       {"", "\x1b[2;3r\x1b[?6h", "\x1b[4h", "\x1b(0", "\x1b)0\x0e", "\x1b[?69h\x1b[2;3s",
        "\x1b[?7l", "\x1b[2;5H\u597d", "\x1b[1\"q\x1b[7m", "\x1b*0\x1bN"}) {
    CAPTURE(state);
    ScreenModel model(6, 4);
    model.write("one\r\ntwo\x1b[31m\u4f60\x1b[m\r\nthree\r\nl\x1b[42m\x1b[K" + state);
    for (int row = 0; row < 4; ++row) {
      ScreenModel covered(6, 4);
      covered.write(model.snapshot());
      covered.write("\x1b[?6l\x1b[?69l\x1b[4l\x1b(B\x0f\x1b[" + std::to_string(row + 1) +
                    ";1H\x1b[7mSTATUS");
      // What a drawer changes he puts back, but for cursor and attributes.
      covered.write(state.substr(0, state.find("\x1b[2;5H")));
      covered.write(model.redraw_row(row));
      CHECK(covered.snapshot() == model.snapshot());
    }
    ScreenModel moved(6, 4);
    moved.write(model.snapshot() + "\x1b[1;1H\x1b[7m" + model.restore_cursor());
    CHECK(moved.snapshot() == model.snapshot());
  }
}

TEST_CASE("screen_model: what is unfinished is told") {
  ScreenModel model(8, 2);
  for (const char* unfinished : {"\x1b", "\x1b[1;", "\x1b]0;x", "\xe4\xbd", "\xc2"}) {
    CAPTURE(unfinished);
    model.write(unfinished);
    CHECK_FALSE(model.at_rest());
    model.write("\x18\r");
    CHECK(model.at_rest());
  }
}

TEST_CASE("screen_model: a snapshot has the modes that have nothing to do with the screen") {
  ScreenModel model(8, 2);
  model.write("\x1b[?25l\x1b[?1000;1006;2004h\x1b=\x1b[5 q\x1b]8;;http://x\x07\x1b[>5u");
  const std::string snapshot = model.snapshot();
  for (const char* part : {"\x1b[?25l", "\x1b[?1000h", "\x1b[?1006h", "\x1b[?2004h",
                           "\x1b=", "\x1b[5 q", "\x1b]8;;http://x\x1b\\", "\x1b[>5u"}) {
    CAPTURE(part);
    CHECK(contains(snapshot, part));
  }
  // Keyboard modes are a screen's own.
  model.write("\x1b[?1049h");
  CHECK(contains(model.snapshot(), "\x1b[>5u\x1b[?1049h"));
  check_carried(model);
}

}  // namespace
}  // namespace asciinemad
