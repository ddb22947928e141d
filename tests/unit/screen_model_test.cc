#include "common/screen_model.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/screens.h"

namespace asciinemad {
namespace {

using test::check_carried;
using test::contains;
using test::shown;
using test::snapshot_of;
using test::text_of;

TEST_CASE("screen_model: attributes and colours") {
  // What is written, and how the snapshot says it.
  const std::vector<std::pair<std::string, std::string>> kCases = {
      {"1", "0;1"},
      {"2", "0;2"},
      {"3;5", "0;3;5"},
      {"6", "0;5"},
      {"7;8;9", "0;7;8;9"},
      {"53", "0;53"},
      {"4", "0;4"},
      {"21", "0;4:2"},
      {"4:3", "0;4:3"},
      {"4:5;4:0", "0"},
      {"1;2;22", "0"},
      {"3;4;5;7;8;9;53;23;24;25;27;28;29;55", "0"},
      {"31;42", "0;31;42"},
      {"91;102", "0;91;102"},
      {"38;5;9;48;5;200", "0;91;48;5;200"},
      {"38;2;1;2;3", "0;38;2;1;2;3"},
      {"38:2:1:2:3;48:2::4:5:6", "0;38;2;1;2;3;48;2;4;5;6"},
      {"58;5;3", "0;58:5:3"},
      {"58:2::7:8:9", "0;58:2:7:8:9"},
      {"31;41;58;5;1;39;49;59", "0"},
      {"1;31;", "0"},
      {"38;5", "0"},
      {"38;7;1", "0;1"},
      {"38;2;999;0;0", "0;38;2;255;0;0"}};
  for (const auto& entry : kCases) {
    const auto& [written, kept] = entry;
    CAPTURE(entry.first);
    CHECK(contains(snapshot_of("\x1b[" + written + "mx"), "\x1b[" + kept + "mx"));
  }
}

TEST_CASE("screen_model: erasing leaves the background colour, and nothing else") {
  CHECK(contains(snapshot_of("\x1b[1;4;31;44m\x1b[2K"), "\x1b[0;44m\x1b[K"));
  CHECK(contains(snapshot_of("\x1b[44mab\x1b[2;1H\x1b[1M"), "\x1b[2J"));
  CHECK(contains(snapshot_of("\x1b[3;1H\x1b[44m\n"), "\x1b[3;1H\x1b[0;44m\x1b[K"));
}

TEST_CASE("screen_model: wide and combining characters") {
  CHECK(shown(5, 2, "ab\u4f60\u597d") == "ab\u4f60 |\u597d");
  CHECK(shown(4, 1, "\u4f60x\x1b[1;2Hy") == " yx");
  CHECK(shown(4, 1, "\u4f60x\x1b[1;1Hy") == "y x");
  CHECK(shown(6, 1, "a\u4f60b\x1b[1;3H\x1b[K") == "a");
  CHECK(shown(6, 1, "a\u4f60b\x1b[1;3H\x1b[P") == "a b");
  CHECK(shown(1, 2, "\u4f60") == "");
  CHECK(shown(9, 1, "e\u0301x") == "e\u0301x");
  CHECK(shown(9, 1, "\u4f60\u0301") == "\u4f60\u0301");
  CHECK(shown(9, 1, "\u0301x") == "x");
  CHECK(shown(9, 1, "\U0001f680x") == "\U0001f680x");
  // In the last column, also when it comes later.
  CHECK(shown(2, 2, "abc") == "ab|c");
  ScreenModel model(2, 2);
  model.write("ab");
  model.write("\u0301");
  model.write("c");
  CHECK(text_of(model) == "ab\u0301|c");
  // Without bounds they take no memory.
  std::string many = "a";
  for (int i = 0; i < 1000; ++i) many += "\u0301";
  CHECK(shown(4, 1, many).size() < 20);
}

TEST_CASE("screen_model: ill-formed text") {
  CHECK(shown(9, 1,
              "a\xff"
              "b\xc3(\xf0\x9f\xe4") ==
        "a\ufffd"
        "b\ufffd(\ufffd");
  CHECK(shown(9, 1, "\xe4\xbd\x1b[mx") == "\ufffdx");
  CHECK(shown(9, 1, "\xed\xa0\x80\xf4\x90\x80\x80") == "\ufffd\ufffd");
}

TEST_CASE("screen_model: the last column") {
  CHECK(shown(3, 2, "abc\rd") == "dbc");
  CHECK(shown(3, 2, "abc\bd") == "adc");
  CHECK(shown(3, 2, "abc\x1b[31md") == "abc|d");
  CHECK(shown(3, 3, "abc\nd") == "abc|  d");
  CHECK(shown(3, 2, "\x1b[?7labcd\u4f60") == "abd");
  // Below the scroll region the row is used again.
  CHECK(shown(3, 3, "\x1b[1;2r\x1b[3;1Habcd") == "||dbc");
  ScreenModel model(3, 2);
  model.write("abc");
  check_carried(model);
  ScreenModel fresh(3, 2);
  fresh.write(model.snapshot());
  fresh.write("d");
  CHECK(text_of(fresh) == "abc|d");
}

TEST_CASE("screen_model: scroll region and origin mode") {
  CHECK(shown(3, 4, "a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[3;1H\nX") == "a|c|X|d");
  CHECK(shown(3, 4, "a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[2;1H\x1bMX") == "a|X|b|d");
  CHECK(shown(3, 4, "\x1b[2;3r\x1b[?6h\x1b[1;1Ha\x1b[9;1Hb") == "|a|b");
  CHECK(shown(3, 4, "\x1b[2;3r\x1b[2;1H\x1b[9Bx\x1b[9Ay") == "| y|x");
  CHECK(shown(3, 4, "\x1b[3;2r\x1b[2;2rx") == "x");
  CHECK(shown(3, 4, "a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[1S") == "a|c||d");
  CHECK(shown(3, 4, "a\r\nb\r\nc\r\nd\x1b[1T") == "|a|b|c");
  CHECK(shown(3, 4, "a\r\nb\r\nc\r\nd\x1b[2;1H\x1b[Lx") == "a|x|b|c");
  CHECK(shown(3, 4, "a\r\nb\r\nc\r\nd\x1b[2;1H\x1b[2M") == "a|d");
}

TEST_CASE("screen_model: left and right margins") {
  CHECK(shown(6, 2, "abcdef\x1b[?69h\x1b[3;4s\x1b[1;3H\x1b[P") == "abd ef");
  CHECK(shown(6, 2, "\x1b[?69h\x1b[3;4s\x1b[1;3Hwxyz") == "  wx|  yz");
  CHECK(shown(6, 2, "\x1b[?69h\x1b[3;4s\x1b[?69l\x1b[1;3Hwxyz") == "  wxyz");
  CHECK(shown(4, 2, "ab\r\ncd\x1b[?69h\x1b[2;3s\x1b[2;2H\n") == "ad|c");
}

TEST_CASE("screen_model: inserting, deleting and erasing") {
  CHECK(shown(6, 1, "abc\r\x1b[4hxy") == "xyabc");
  CHECK(shown(6, 1, "abc\r\x1b[4h\u4f60") ==
        "\u4f60"
        "abc");
  CHECK(shown(6, 1, "abcdef\x1b[1;2H\x1b[2@x") == "ax bcd");
  CHECK(shown(6, 1, "abcdef\x1b[1;2H\x1b[2P") == "adef");
  CHECK(shown(6, 1, "abcdef\x1b[1;2H\x1b[2X") == "a  def");
  CHECK(shown(6, 1, "abcdef\x1b[1;3H\x1b[1K") == "   def");
  CHECK(shown(3, 3, "abc\r\nabc\r\nabc\x1b[2;2H\x1b[J") == "abc|a");
  CHECK(shown(3, 3, "abc\r\nabc\r\nabc\x1b[2;2H\x1b[1J") == "|  c|abc");
  CHECK(shown(6, 1, "\x1b[1\"qab\x1b[0\"qcd\x1b[?2K") == "ab");
  CHECK(shown(6, 2, "abc\r\nabc\x1b[1;2H\x1b['}") == "a bc|a bc");
  CHECK(shown(6, 2, "abc\r\nabc\x1b[1;2H\x1b['~") == "ac|ac");
  CHECK(shown(3, 2, "\x1b#8x") == "xEE|EEE");
}

TEST_CASE("screen_model: character sets") {
  CHECK(shown(8, 1, "\x1b(0lqk\x1b(Bq") == "\u250c\u2500\u2510q");
  CHECK(shown(8, 1, "\x1b)0q\x0eq\x0fq") == "q\u2500q");
  CHECK(shown(8, 1, "\x1b*0\x1bNqq") == "\u2500q");
  CHECK(shown(8, 1, "\x1b(A#") == "\u00a3");
  CHECK(shown(8, 1, "\x1b(0\u00e9q\x1b(Kq") == "\u00e9\u2500q");
}

TEST_CASE("screen_model: tabs") {
  CHECK(shown(20, 1, "\ta") == "        a");
  CHECK(shown(20, 1, "a\x1b[2Ib\x1b[2Zc") == "a       c       b");
  CHECK(shown(20, 1, "\x1b[3g\x1b[1;4H\x1bH\r\tx\ty") == "   x               y");
  CHECK(shown(20, 1, "\x1b[1;9H\x1b[g\r\tx") == "                x");
  CHECK(shown(20, 1, "\x1b[3g\x1b[?5W\tx") == "        x");
  ScreenModel model(20, 1);
  model.write("\x1b[1;4H\x1bH\r");
  check_carried(model);
  ScreenModel fresh(20, 1);
  fresh.write(model.snapshot() + "\tx");
  CHECK(text_of(fresh) == "   x");
  // Columns that come have their own.
  model.resize(40, 1);
  model.write("\x1b[1;30H\tx");
  CHECK(model.row_text(0).size() == 33);
}

TEST_CASE("screen_model: repeating, up to the end of the row") {
  CHECK(shown(8, 1, "ab\x1b[2b.") == "abbb.");
  CHECK(shown(8, 1, "e\u0301\x1b[b") == "e\u0301e\u0301");
  CHECK(shown(8, 2, "\u4f60\x1b[9b") == "\u4f60\u4f60\u4f60\u4f60");
  CHECK(shown(8, 2, "\x1b[b") == "");
}

TEST_CASE("screen_model: line feeds") {
  CHECK(shown(8, 3, "a\nb") == "a| b");
  CHECK(shown(8, 3, "\x1b[20ha\nb") == "a|b");
  CHECK(shown(8, 3,
              "a\x1b\x45"
              "b\x1b\x44"
              "c") == "a|b| c");
}

}  // namespace
}  // namespace asciinemad
