#include "common/vt_parser.h"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

using asciinemad::VtParams;
using asciinemad::VtParser;
using asciinemad::VtSequence;
using asciinemad::VtString;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

// "T(text) C(control) I(control inside) E(escape) CSI(...) X OSC(data) ...", without controls.
struct Log final : VtParser::Listener {
  std::string told;
  bool in_text = false;

  static std::string shown(std::string_view bytes) {
    std::string text;
    for (const char c : bytes) {
      if (c >= ' ' && c != '\x7f') {
        text += c;
      } else {
        constexpr char kHex[] = "0123456789abcdef";
        const auto byte = static_cast<unsigned char>(c);
        text += {'<', kHex[byte >> 4], kHex[byte & 15], '>'};
      }
    }
    return text;
  }
  void event(const std::string& text) {
    if (in_text) told += ")";
    in_text = false;
    if (!told.empty()) told += ' ';
    told += text;
  }
  void on_text(std::string_view run) override {
    CHECK(!run.empty());
    if (!in_text) event("T(");
    in_text = true;
    told += shown(run);
  }
  void on_control(char c, bool inside) override {
    event((inside ? "I(" : "C(") + shown({&c, 1}) + ")");
  }
  void on_escape(const VtSequence& sequence) override {
    event("ESC(" + shown(sequence.intermediates) + "," + sequence.final + ")" +
          shown(sequence.raw));
  }
  void on_csi(const VtSequence& sequence) override {
    event("CSI("s + (sequence.prefix != 0 ? sequence.prefix : '-') + "," + shown(sequence.params) +
          "," + shown(sequence.intermediates) + "," + sequence.final + ")" + shown(sequence.raw));
  }
  void on_discarded() override { event("X"); }
  void on_string_begin(VtString kind, std::string_view introducer) override {
    constexpr std::string_view kNames[] = {"OSC", "DCS", "APC", "PM", "SOS"};
    event(std::string(kNames[static_cast<std::size_t>(kind)]) + shown(introducer) + "(");
  }
  void on_string_data(std::string_view data) override {
    CHECK(!data.empty());
    told += shown(data);
  }
  void on_string_end(std::string_view terminator) override { told += ")" + shown(terminator); }
};

std::string parse(std::string_view bytes) {
  Log whole;
  VtParser parser;
  parser.feed(bytes, whole);
  whole.event("");
  // However the bytes are cut, the same is told.
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    Log log;
    VtParser pieces;
    pieces.feed(bytes.substr(0, cut), log);
    pieces.feed(bytes.substr(cut), log);
    log.event("");
    CHECK(log.told == whole.told);
    CHECK(pieces.unfinished() == parser.unfinished());
  }
  Log log;
  VtParser pieces;
  for (const char c : bytes) pieces.feed({&c, 1}, log);
  log.event("");
  CHECK(log.told == whole.told);
  whole.told.pop_back();
  return whole.told;
}

VtParser::Unfinished unfinished_after(std::string_view bytes) {
  Log log;
  VtParser whole;
  whole.feed(bytes, log);
  VtParser pieces;
  for (const char c : bytes) pieces.feed({&c, 1}, log);
  CHECK(whole.unfinished() == pieces.unfinished());
  CHECK(whole.at_rest() == (whole.unfinished() == VtParser::Unfinished::nothing));
  return whole.unfinished();
}

}  // namespace

TEST_CASE("text and controls") {
  CHECK(parse("plain") == "T(plain)");
  CHECK(parse("a long line, longer than two vectors of sixteen bytes\r\nb\x7f") ==
        "T(a long line, longer than two vectors of sixteen bytes) C(<0d>) C(<0a>) T(b) C(<7f>)");
  CHECK(parse("\0x"sv) == "C(<00>) T(x)");
  CHECK(parse("\xc2\xa9 \xc3\xa9 \xe2\x82\xac") == "T(<c2><a9> <c3><a9> <e2><82><ac>)");
  CHECK(parse("\xc2\xc2\xa9z\x9b") == "T(<c2><c2><a9>z<9b>)");
}

TEST_CASE("escape sequences") {
  CHECK(parse("\x1b\x37x\x1b(B") == "ESC(,7)<1b>7 T(x) ESC((,B)<1b>(B");
  CHECK(parse("\x1b\\\x1b% G") == "ESC(,\\)<1b>\\ ESC(% ,G)<1b>% G");
  CHECK(parse("\xc2\x85\xc2\x9a\xc2\x9c") == "ESC(,E)<c2><85> ESC(,Z)<c2><9a> ESC(,\\)<c2><9c>");
}

TEST_CASE("control sequences") {
  CHECK(parse("\x1b[m") == "CSI(-,,,m)<1b>[m");
  CHECK(parse("\x1b[38:2::1;4m") == "CSI(-,38:2::1;4,,m)<1b>[38:2::1;4m");
  CHECK(parse("\x1b[?25$p") == "CSI(?,25,$,p)<1b>[?25$p");
  CHECK(parse("\x1b[ q\x1b[0 q") == "CSI(-,, ,q)<1b>[ q CSI(-,0, ,q)<1b>[0 q");
  CHECK(parse("\xc2\x9b>4;2m") == "CSI(>,4;2,,m)<c2><9b>>4;2m");
  CHECK(parse("\x1b[1\r\n\x7f;2H") == "I(<0d>) I(<0a>) I(<7f>) CSI(-,1;2,,H)<1b>[1<0d><0a><7f>;2H");
  CHECK(parse("\x1b\n[6n") == "I(<0a>) CSI(-,6,,n)<1b><0a>[6n");
}

TEST_CASE("sequences that are not told") {
  CHECK(parse("\x1b[6\x18n") == "X C(<18>) T(n)");
  CHECK(parse("\x1b[6\x1an") == "X C(<1a>) T(n)");
  CHECK(parse("\x1b\x1b\x1b[6\x1b[m") == "X X X CSI(-,,,m)<1b>[m");
  CHECK(parse("\x1b[6\xc3\xa9n") == "X T(<c3><a9>n)");
  CHECK(parse("\x1b\xc2\x9bm") == "X CSI(-,,,m)<c2><9b>m");
  CHECK(parse("\x1b[6?nx") == "X T(x)");
  CHECK(parse("\x1b[6$4\nnx") == "X C(<0a>) T(x)");
  const std::string longest(VtParser::kMaxSequenceBytes - 3, '1');
  CHECK(parse("\x1b[" + longest + "nx") == "CSI(-," + longest + ",,n)<1b>[" + longest + "n T(x)");
  CHECK(parse("\x1b[1" + longest + "nx") == "X T(x)");
  CHECK(parse("\x1b(" + std::string(300, ' ') + "Bx") == "X T(x)");
  CHECK(parse("\x1b[" + std::string(254, ' ') + "\npx") == "X C(<0a>) T(x)");
}

TEST_CASE("strings") {
  CHECK(parse("\x1b]0;t\xc3\xb3\axy") == "OSC<1b>](0;t<c3><b3>)<07> T(xy)");
  CHECK(parse("\x1b]0;t\x1b\\x") == "OSC<1b>](0;t)<1b>\\ T(x)");
  CHECK(parse("\xc2\x9d\x30;t\xc2\x9cx") == "OSC<c2><9d>(0;t)<c2><9c> T(x)");
  CHECK(parse("\x1bPq\a\n\x7f~\x1b\\x") == "DCS<1b>P(q<07><0a><7f>~)<1b>\\ T(x)");
  CHECK(parse("\x1b_G\x1b\\\x1b^p\x1b\\\x1bXs\x1b\\") ==
        "APC<1b>_(G)<1b>\\ PM<1b>^(p)<1b>\\ SOS<1b>X(s)<1b>\\");
  CHECK(parse("\x1b]0;\xc2\xa9\xc2\x85\xc2\x07") == "OSC<1b>](0;<c2><a9><c2><85><c2>)<07>");
}

TEST_CASE("strings that are broken off") {
  CHECK(parse("\x1b]0;t\x18x") == "OSC<1b>](0;t) C(<18>) T(x)");
  CHECK(parse("\x1bPq\x1ax") == "DCS<1b>P(q) C(<1a>) T(x)");
  CHECK(parse("\x1b]0;t\x1b[6nx") == "OSC<1b>](0;t) CSI(-,6,,n)<1b>[6n T(x)");
  CHECK(parse("\x1b]0;t\x1b\x1b\\x") == "OSC<1b>](0;t) X ESC(,\\)<1b>\\ T(x)");
  CHECK(parse("\x1b]0;t\x1b\xc3\xa9") == "OSC<1b>](0;t) X T(<c3><a9>)");
  CHECK(parse("\x1bPq\xc2\x9b\x36n") == "DCS<1b>P(q) CSI(-,6,,n)<c2><9b>6n");
  CHECK(parse("\x1bPq\xc2\x9ax") == "DCS<1b>P(q) ESC(,Z)<c2><9a> T(x)");
  CHECK(parse("\x1bPq\x1b]1\a") == "DCS<1b>P(q) OSC<1b>](1)<07>");
}

TEST_CASE("an introducer that is more than two bytes") {
  CHECK(parse("\x1b\nPq\x1b\\") == "I(<0a>) DCS<1b><0a>P(q)<1b>\\");
  const std::string told = parse("\x1b" + std::string(300, '\n') + "Pq\x1b\\");
  CHECK(told.ends_with(" DCS(q)<1b>\\"));
  CHECK(told.find("I(<0a>) X C(<0a>)") != std::string::npos);
}

TEST_CASE("what is unfinished") {
  using enum VtParser::Unfinished;
  CHECK(unfinished_after("") == nothing);
  CHECK(unfinished_after("text\x1b[0m\x1b]0;\a") == nothing);
  for (const char* text : {"\xc2", "\xc3", "\xe2", "\xe2\x82", "ab\xf0\x9f\xa6"}) {
    CHECK(unfinished_after(text) == character);
  }
  for (const char* text : {"\xc3\xa9", "\xf0\x9f\xa6\x8a", "\xf0\x9f\xa6z", "\xe2\r", "\x80",
                           "\xe2\x82\xac\x80\x80\x80\x80", "\xff", "\xe2\x1b[m"}) {
    CHECK(unfinished_after(text) == nothing);
  }
  for (const char* text : {"\x1b", "\x1b[", "\x1b[?2", "\x1b(", "\xc2\x9b", "\x1b[6$3"}) {
    CHECK(unfinished_after(text) == sequence);
  }
  for (const char* text : {"\x1b]", "\x1bPq\a", "\x1b]0;\x1b", "\x1b_\xc2", "\xc2\x98"}) {
    CHECK(unfinished_after(text) == string);
  }
  VtParser parser;
  Log log;
  parser.feed("\x1bPq", log);
  parser.reset();
  CHECK(parser.at_rest());
  parser.feed("x", log);
  CHECK(log.told == "DCS<1b>P(q T(x");
}

TEST_CASE("parameters") {
  const auto shown = [](std::string_view text) {
    std::string list;
    VtParams params(text);
    while (const auto param = params.next()) {
      list += (param->given ? std::to_string(param->value) : "-") + std::string(param->sub) + "|";
    }
    return list;
  };
  CHECK(shown("") == "-|");
  CHECK(shown("007") == "7|");
  CHECK(shown("1;;3;") == "1|-|3|-|");
  CHECK(shown("4:3;:2") == "4:3|-:2|");
  const auto highest = std::to_string(std::numeric_limits<std::uint32_t>::max());
  CHECK(shown("4294967294;4294967295;4294967296;99999999999999999999") ==
        "4294967294|" + highest + "|" + highest + "|" + highest + "|");
}
