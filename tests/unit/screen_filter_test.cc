#include "common/screen_filter.h"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using asciinemad::ScreenFilter;
using asciinemad::ScreenPolicy;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

// In whole, cut in two at every place, and byte by byte: always the same.
std::string filtered(ScreenPolicy policy, std::string_view bytes) {
  std::string whole;
  ScreenFilter(policy).filter(bytes, whole);
  std::string bytewise;
  ScreenFilter filter(policy);
  for (const char c : bytes) filter.filter({&c, 1}, bytewise);
  CHECK(bytewise == whole);
  const std::size_t step = bytes.size() / 2000 + 1;
  for (std::size_t cut = 0; cut <= bytes.size(); cut += step) {
    std::string pieces;
    ScreenFilter in_two(policy);
    in_two.filter(bytes.substr(0, cut), pieces);
    in_two.filter(bytes.substr(cut), pieces);
    CHECK(pieces == whole);
  }
  return whole;
}

std::string local(std::string_view bytes) { return filtered(ScreenPolicy::local, bytes); }
std::string untrusted(std::string_view bytes) { return filtered(ScreenPolicy::untrusted, bytes); }

// Makes the terminal answer: gone, whatever is around it.
constexpr std::string_view kQueries[] = {
    "\x05",
    "\x1bZ",
    "\xc2\x9a",
    "\x1b[c",
    "\x1b[0c",
    "\x1b[>c",
    "\x1b[>0c",
    "\x1b[=c",
    "\x1b[5n",
    "\x1b[6n",
    "\x1b[006n",
    "\x1b[;n",
    "\x1b[6:1n",
    "\xc2\x9b\x36n",
    "\x1b[?6n",
    "\x1b[?996n",
    "\x1b[x",
    "\x1b[1x",
    "\x1b[4$p",
    "\x1b[?2026$p",
    "\x1b[>q",
    "\x1b[>0q",
    "\x1b[11t",
    "\x1b[13;2t",
    "\x1b[14t",
    "\x1b[014;2t",
    "\x1b[15t",
    "\x1b[16t",
    "\x1b[18t",
    "\x1b[19t",
    "\x1b[20t",
    "\x1b[21:0t",
    "\x1b[65554t",
    "\x1b[4294967314t",
    "\x1b[?u",
    "\x1b[?4m",
    "\x1b[?g",
    "\x1b[?2;1;0S",
    "\x1b[1;1;1;2;2;2*y",
    "\x1b[2$w",
    "\x1b[1$u",
    "\x1b[&u",
    "\x1b[,u",
    "\x1b[1;1;1;1#|",
    "\x1b[#R",
    "\x1b[#S",
    "\x1b[\"v",
    "\x1b[+x",
    "\x1b[5+p",
    "\x1b['|",
    "\x1b['w",
    "\x1b[1*z",
    "\x1b[>100 q",
    "\x1b[?2048h",
    "\x1b[?25;02048h",
    "\x1bP$qm\x1b\\",
    "\x1bP$q q\x1b\\",
    "\x1bP+q544e\x1b\\",
    "\x1bP1+Qx\x1b\\",
    "\xc2\x90$qm\xc2\x9c",
    "\x1bP\n$\x01qm\x1b\\",
    "\x1bPtmux;x\x1b\\",
    "\x1bP1000p\x1b\\",
    "\x1bP1;1;1!z1b5b366e\x1b\\",
    "\x1bP@kitty-cmd{}\x1b\\",
    "\x1b]4;1;?\x1b\\",
    "\x1b]4;1;red;2;?\a",
    "\x1b]004;1;?\a",
    "\x1b]5;0;?\a",
    "\x1b]10;?\a",
    "\x1b]10;red;?\a",
    "\x1b]11;\n?\x1b\\",
    "\xc2\x9d\x31\x32;?\xc2\x9c",
    "\x1b]19;?\a",
    "\x1b]21;foreground=?\a",
    "\x1b]22;?\a",
    "\x1b]104;?\a",
    "\x1b]65547;?\a",
    "\x1b]4294967307;?\a",
    "\x1b]+11;?\a",
    "\x1b] 11;?\a",
    "\x1b]11x;?\a",
    "\x1b]52;c;?\x1b\\",
    "\x1b]52;;?\a",
    "\x1b]52;?\a",
    "\x1b]50;?\a",
    "\x1b]50;ReportCellSize\a",
    "\x1b]60\a",
    "\x1b]61;x\a",
    "\x1b]99;i=1:p=?;\a",
    "\x1b]5113;ac=send\a",
    "\x1b]5522;type=read\a",
    "\x1b]1337;ReportCellSize\a",
    "\x1b]1337;reportvariable=dXNlcg==\a",
    "\x1b]1337;Capabilities\a",
    "\x1b]1337;RequestUpload=format=tgz\a",
    "\x1b_Gi=1,a=q;AAAA\x1b\\",
    "\x1b_Ga=q\x1b\\",
    "\x1b_Ga=T,i=7;AAAA\x1b\\",
    "\x1b_Ga=T,I=7,q=1;AAAA\x1b\\",
    "\x1b_Gq=2,i=7,q=0;AAAA\x1b\\",
    "\xc2\x9fGa=q\xc2\x9c",
    "\x1b%@",
    "\x1b%/G",
};

// What a terminal only shows: passes under `local`, and where told under `untrusted`.
struct Harmless {
  std::string_view bytes;
  bool untrusted = true;
};
constexpr Harmless kHarmless[] = {
    {"plain text\r\n\t\a\b\x7f\x0b\x0c"},
    {"Za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87 \xc2\xa9 \xe6\xbc\xa2\xe5\xad\x97 \xf0\x9f\xa6\x8a"},
    {"\xc2\x85\xc2\x84\xc2\x9b\x31m"},
    {"a\xc2z\x9b"},
    {"\x0e\x0f\x1b(0\x1b)B\x1b\x37\x1b\x38\x1b=\x1b>\x1b\x63\x1b#8\x1bM\x1b\\"},
    {"\x1b%G\x1b(Z"},
    {"\x1b[m\x1b[1;31m\x1b[38:2::1:2:3m\x1b[H\x1b[2J\x1b[K\x1b[5;7H\x1b[A\x1b[2;20r\x1b[r"},
    {"\x1b[3\n1m\x1b[1\x7fm"},
    {"\x1b[s\x1b[u\x1b[>1u\x1b[<u\x1b[=5;1u"},
    {"\x1b[>4;2m\x1b[>4n\x1b[2 q\x1b[!p\x1b[1\"q\x1b[?1c"},
    {"\x1b[?1049h\x1b[?1;25l\x1b[?2004h\x1b[?1000;1006h\x1b[?2026h\x1b[4h\x1b[20l\x1b[2l"},
    {"\x1b[22;0;0t\x1b[23;0;0t\x1b[1;1;2;2$r\x1b[1;1;2;2$t\x1b[2*x\x1b[1$}"},
    {"\x1b[?1s\x1b[?1r\x1b[?5W\x1b[3g\x1bH\x1b[?2J\x1b[2S"},
    {"\x1b]0;a title?\a\x1b]2;t\x1b\\\x1b]1;i\xc2\x9c\xc2\x9d\x30;t\a"},
    {"\x1b]8;id=1;https://x/?q\x1b\\link\x1b]8;;\x1b\\"},
    {"\x1b]133;A\a\x1b]133;D;0\a"},
    {"\x1b]4;1;rgb:ff/00/00;2;blue\a\x1b]104\a\x1b]104;1\a\x1b]10;red\a\x1b]110\a\x1b]12;#fff\a"},
    {"\x1b[8;50;100t", false},
    {"\x1b[30t", false},
    {"\x1b[5i\x1b[?4i", false},
    {"\x1b[2h", false},
    {"\x1b[4;02h", false},
    {"\x1b[4;65538h", false},
    {"\x1b[>2t\x1b[4;1y\x1b[62\"p\x1b[132$|\x1b[50*|", false},
    {"\x1b[?3h\x1b[?25;40h\x1b[?2l\x1b[?38h", false},
    {"\x1b`\x1b G", false},
    {"\x1bPq#0;2;0;0;0#0!10~-\r\n\a~\x1b\\", false},
    {"\x1bP=1s\x1b\\\x1bP\x1b\\\x1bP1$r0m\x1b\\\xc2\x90{x\xc2\x9c", false},
    {"\x1b_other\x1b\\\x1b_\x1b\\\x1b^pm\x1b\\\x1bXsos\x1b\\", false},
    {"\x1b_Ga=T,f=100,i=3,q=2;AAAA\x1b\\\x1b_Gm=0;AAAA\x1b\\\x1b_Ga=d,i=0\x1b\\", false},
    {"\x1b]52;c;aGVsbG8=\a\x1b]52;c;\a", false},
    {"\x1b]7;file://host/dir?\a\x1b]9;done?\a\x1b]777;notify;a;b?\a\x1b]99;i=1;Why?\a", false},
    {"\x1b]1337;File=name=eA==;inline=1:AAAA?\a\x1b]1337;SetMark\a\x1b]22;hand\a\x1b]50;fixed\a",
     false},
    {"\x1b]l title?\x1b\\\x1b];title\a\x1b]\a\x1b]13;red\a", false},
};

}  // namespace

TEST_CASE("queries are dropped whole") {
  for (const std::string_view query : kQueries) {
    CAPTURE(std::string(query));
    CHECK(local(query).empty());
    const std::string around = "a\x1b[1m" + std::string(query) + "b\x1b]0;t\a";
    CHECK(local(around) == "a\x1b[1mb\x1b]0;t\a");
    CHECK(untrusted(around) == "a\x1b[1mb\x1b]0;t\a");
    CHECK(filtered(ScreenPolicy::trusted, around) == around);
  }
}

TEST_CASE("everything else passes as it is") {
  for (const Harmless& harmless : kHarmless) {
    CAPTURE(std::string(harmless.bytes));
    CHECK(local(harmless.bytes) == harmless.bytes);
    if (harmless.untrusted) {
      CHECK(untrusted(harmless.bytes) == harmless.bytes);
    } else {
      CHECK(untrusted("<" + std::string(harmless.bytes) + ">") != harmless.bytes);
    }
  }
}

TEST_CASE("what untrusted drops disappears whole") {
  for (const std::string_view bytes :
       {"\x1b[8;50;100t", "\x1b[5i", "\x1b[2h", "\x1bPq~\a~\x1b\\", "\x1b_x\x1b\\", "\x1b^x\x1b\\",
        "\x1bXx\xc2\x9c", "\x1b]52;c;aGk=\a", "\x1b]052;c;aGk=\a", "\x1b]7;file:///\a",
        "\x1b]1337;SetMark\a", "\x1b]l t\x1b\\", "\x1b]\a", "\x1b];t\a", "\x1b]0x;t\a", "\x18",
        "\x1b]65536;t\a", "\xc2\x90q~\xc2\x9c", "\x1b[?25;3h"}) {
    CAPTURE(std::string(bytes));
    CHECK(untrusted("a" + std::string(bytes) + "b") == "ab");
  }
}

TEST_CASE("programs that ask nothing are not touched by local") {
  const std::string_view vim =
      "\x1b[?1049h\x1b[22;0;0t\x1b[>4;2m\x1b[?1h\x1b=\x1b[?2004h\x1b[?1004h\x1b[1;24r\x1b[?12h"
      "\x1b[?12l\x1b[22;2t\x1b[22;1t\x1b[27m\x1b[23m\x1b[29m\x1b[m\x1b[H\x1b[2J\x1b[?25l\x1b[24;1H"
      "\"f.c\" 3L, 30B\x1b[2;1H\x1b[1m\x1b[34m~   \x1b[3;1H~\x1b[0m\x1b[1;1H\x1b[?25h\x1b[?4l"sv;
  const std::string_view htop =
      "\x1b[?1049h\x1b[22;0;0t\x1b[1;24r\x1b(B\x1b[m\x1b[4l\x1b[?7h\x1b[?1h\x1b=\x1b[?25l\x1b[39;"
      "49m"
      "\x1b[?1000h\x1b[39;49m\x1b(B\x1b[m\x1b[H\x1b[2J\x1b[2d  \x1b[36m\x1b(B\x1b[0;1m[\x1b[32m|||"
      "\x1b[24;1H\x1b[?12l\x1b[?25h\x1b[?1000l\x1b[?1049l\x1b[23;0;0t\r\x1b[?1l\x1b>"sv;
  const std::string_view shell =
      "\x1b]133;A\x1b\\\x1b]7;file://h/home\x1b\\\x1b[?2004h\x1b]0;u@h: ~\a\x1b[01;32mu@h\x1b[00m:"
      "\x1b[01;34m~\x1b[00m$ ls\r\n\x1b[?2004l\r\x1b[0m\x1b[01;34mdir\x1b[0m  \xc3\xb3\r\n"sv;
  for (const std::string_view session : {vim, htop, shell}) CHECK(local(session) == session);
}

TEST_CASE("dropping joins nothing") {
  CHECK(local("\x1b\x1b[6n[6n") == "[6n");
  CHECK(local("\x1b[\x1b[6n\x36n") == "6n");
  CHECK(local("\xc2\x05\x9b\x36n") == "\xc2\x36n");
  CHECK(local("\xc2\x1b[6n\x9b\x9b\x36n") == "\xc2\x36n");
  CHECK(local("\x1b]0;\xc2\x05\x9b\x36n\a") == "\x1b]0;\xc2\x36n\a");
  CHECK(local("\x1bPq\xc2\x05\x9b\x36n\x1b\\") == "\x1bPq\xc2\x36n\x1b\\");
  CHECK(untrusted("\x1b]0;\xc2\xc2\x85\x9b\x36n\a") == "\x1b]0;\xc2\x36n\a");
  CHECK(local("\x1b]\x05\x35\x05\x32;c;?\a").empty());
}

TEST_CASE("sequences cut short are dropped") {
  CHECK(local("\x1b[6\x18n") == "\x18n");
  CHECK(local("\x1b[6\x1an") == "\x1an");
  CHECK(local("\x1b[6\x1b[mn") == "\x1b[mn");
  CHECK(local("\x1b[>\xc2\x9bq") == "\xc2\x9bq");
  CHECK(local("\x1b[6\xc3\xa9n") == "\xc3\xa9n");
  CHECK(local("\x1b\xc3\xa9[6n") == "\xc3\xa9[6n");
  CHECK(local("\x1b[6?nx\x1b[?>6nx\x1b[6$4nx\x1b[4$$px") == "xxxx");
  CHECK(local("\x1b[" + std::string(300, '1') + "nx") == "x");
  CHECK(untrusted("\x1b[" + std::string(300, '1') + "mx") == "x");
}

TEST_CASE("control characters inside a sequence survive it") {
  CHECK(local("\x1b[\r\n\x05\x36nx") == "\r\nx");
  CHECK(local("\x1b\n[6nx") == "\nx");
  CHECK(local("\x1b[\x05\x31\nm") == "\x1b[1\nm");
  CHECK(local("\x1b[3\n\x18x") == "\n\x18x");
  CHECK(local("\x1b\nPq~\x1b\\x") == "\nx");
  CHECK(local("\x1b[\n" + std::string(300, '1') + "\nmx") == "\n\nx");
}

TEST_CASE("strings that are broken off") {
  CHECK(local("\x1bPq~\x1b[mx") == "\x1bPq~\x1b[mx");
  CHECK(local("\x1bPq~\x18x") == "\x1bPq~\x18x");
  CHECK(local("\x1bPq~\xc2\x9bmx") == "\x1bPq~\xc2\x9bmx");
  // What follows the dropped bytes would else be taken for more of the string.
  CHECK(local("\x1bPq~\x1b[6nx") == "\x1bPq~\x1b\\x");
  CHECK(local("\x1bPq~\x1b[6n\xc2\xa9") == "\x1bPq~\x1b\\\xc2\xa9");
  CHECK(local("\x1b]0;t\x1b]52;c;?\ax") == "\x1b]0;t\x1b\\x");
  // No verdict yet: some terminals obey such a string, some read on to the next terminator.
  CHECK(local("\x1b]4;1\x1b[m;?\x1b\\") == "\x1b[m;?\x1b\\");
  CHECK(local("\x1b]11;?\x18x") == "\x18x");
  CHECK(local("\x1bP$\x1b[mqm\x1b\\") == "\x1b[mqm\x1b\\");
  CHECK(untrusted("\x1b]0;t\x1b[mx") == "\x1b[mx");
}

TEST_CASE("untrusted titles hold no control characters") {
  CHECK(untrusted("\x1b]0;a\nb\x01\x7f\xc2\x85\xc2\xa9 c\a") == "\x1b]0;ab\xc2\xa9 c\a");
  CHECK(local("\x1b]0;a\nb\a") == "\x1b]0;a\nb\a");
}

TEST_CASE("long strings") {
  const std::string sixel = "\x1bP0;1q" + std::string(100'000, '~') + "\x1b\\";
  CHECK(local(sixel) == sixel);
  CHECK(untrusted(sixel + "x") == "x");
  const std::string file = "\x1b]1337;File=:" + std::string(100'000, 'A') + "\a";
  CHECK(local(file) == file);
  const std::string copy = "\x1b]52;c;" + std::string(100'000, 'A') + "\a";
  CHECK(local(copy) == copy);
  CHECK(local("\x1b]52;" + std::string(10'000, 'c') + ";?\ax") == "x");
  // A palette of 256 colours passes, what is too long to be judged does not.
  std::string palette = "\x1b]4";
  for (int i = 0; i < 256; ++i) palette += ";" + std::to_string(i) + ";rgb:ff/ff/ff";
  CHECK(local(palette + "\a") == palette + "\a");
  CHECK(local(palette + ";1;?\ax") == "x");
  CHECK(local("\x1b]4;1;" + std::string(10'000, 'r') + ";2;?\ax") == "x");
  CHECK(local("\x1b_Ga=T," + std::string(10'000, 'k') + ";\x1b\\x") == "x");
  CHECK(untrusted("\x1b]0;" + std::string(10'000, 't') + "\ax") == "x");
}

TEST_CASE("a string passes on as it comes") {
  ScreenFilter filter(ScreenPolicy::local);
  std::string out;
  filter.filter("\x1bPq~~", out);
  CHECK(out == "\x1bPq~~");
  filter.filter("##", out);
  CHECK(out == "\x1bPq~~##");
}

TEST_CASE("reset forgets what is unfinished") {
  ScreenFilter filter(ScreenPolicy::local);
  std::string out;
  filter.filter("a\x1b[6", out);
  filter.reset();
  filter.filter("n\x1b]11;", out);
  filter.reset();
  filter.filter("?\a\x1bPq~", out);
  filter.reset();
  filter.filter("x", out);
  CHECK(out == "an?\a\x1bPq~\x1b\\x");
}

TEST_CASE("filters can be moved") {
  ScreenFilter first(ScreenPolicy::local);
  std::string out;
  first.filter("a\x1b[", out);
  ScreenFilter second = std::move(first);
  second.filter("6nb", out);
  CHECK(out == "ab");
}
