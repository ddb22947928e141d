#include "common/terminal_modes.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

using asciinemad::TerminalModes;
using namespace std::string_literals;

namespace {

TerminalModes after(std::string_view bytes) {
  TerminalModes modes;
  for (const char c : bytes) modes.observe({&c, 1});
  TerminalModes whole;
  whole.observe(bytes);
  CHECK(modes.undo() == whole.undo());
  CHECK(modes.undo_after_crash() == whole.undo_after_crash());
  CHECK(modes.redo() == whole.redo());
  CHECK(modes.at_rest() == whole.at_rest());
  // Having been undone, nothing is left to undo.
  TerminalModes undone;
  undone.observe(bytes);
  undone.observe(whole.undo());
  CHECK(undone.undo().empty());
  CHECK(!undone.alternate_screen());
  CHECK(!undone.cursor_hidden());
  // A cut character needs nothing: what comes next ends it.
  CHECK((undone.at_rest() || whole.undo().empty()));
  return modes;
}

std::string undo(std::string_view bytes) { return after(bytes).undo(); }
std::string redo(std::string_view bytes) { return after(bytes).redo(); }
std::string crash(std::string_view bytes) { return after(bytes).undo_after_crash(); }

struct Pair {
  std::string_view on;
  std::string_view undo;
};

}  // namespace

TEST_CASE("text needs no undoing") {
  for (const char* text :
       {"", "plain\r\n\t\a", "za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87", "\x1b[H\x1b[2J\x1b[K\x1b[3;4H",
        "\x1b]0;title\a\x1b]133;A\a\x1b]7;file:///\a\x1bM\x1bPq~\x1b\\\x1b_x\x1b\\",
        "\x1b[0m\x1b[m", "\x1b[39;49m\x1b[27m",
        "\x1b[?1049l\x1b[?25h\x1b[?7h\x1b[r\x1b[1;0r\x0f\x1b(B\x1b>\x1b[<u",
        "\x1b]8;;\a\x1b]104\a\x1b]110\a\x1b[0 q\x1b[ q\x1b[>4m\x1b[>4;0m\x1b[?99999h\x1b%G",
        "\x1b]4;1;?\a\x1b]11;?\a", "\x1b[?1034h\x1b[?3l\x1b[?2027h\x1b[12h"}) {
    CAPTURE(std::string(text));
    CHECK(undo(text).empty());
    CHECK(redo(text).empty());
  }
  CHECK(crash("only\r\ntext").empty());
}

TEST_CASE("each mode is undone alone") {
  constexpr Pair kPairs[] = {
      {"\x1b[?1049h", "\x1b[?1049l"},
      {"\x1b[?47h", "\x1b[?47l"},
      {"\x1b[?1047h", "\x1b[?1047l"},
      {"\x1b[?25l", "\x1b[?25h"},
      {"\x1b[?7l", "\x1b[?7h"},
      {"\x1b[?1h", "\x1b[?1l"},
      {"\x1b[?5h", "\x1b[?5l"},
      {"\x1b[?6h", "\x1b[?6l"},
      {"\x1b[?12h", "\x1b[?12l"},
      {"\x1b[?45h", "\x1b[?45l"},
      {"\x1b[?66h", "\x1b>"},
      {"\x1b=", "\x1b>"},
      {"\x1b[?69h", "\x1b[?69l"},
      {"\x1b[?9h", "\x1b[?9l"},
      {"\x1b[?1000h", "\x1b[?1000l"},
      {"\x1b[?1002h", "\x1b[?1002l"},
      {"\x1b[?1003h", "\x1b[?1003l"},
      {"\x1b[?1004h", "\x1b[?1004l"},
      {"\x1b[?1005h", "\x1b[?1005l"},
      {"\x1b[?1006h", "\x1b[?1006l"},
      {"\x1b[?1007l", "\x1b[?1007h"},
      {"\x1b[?1015h", "\x1b[?1015l"},
      {"\x1b[?1016h", "\x1b[?1016l"},
      {"\x1b[?2004h", "\x1b[?2004l"},
      {"\x1b[?2026h", "\x1b[?2026l"},
      {"\x1b[?2031h", "\x1b[?2031l"},
      {"\x1b[?2048h", "\x1b[?2048l"},
      {"\x1b[?2l", "\x1b<"},
      {"\x1b[2h", "\x1b[2l"},
      {"\x1b[4h", "\x1b[4l"},
      {"\x1b[12l", "\x1b[12h"},
      {"\x1b[20h", "\x1b[20l"},
      {"\x1b[4 q", "\x1b[0 q"},
      {"\x1b[>1u", "\x1b[<1u"},
      {"\x1b[>1u\x1b[>3u\x1b[=8u", "\x1b[<2u"},
      {"\x1b[=5u", "\x1b[=0u"},
      {"\x1b[=5;2u", "\x1b[=0u"},
      {"\x1b[>4;2m", "\x1b[>4m"},
      {"\x1b[>1;1m", "\x1b[>1m"},
      {"\x1b[>1n", "\x1b[>1m"},
      {"\x1b(0", "\x1b(B"},
      {"\x1b)0", "\x1b)B"},
      {"\x1b*A", "\x1b*B"},
      {"\x0e", "\x0f"},
      {"\x1bn", "\x0f"},
      {"\x1b%@", "\x1b%G"},
      {"\x1b[2;9r", "\x1b\x37\x1b[r\x1b\x38"},
      {"\x1b[;9r", "\x1b\x37\x1b[r\x1b\x38"},
      {"\x1b[1m", "\x1b[0m"},
      {"\x1b[0;31m", "\x1b[0m"},
      {"\x1b[38;5;0m", "\x1b[0m"},
      {"\x1b[48;2;0;0;0m", "\x1b[0m"},
      {"\x1b[38:5:0m", "\x1b[0m"},
      {"\x1b[1\"q", "\x1b[0\"q"},
      {"\x1b]8;;http://x\a", "\x1b]8;;\x1b\\"},
      {"\x1b]8;id=1;http://x\x1b\\", "\x1b]8;;\x1b\\"},
      {"\x1b]4;1;red\a", "\x1b]104\x1b\\"},
      {"\x1b]5;0;red\a", "\x1b]105\x1b\\"},
      {"\x1b]10;red\a", "\x1b]110\x1b\\"},
      {"\x1b]11;rgb:00/00/00\a", "\x1b]111\x1b\\"},
      {"\x1b]12;red\a", "\x1b]112\x1b\\"},
      {"\x1b]10;red;blue\a", "\x1b]110\x1b\\\x1b]111\x1b\\"},
      {"\x1b]17;red\a", "\x1b]117\x1b\\"},
      {"\x1b]19;red\a", "\x1b]119\x1b\\"},
      {"\x1b]22;hand\a", "\x1b]22;\x1b\\"},
      {"\x1bH", "\x1b[?5W"},
      {"\x1b[3g", "\x1b[?5W"},
  };
  for (const Pair& pair : kPairs) {
    CAPTURE(std::string(pair.on));
    CHECK(undo(pair.on) == pair.undo);
    CHECK(undo("x" + std::string(pair.on) + "y" + std::string(pair.undo)).empty());
    // All but what only the redrawing knows comes back.
    TerminalModes again;
    again.observe(redo(pair.on));
    const bool redone = again.undo() == pair.undo;
    const bool for_redrawing = pair.undo.ends_with('m') && pair.undo[2] != '>';
    const bool not_redone = for_redrawing || pair.undo.ends_with("\"q") ||
                            pair.undo.ends_with('W') || after(pair.on).alternate_screen();
    CHECK(redone != not_redone);
  }
}

TEST_CASE("what a program undoes itself is not undone again") {
  CHECK(
      undo("\x1b[?1049h\x1b[>1u\x1b[?1;25l\x1b[?1002;1006h\x1b[31m\x1b[5;9r\x1b[r\x1b[0m\x1b[?1002;"
           "1006l\x1b[<u\x1b[?25h\x1b[?1049l")
          .empty());
  CHECK(undo("\x1b]4;1;red;2;blue\a\x1b]104;1;2\a").empty());
  CHECK(undo("\x1b]4;1;red;2;blue\a\x1b]104;1\a") == "\x1b]104\x1b\\");
  CHECK(undo("\x1b[?1;2004h\x1b=\x1b[4h\x1b[31m\x1b(0\x0e\x1b[?25l\x1b[>4;2m\x1b[>1u\x1b\x63")
            .empty());
  CHECK(undo("\x1b[?6h\x1b=\x1b[4h\x1b[31m\x1b(0\x0e\x1b[?25l\x1b[3;4r\x1b[!p").empty());
  CHECK(undo("\x1b[?2004h\x1b[!p") == "\x1b[?2004l");
  CHECK(undo("\x1b[>4;2m\x1b[>m").empty());
}

TEST_CASE("saving and restoring") {
  CHECK(undo("\x1b\x37\x1b[31m\x1b(0\x0e\x1b\x38").empty());
  CHECK(undo("\x1b[31m\x1b\x37\x1b[0m\x1b\x38") == "\x1b[0m");
  CHECK(undo("\x1b[s\x1b[31m\x1b[u").empty());
  CHECK(undo("\x1b[?1048h\x1b[31m\x1b[?1048l").empty());
  CHECK(undo("\x1b[?25;1s\x1b[?25l\x1b[?1h\x1b[?25;1r").empty());
  CHECK(undo("\x1b[?2004h\x1b[?2004s\x1b[?2004l\x1b[?2004r") == "\x1b[?2004l");
  // The attributes in the alternate screen go with it; those from before come back.
  CHECK(undo("\x1b[?1049h\x1b[31m") == "\x1b[?1049l");
  CHECK(undo("\x1b[31m\x1b[?1049h\x1b[0m") == "\x1b[?1049l\x1b[0m");
  CHECK(undo("\x1b[?47h\x1b[31m") == "\x1b[?47l\x1b[0m");
}

TEST_CASE("the order of undoing") {
  CHECK(undo("\x1b[?25l\x1b[>1u\x1b[?1049h\x1b[>3u\x1b[>5u\x1b[?2026h\x1b[?1000h\x1b[3") ==
        "\x18\x1b[?2026l\x1b[<2u\x1b[?1049l\x1b[<1u\x1b[?1000l\x1b[?25h");
  CHECK(undo("\x1b[?1049h\x1b[2;5r\x1b[?25l") == "\x1b[?1049l\x1b\x37\x1b[r\x1b\x38\x1b[?25h");
}

TEST_CASE("keyboard stacks") {
  CHECK(undo("\x1b[>1u\x1b[>1u\x1b[>1u\x1b[<2u") == "\x1b[<1u");
  CHECK(undo("\x1b[>1u\x1b[<9u").empty());
  CHECK(undo("\x1b[=1u\x1b[=1;3u").empty());
  std::string pushes;
  for (int i = 0; i < 100; ++i) pushes += "\x1b[>1u";
  CHECK(undo(pushes) == "\x1b[<16u");
  CHECK(redo("\x1b[=1u\x1b[>3u\x1b[>7u") == "\x1b[=1u\x1b[>3u\x1b[>7u");
  CHECK(redo("\x1b[>3u\x1b[?1049h\x1b[>7u") == "\x1b[>7u");
}

TEST_CASE("an unfinished sequence is cancelled") {
  for (const char* bytes : {"\x1b", "\x1b[", "\x1b[3\n", "\x1b(", "\xc2\x9b\x33"}) {
    CHECK(undo(bytes) == "\x18");
    CHECK(!after(bytes).at_rest());
  }
  for (const char* bytes : {"\x1b]0;t", "\x1bPq~~", "\x1b_G\x1b", "\xc2\x9dt"}) {
    CHECK(undo(bytes) == "\x18\x1b\\");
    CHECK(!after(bytes).at_rest());
  }
  CHECK(undo("\x1b[31m\x1b[3") == "\x18\x1b[0m");
  CHECK(undo("\xe2\x82").empty());
  CHECK(!after("\xe2\x82").at_rest());
  CHECK(after("\xe2\x82\xac").at_rest());
}

TEST_CASE("after a crash, what was ever on is undone") {
  CHECK(crash("\x1b[H") == "\x18\x1b\\");
  CHECK(crash("\x1b") == "\x18\x1b\\");
  CHECK(crash("\x1b[?2004h\x1b[?2004l") == "\x18\x1b\\\x1b[?2004l");
  CHECK(crash("\x1b[?1000h\x1b[?25l\x1b[31m\x1b\x63") == "\x18\x1b\\\x1b[?1000l\x1b[0m\x1b[?25h");
  CHECK(crash("\x1b[?1049h\x1b[>1u\x1b[31m") == "\x18\x1b\\\x1b[<1u\x1b[?1049l\x1b[0m");
  // These would do harm where they are off.
  CHECK(crash("\x1b[?1049h\x1b[>1u\x1b[<u\x1b[?1049l\x1b[>1u\x1b[<u\x1b[?6h\x1b[?6l") ==
        "\x18\x1b\\");
  CHECK(crash("\x1b[?6h") == "\x18\x1b\\\x1b[?6l");
  // A colour that is being set is not set yet.
  CHECK(crash("\x1b]11;red") == "\x18\x1b\\");
}

TEST_CASE("the crash revision tells of changes") {
  TerminalModes modes;
  std::string last = modes.undo_after_crash();
  std::uint64_t revision = modes.crash_revision();
  const auto changes = [&](std::string_view bytes) {
    modes.observe(bytes);
    const bool changed = modes.crash_revision() != revision;
    revision = modes.crash_revision();
    CHECK((changed || modes.undo_after_crash() == last));
    last = modes.undo_after_crash();
    return changed;
  };
  CHECK(!changes("text"));
  CHECK(changes("\x1b"));
  CHECK(!changes("[H\x1b]0;t"));
  CHECK(!changes("\a\x1b[0m\x1b["));
  CHECK(changes("31m"));
  CHECK(!changes("\x1b[0m\x1b[32m\x1b]11;"));
  CHECK(!changes("red"));
  CHECK(changes("\a"));
  CHECK(changes("\x1b[?1049h"));
  CHECK(changes("\x1b[>1u"));
  CHECK(changes("\x1b[<u"));
  CHECK(!changes("\x1b[>1u\x1b[<u"));
  CHECK(changes("\x1b[?1049l"));
  modes.reset();
  CHECK(changes(""));
  CHECK(modes.undo().empty());
  CHECK(modes.undo_after_crash().empty());
}

TEST_CASE("redo brings back what undo took") {
  CHECK(redo("\x1b[?1049h\x1b[?25l\x1b[31m\x1b[2;5H\x1b[?2004h") == "\x1b[?2004h\x1b[?25l");
  CHECK(redo("\x1b[3;7r") == "\x1b[3;7r");
  CHECK(redo("\x1b[?69h\x1b[5;9s") == "\x1b[?69h\x1b[5;9s");
  CHECK(redo("\x1b[3 q") == "\x1b[3 q");
  CHECK(redo("\x1b[>4;2m\x1b[>1n") == "\x1b[>1n\x1b[>4;2m");
  CHECK(redo("\x1b(0\x1b)A\x0e") == "\x1b(0\x1b)A\x0e");
  CHECK(redo("\x1b]4;1;red;2;blue\a\x1b]10;#fff;#000\a\x1b]104;1\a") ==
        "\x1b]4;2;blue\x1b\\\x1b]10;#fff\x1b\\\x1b]11;#000\x1b\\");
  CHECK(redo("\x1b]8;id=1;http://x/?a;b\a") == "\x1b]8;id=1;http://x/?a;b\x1b\\");
  CHECK(redo("\x1b]22;hand\a") == "\x1b]22;hand\x1b\\");
  CHECK(redo("\x1b[?1000h\x1b[?1003;1006h") == "\x1b[?1000h\x1b[?1003h\x1b[?1006h");
  // Synchronised output comes last, so that what is redone shows.
  CHECK(redo("\x1b[?2026h\x1b[?25l") == "\x1b[?25l\x1b[?2026h");
  // What was too long to be kept is still undone.
  CHECK(undo("\x1b]8;;http://" + std::string(10'000, 'x') + "\a") == "\x1b]8;;\x1b\\");
  CHECK(redo("\x1b]8;;http://" + std::string(10'000, 'x') + "\a").empty());
}

TEST_CASE("reset, moving and the getters") {
  TerminalModes modes = after("\x1b[?1049h\x1b[?25l\x1b[");
  CHECK(modes.alternate_screen());
  CHECK(modes.cursor_hidden());
  TerminalModes moved = std::move(modes);
  CHECK(moved.alternate_screen());
  moved.reset();
  CHECK(!moved.alternate_screen());
  CHECK(!moved.cursor_hidden());
  CHECK(moved.at_rest());
  CHECK(moved.undo().empty());
}
