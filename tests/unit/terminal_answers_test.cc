#include "common/terminal_answers.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

namespace asciinemad {
namespace {

struct Typed final : TerminalAnswers::Listener {
  std::string bytes;

  void on_answer(std::string_view answer) override { bytes += answer; }
  void on_cursor_query(bool dec) override { bytes += cursor_report(3, 7, dec); }
};

std::string answers(std::string_view output) {
  Typed whole;
  TerminalAnswers().feed(output, 80, 24, whole);
  Typed typed;
  TerminalAnswers piecewise;
  for (const char c : output) piecewise.feed({&c, 1}, 80, 24, typed);
  CHECK(typed.bytes == whole.bytes);
  // Echoed by the PTY, an answer is no query.
  Typed echo;
  TerminalAnswers().feed(whole.bytes, 80, 24, echo);
  CHECK(echo.bytes == "");
  return whole.bytes;
}

}  // namespace

TEST_CASE("the terminal says what it is") {
  CHECK(answers("\x1b[c") == "\x1b[?62;22c");
  CHECK(answers("text\x1b[0cmore") == "\x1b[?62;22c");
  CHECK(answers("\x1bZ") == "\x1b[?62;22c");
  CHECK(answers("\xc2\x9b\x63") == "\x1b[?62;22c");
  CHECK(answers("\x1b[>c") == "\x1b[>41;354;0c");
  CHECK(answers("\x1b[>0c") == "\x1b[>41;354;0c");
  CHECK(answers("\x1b[=c") == "\x1bP!|00000000\x1b\\");
  CHECK(answers("\x1b[>q") == "\x1bP>|asciinema\x1b\\");
  CHECK(answers("\x1b[>0q") == "\x1bP>|asciinema\x1b\\");
  CHECK(answers("\x1b[1c\x1b[>1c\x1b[>1q\x1b[ q\x1b[2 q\x1b[> q\x1b[!p") == "");
}

TEST_CASE("the terminal says how it is") {
  CHECK(answers("\x1b[5n") == "\x1b[0n");
  CHECK(answers("\x1b[6n") == "\x1b[3;7R");
  CHECK(answers("\x1b[?6n") == "\x1b[?3;7R");
  CHECK(answers("\x1b[?996n") == "\x1b[?997;1n");
  CHECK(answers("\x1b[n\x1b[0n\x1b[?5n\x1b[996n\x1b[>6n") == "");
}

TEST_CASE("modes are not recognised, and the keyboard has no flags") {
  CHECK(answers("\x1b[?2026$p") == "\x1b[?2026;0$y");
  CHECK(answers("\x1b[4$p") == "\x1b[4;0$y");
  CHECK(answers("\x1b[?u") == "\x1b[?0u");
  CHECK(answers("\x1b[u\x1b[>1u\x1b[?1u\x1b[=1u\x1b[$p\x1b[!p") == "");
}

TEST_CASE("the size is that of the session, in cells alone") {
  CHECK(answers("\x1b[18t") == "\x1b[8;24;80t");
  CHECK(answers("\x1b[19t") == "\x1b[9;24;80t");
  CHECK(answers("\x1b[14t\x1b[16t\x1b[t\x1b[22;0t\x1b[8;30;90t\x1b[21t") == "");
}

TEST_CASE("colours are xterm's, white on black, with the terminator of the query") {
  CHECK(answers("\x1b]10;?\a") == "\x1b]10;rgb:ffff/ffff/ffff\a");
  CHECK(answers("\x1b]11;?\x1b\\") == "\x1b]11;rgb:0000/0000/0000\x1b\\");
  CHECK(answers("\x1b]12;?\xc2\x9c") == "\x1b]12;rgb:ffff/ffff/ffff\x1b\\");
  CHECK(answers("\x1b]10;?;?;red;?\a") ==
        "\x1b]10;rgb:ffff/ffff/ffff\a\x1b]11;rgb:0000/0000/0000\a");
  CHECK(answers("\x1b]4;1;?\a") == "\x1b]4;1;rgb:cdcd/0000/0000\a");
  CHECK(answers("\x1b]4;16;?;17;red;231;?\a") ==
        "\x1b]4;16;rgb:0000/0000/0000\a\x1b]4;231;rgb:ffff/ffff/ffff\a");
  CHECK(answers("\x1b]4;110;?\a") == "\x1b]4;110;rgb:8787/afaf/d7d7\a");
  CHECK(answers("\x1b]4;232;?\a") == "\x1b]4;232;rgb:0808/0808/0808\a");
  CHECK(answers("\x1b]4;255;?\a") == "\x1b]4;255;rgb:eeee/eeee/eeee\a");
  CHECK(answers("\x1b]4;256;?\a\x1b]4;;?\a\x1b]4;?\a\x1b]4;-1;?\a") == "");
  CHECK(answers("\x1b]0;?\a\x1b]11;red\a\x1b]11\a\x1b]13;?\a\x1b]52;c;?\a\x1b];?\a") == "");
}

TEST_CASE("of settings the cursor's shape is told, of capabilities none") {
  CHECK(answers("\x1bP$q q\x1b\\") == "\x1bP1$r2 q\x1b\\");
  CHECK(answers("\x1bP$qm\x1b\\") == "\x1bP0$r\x1b\\");
  CHECK(answers("\x1bP+q544e\x1b\\") == "\x1bP0+r\x1b\\");
  CHECK(answers("\x1bPq#0;2;0;0;0\x1b\\\x1b_Gi=1,a=q;AAAA\x1b\\\x1bX$qm\x1b\\") == "");
}

TEST_CASE("a string that is cut off is no query, and a long one none either") {
  CHECK(answers("\x1b]11;?\x1b[m") == "");
  CHECK(answers("\x1b]11;?\x18") == "");
  CHECK(answers("\x1bP$q" + std::string(2000, 'm') + "\x1b\\") == "");
  CHECK(answers("\x1b]11;?" + std::string(2000, ' ') + "\a\x1b]11;?\a") ==
        "\x1b]11;rgb:0000/0000/0000\a");
}

TEST_CASE("an unfinished query is forgotten on reset") {
  Typed typed;
  TerminalAnswers terminal;
  terminal.feed("\x1b[", 80, 24, typed);
  terminal.reset();
  terminal.feed("c", 80, 24, typed);
  CHECK(typed.bytes == "");
  terminal.feed("\x1b[c", 80, 24, typed);
  CHECK(typed.bytes == "\x1b[?62;22c");
}

TEST_CASE("the answers to one portion are bounded") {
  for (const std::string query :
       {"\x1b[c", "\x1b[6n", "\x1b]4;1;?;2;?;3;?\a", "\x1b[>q", "\x1bP+q54\x1b\\"}) {
    CAPTURE(query);
    std::string output;
    for (int i = 0; i < 5000; ++i) output += query;
    Typed typed;
    TerminalAnswers terminal;
    terminal.feed(output, 80, 24, typed);
    CHECK(typed.bytes.size() > 1000);
    CHECK(typed.bytes.size() <= 4096);
    terminal.feed("\x1b[5n", 80, 24, typed);
    CHECK(typed.bytes.ends_with("\x1b[0n"));
  }
}

}  // namespace asciinemad
