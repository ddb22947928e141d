#include "daemon/input_scanner.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using asciinemad::Hotkey;
using asciinemad::HotkeyMap;
using asciinemad::InputScanner;
using asciinemad::Key;
using namespace std::string_literals;

namespace {

constexpr Key kPause{U'\\', true};
constexpr Key kMarker{U']', true};

// Hotkeys show up in both streams as <pause> and <mark>, so that order is compared too.
struct Log final : InputScanner::Listener {
  std::string input;
  std::string typed;
  int input_calls = 0;
  int typed_calls = 0;
  std::string_view last_input;
  bool empty_view = false;

  void on_input(std::string_view bytes) override {
    input += bytes;
    last_input = bytes;
    ++input_calls;
    empty_view = empty_view || bytes.empty();
  }
  void on_typed(std::string_view bytes) override {
    typed += bytes;
    ++typed_calls;
    empty_view = empty_view || bytes.empty();
  }
  void on_hotkey(Hotkey hotkey) override {
    const char* name = hotkey == Hotkey::pause ? "<pause>" : "<mark>";
    input += name;
    typed += name;
  }
};

HotkeyMap plain_map() { return {std::nullopt, kPause, kMarker}; }
HotkeyMap prefix_map() { return {Key{U'a', true}, Key{U'p', false}, Key{U'm', false}}; }

Log run(const HotkeyMap& hotkeys, const std::vector<std::string>& reads) {
  InputScanner scanner(hotkeys);
  Log log;
  for (const std::string& read : reads) scanner.feed(read, log);
  CHECK_FALSE(log.empty_view);
  return log;
}

std::string input_of(const HotkeyMap& hotkeys, const std::vector<std::string>& reads) {
  return run(hotkeys, reads).input;
}

// One ESC taken out of `text`, at each place there is one.
bool equals_but_one_escape(const std::string& longer, const std::string& text) {
  if (longer.size() != text.size() + 1) return false;
  for (std::size_t i = 0; i < longer.size(); ++i) {
    if (longer[i] == '\x1b' && longer.substr(0, i) + longer.substr(i + 1) == text) return true;
  }
  return false;
}

// Whether every way to split `bytes` into two reads, one byte a read, and state() between them give
// the same. Where a read ends in an ESC, the program may have got that one.
void check_all_splits(const HotkeyMap& hotkeys, const std::string& bytes, const std::string& input,
                      const std::string& typed) {
  CAPTURE(bytes);
  for (std::size_t split = 0; split <= bytes.size(); ++split) {
    CAPTURE(split);
    const Log log = run(hotkeys, {bytes.substr(0, split), bytes.substr(split)});
    const bool after_escape = split > 0 && bytes[split - 1] == '\x1b';
    CHECK((log.input == input || (after_escape && equals_but_one_escape(log.input, input))));
    CHECK(log.typed == typed);

    InputScanner first(hotkeys);
    InputScanner second(hotkeys);
    Log restored;
    first.feed(bytes.substr(0, split), restored);
    REQUIRE(second.restore(first.state()).ok());
    second.feed(bytes.substr(split), restored);
    CHECK(restored.input == log.input);
  }
  InputScanner scanner(hotkeys);
  Log log;
  for (const char byte : bytes) scanner.feed(std::string(1, byte), log);
  CHECK(log.typed == typed);
}

// A sequence that is forwarded and counts as typed, or not.
void check_forwarded(const std::string& bytes, bool typed) {
  const std::string around = "ab" + bytes + "cd";
  check_all_splits(plain_map(), around, around, typed ? around : "abcd");
  check_all_splits({}, around, around, typed ? around : "abcd");
}

}  // namespace

TEST_CASE("input_scanner: plain bytes are one view of the read, uncopied") {
  InputScanner scanner(plain_map());
  Log log;
  scanner.feed("x", log);
  CHECK(log.input_calls == 1);
  CHECK(log.typed_calls == 1);
  CHECK_FALSE(scanner.holding());

  const std::string text(100'000, 'y');
  scanner.feed(text, log);
  CHECK(log.input_calls == 2);
  CHECK(log.typed_calls == 2);
  CHECK(log.last_input.data() == text.data());

  const std::string mixed = "a\x1b[A\xc3\xa9\x1bOP\r\x1b[1;5C" + std::string("z");
  scanner.feed(mixed, log);
  CHECK(log.input_calls == 3);
  CHECK(log.typed_calls == 3);
  CHECK(log.input == "x" + text + mixed);
  CHECK(log.typed == log.input);
}

TEST_CASE("input_scanner: a hotkey is swallowed wherever it stands in a read") {
  CHECK(input_of(plain_map(), {"\x1c"}) == "<pause>");
  CHECK(input_of(plain_map(), {"ab\x1c"
                               "cd"}) == "ab<pause>cd");
  CHECK(input_of(plain_map(), {"\x1c\x1c"
                               "a\x0d\x1c"}) == "<pause><pause>a\x0d<pause>");
  for (const char* key : {"\x1c", "\x1b[92;5u", "\x1b[92;5:1u", "\x1b[92;69u", "\x1b[92;133u",
                          "\x1b[92:124;5u", "\x1b[92:124:92;5:1;92u", "\x1b[27;5;92~"}) {
    check_all_splits(plain_map(), "ab"s + key + "cd", "ab<pause>cd", "ab<pause>cd");
    check_all_splits(plain_map(), key + "\x0d"s + key, "<pause>\x0d<pause>", "<pause>\x0d<pause>");
  }
  check_all_splits({std::nullopt, kPause, Key{U'g', true}},
                   "a\x07\x1b[103;5u\x1b[27;5;103~"
                   "b",
                   "a<mark><mark><mark>b", "a<mark><mark><mark>b");
}

TEST_CASE("input_scanner: repeat and release of a hotkey are swallowed without a second action") {
  check_all_splits(plain_map(),
                   "a\x1b[92;5u\x1b[92;5:2u\x1b[92;5:3u"
                   "b",
                   "a<pause>b", "a<pause>b");
  check_all_splits(plain_map(), "\x1b[92;5:3u", "", "");
  check_all_splits(plain_map(), "\x1b[94;5:3u", "\x1b[94;5:3u", "\x1b[94;5:3u");
}

TEST_CASE("input_scanner: characters as hotkeys") {
  const HotkeyMap hotkeys{std::nullopt, Key{U'\u00e9', false}, Key{U'P', false}};
  check_all_splits(hotkeys, "a\u00e9b\u00e8cPd", "a<pause>b\u00e8c<mark>d",
                   "a<pause>b\u00e8c<mark>d");
  check_all_splits(hotkeys, "\x1b[233u\x1b[112:80;2u\x1b[112u", "<pause><mark>\x1b[112u",
                   "<pause><mark>\x1b[112u");
  // Not as the end of another key: F1, Alt and the character, an arrow key.
  check_all_splits(hotkeys, "\x1bOP\x1b\u00e9\x1bP\x1b[1;5P\x1b[[P.",
                   "\x1bOP\x1b\u00e9\x1bP\x1b[1;5P\x1b[[P.",
                   "\x1bOP\x1b\u00e9\x1bP\x1b[1;5P\x1b[[P.");
  check_all_splits(hotkeys,
                   "\xc3"
                   "a\xc3\xc3\xa9\xff\xa9",
                   "\xc3"
                   "a\xc3<pause>\xff\xa9",
                   "\xc3"
                   "a\xc3<pause>\xff\xa9");
}

TEST_CASE("input_scanner: half a character is held and released") {
  InputScanner scanner({std::nullopt, Key{U'\u00e9', false}, std::nullopt});
  Log log;
  scanner.feed("\xc3", log);
  CHECK(log.input.empty());
  CHECK(scanner.holding());
  scanner.release(log);
  CHECK(log.input == "\xc3");
  CHECK_FALSE(scanner.holding());
  scanner.feed("\xa9", log);
  CHECK(log.input == "\xc3<pause>");
}

TEST_CASE("input_scanner: a control byte is a hotkey inside any sequence but a paste") {
  for (const char* begin : {"\x1b", "\x1b[", "\x1b[1;5", "\x1b[?1", "\x1b[2$", "\x1bO", "\x1b[[",
                            "\x1b[M !", "\x1b]", "\x1b]11", "\x1b]11;rgb:", "\x1bP", "\x1bP>|x",
                            "\x1b_Gi=1", "\x1bP>|x\x1b", "\x1b\xc3", "\xc3"}) {
    check_all_splits(plain_map(), begin + "\x1c"s + "x", begin + "<pause>x"s, begin + "<pause>x"s);
  }
}

TEST_CASE("input_scanner: a lone Escape is forwarded at once and remembered") {
  InputScanner scanner(plain_map());
  Log log;
  scanner.feed("\x1b", log);
  CHECK(log.input == "\x1b");
  scanner.feed("[92;5u", log);
  CHECK(log.input == "\x1b<pause>");
  CHECK(log.typed == "<pause>");

  scanner.feed("\x1b", log);
  scanner.release(log);
  CHECK(log.typed == "<pause>\x1b");
  CHECK_FALSE(scanner.holding());
  scanner.feed("[27;5;92~", log);
  CHECK(log.input == "\x1b<pause>\x1b<pause>");
}

TEST_CASE("input_scanner: after a released Escape a character is a key of its own") {
  InputScanner scanner({std::nullopt, Key{U'p', false}, std::nullopt});
  Log log;
  scanner.feed("\x1b", log);
  scanner.feed("p", log);
  CHECK(log.input == "\x1bp");
  scanner.feed("\x1b", log);
  scanner.release(log);
  scanner.feed("p", log);
  CHECK(log.input == "\x1bp\x1b<pause>");
  scanner.feed("\x1bO", log);
  scanner.release(log);
  scanner.feed("p", log);
  CHECK(log.input == "\x1bp\x1b<pause>\x1bO<pause>");
  CHECK(log.typed == log.input);
}

TEST_CASE("input_scanner: the beginning of a hotkey is held, and released on time-out") {
  const std::string key = "\x1b[92;5u";
  for (std::size_t split = 2; split < key.size(); ++split) {
    InputScanner scanner(plain_map());
    Log log;
    scanner.feed("a" + key.substr(0, split), log);
    CHECK(log.input == "a");
    CHECK(log.typed == "a");
    CHECK(scanner.holding());
    scanner.release(log);
    CHECK_FALSE(scanner.holding());
    CHECK(log.input == "a" + key.substr(0, split));
    CHECK(log.typed == log.input);
    scanner.release(log);
    CHECK(log.input == "a" + key.substr(0, split));
    scanner.feed(key.substr(split) + "b", log);
    CHECK(log.input == "a" + key.substr(0, split) + "<pause>b");
  }
}

TEST_CASE("input_scanner: what cannot become a hotkey is not held") {
  for (const char* begin : {"\x1b[?", "\x1b[<0;1", "\x1b[>", "\x1b[3$", "\x1bO", "\x1b]11;",
                            "\x1bP1", "\x1b_G", "\x1b[M", "\x1b[[", "\x1b\xc3", "\xc3"}) {
    CHECK(input_of(plain_map(), {begin}) == begin);
  }
  for (const char* begin : {"\x1b", "\x1b[", "\x1b[92;5", "\x1b[20"}) {
    CHECK(input_of({}, {begin}) == begin);
    CHECK(input_of({Key{U'a', true}, std::nullopt, std::nullopt}, {begin}) == begin);
  }
}

TEST_CASE("input_scanner: held bytes are bounded") {
  InputScanner scanner(plain_map());
  Log log;
  std::string bytes = "\x1b[";
  scanner.feed(bytes, log);
  for (int i = 0; i < 1000; ++i) {
    scanner.feed("1", log);
    bytes += "1";
    CHECK(bytes.size() - log.input.size() < InputScanner::kMaxHeldBytes);
  }
  CHECK(log.input == bytes);
  scanner.feed("u\x1c", log);
  CHECK(log.input == bytes + "u<pause>");
  CHECK(log.typed == log.input);
}

TEST_CASE("input_scanner: an overlong sequence is neither a hotkey nor held") {
  const std::string bytes = "\x1b[" + std::string(100, '0') + "92;5u";
  check_all_splits(plain_map(), bytes + "x\x1c", bytes + "x<pause>", bytes + "x<pause>");
  const std::string answer = "\x1b[?" + std::string(300, '1') + "c";
  check_all_splits(plain_map(), answer + "x", answer + "x", answer + "x");
}

TEST_CASE("input_scanner: hotkeys inside a bracketed paste are content") {
  const std::string paste =
      "\x1b[200~one\x1ctwo\x1b[92;5u\x1b[27;5;92~\x1b[200~\x1b[20\x1b\x1b[201~";
  check_all_splits(plain_map(), "a" + paste + "b\x1c", "a" + paste + "b<pause>",
                   "a" + paste + "b<pause>");
  check_all_splits(plain_map(), "\x1b[201~\x1c", "\x1b[201~<pause>", "\x1b[201~<pause>");
  check_all_splits(prefix_map(), "\x1b[200~\x01p\x1b[201~\x01p", "\x1b[200~\x01p\x1b[201~<pause>",
                   "\x1b[200~\x01p\x1b[201~<pause>");
}

TEST_CASE("input_scanner: a large paste is forwarded in large views and without delay") {
  const std::string content(4 << 20, '\x1c');
  InputScanner scanner(plain_map());
  Log log;
  scanner.feed("\x1b[200~", log);
  for (std::size_t at = 0; at < content.size(); at += 65536) {
    scanner.feed(std::string_view(content).substr(at, 65536), log);
    REQUIRE_FALSE(scanner.holding());
  }
  scanner.feed("\x1b[201~", log);
  CHECK(log.input == "\x1b[200~" + content + "\x1b[201~");
  CHECK(log.input_calls == 2 + (4 << 20) / 65536);
  CHECK(log.typed_calls == log.input_calls);
}

TEST_CASE("input_scanner: with a prefix the hotkeys count only after it") {
  check_all_splits(prefix_map(), "p\x01pm\x01mp", "p<pause>m<mark>p", "p<pause>m<mark>p");
  check_all_splits(prefix_map(), "a\x01xb", "a\x01xb", "a\x01xb");
  check_all_splits(prefix_map(), "a\x01\x01p", "a\x01p", "a\x01p");
  check_all_splits(prefix_map(), "\x01\x01\x01p", "\x01<pause>", "\x01<pause>");
  check_all_splits(prefix_map(), "\x01\rp", "\x01\rp", "\x01\rp");
}

TEST_CASE("input_scanner: the prefix waits for as long as it takes") {
  InputScanner scanner(prefix_map());
  Log log;
  scanner.feed("\x01", log);
  CHECK_FALSE(scanner.holding());
  scanner.release(log);
  CHECK(log.input.empty());
  scanner.feed("p", log);
  CHECK(log.input == "<pause>");
}

TEST_CASE("input_scanner: prefix and hotkeys in the other encodings") {
  for (const char* prefix : {"\x01", "\x1b[97;5u", "\x1b[27;5;97~"}) {
    for (const char* key : {"p", "\x1b[112u", "\x1b[112;1:1u"}) {
      check_all_splits(prefix_map(), "a"s + prefix + key + "b", "a<pause>b", "a<pause>b");
    }
    check_all_splits(prefix_map(), prefix + "\x1b[120u"s, prefix + "\x1b[120u"s,
                     prefix + "\x1b[120u"s);
    check_all_splits(prefix_map(), prefix + "\x1b[A"s, prefix + "\x1b[A"s, prefix + "\x1b[A"s);
    check_all_splits(prefix_map(), prefix + "\x1b[200~p\x1b[201~p"s,
                     prefix + "\x1b[200~p\x1b[201~p"s, prefix + "\x1b[200~p\x1b[201~p"s);
  }
  // One of the two is forwarded: the second.
  check_all_splits(prefix_map(), "\x01\x1b[97;5up", "\x1b[97;5up", "\x1b[97;5up");
}

TEST_CASE("input_scanner: the key after a prefix is a whole character or sequence") {
  for (const char* key : {"\u00e9", "\u20ac", "\U0001f600", "\x1b[1;5P", "\x1bOP", "\x1bp",
                          "\x1b\u00e9", "\x1b[[p", "\xff", "\x1b]p", "\x1bPp", "\xe2\x82"}) {
    const std::string bytes = "\x01"s + key + "x";
    check_all_splits(prefix_map(), bytes, bytes, bytes);
  }
  const HotkeyMap hotkeys{Key{U'\u00e8', false}, Key{U'\u20ac', false}, Key{U'\u00e9', false}};
  check_all_splits(hotkeys, "\u20ac\u00e8\u20ac\u00e9\u00e8\u00e9\u00e8\u00e8",
                   "\u20ac<pause>\u00e9<mark>\u00e8", "\u20ac<pause>\u00e9<mark>\u00e8");
}

TEST_CASE("input_scanner: kitty's repeats and releases do not disturb the prefix") {
  check_all_splits(prefix_map(),
                   "\x1b[97;5u\x1b[97;5:2u\x1b[97;5:3u\x1b[112u\x1b[112;1:2u\x1b[112;1:3u.",
                   "<pause>.", "<pause>.");
  // The control key's own events overtake the prefix; here it is swallowed anyway.
  const std::string up = "\x1b[57442;1:3u";
  check_all_splits(prefix_map(),
                   "\x1b[97;5u" + up + "\x1b[97;1:3u\x1b[57441;2u\x1b[1;1:3A\x1b[112u",
                   up + "\x1b[97;1:3u\x1b[57441;2u\x1b[1;1:3A<pause>",
                   up + "\x1b[97;1:3u\x1b[57441;2u\x1b[1;1:3A<pause>");
  // A press that was forwarded has its repeats and release forwarded, too.
  const std::string plain = "\x1b[112u\x1b[112;1:2u\x1b[112;1:3u";
  check_all_splits(prefix_map(), plain, plain, plain);
  check_all_splits(prefix_map(), "\x01\x1b[112u" + plain, "<pause>" + plain, "<pause>" + plain);
  check_all_splits(prefix_map(), "\x1b[97;5u\x1b[97;5:3u\x1b[97;5u\x1b[97;5:3u",
                   "\x1b[97;5u\x1b[97;5:3u", "\x1b[97;5u\x1b[97;5:3u");
}

TEST_CASE("input_scanner: mouse, focus and replies do not disturb the prefix") {
  for (const char* mouse :
       {"\x1b[<35;10;20M", "\x1b[M !\x7f", "\x1b[35;10;20M", "\x1b[I", "\x1b[O"}) {
    check_all_splits(prefix_map(), "\x01"s + mouse + "p", mouse + "<pause>"s, mouse + "<pause>"s);
  }
  for (const char* reply :
       {"\x1b[10;20R", "\x1b[?62c", "\x1b]11;rgb:0/0/0\x07", "\x1bP>|x\x1b\\"}) {
    check_all_splits(prefix_map(), "\x01"s + reply + "p", reply + "<pause>"s, "<pause>");
  }
}

TEST_CASE("input_scanner: an unfinished key after the prefix is held with it and released") {
  InputScanner scanner(prefix_map());
  Log log;
  scanner.feed("\x01\x1b", log);
  CHECK(log.input.empty());
  CHECK(scanner.holding());
  scanner.release(log);
  CHECK(log.input == "\x01\x1b");
  CHECK(log.typed == "\x01\x1b");
  scanner.feed("[112u", log);
  CHECK(log.input == "\x01\x1b<pause>");

  scanner.feed("\x01\x1b[11", log);
  scanner.release(log);
  scanner.feed("3up", log);
  CHECK(log.input == "\x01\x1b<pause>\x01\x1b[113up");

  scanner.feed("\x01\x1b", log);
  scanner.release(log);
  scanner.feed("p", log);
  CHECK(log.input == "\x01\x1b<pause>\x01\x1b[113up\x01\x1bp");

  scanner.feed("\x01\x1b[97", log);
  scanner.release(log);
  scanner.feed(";5up", log);
  CHECK(log.input == "\x01\x1b<pause>\x01\x1b[113up\x01\x1bp\x01\x1b[97p");
}

TEST_CASE("input_scanner: without other hotkeys the prefix is an ordinary key") {
  const HotkeyMap hotkeys{Key{U'a', true}, std::nullopt, std::nullopt};
  check_all_splits(hotkeys, "a\x01\x1b[97;5ub", "a\x01\x1b[97;5ub", "a\x01\x1b[97;5ub");
}

TEST_CASE("input_scanner: the terminal's replies are forwarded and not typed") {
  for (const char* reply : {"\x1b[12;40R",
                            "\x1b[?12;40;1R",
                            "\x1b[?62;1;4c",
                            "\x1b[>41;354;0c",
                            "\x1b[=1c",
                            "\x1b[0n",
                            "\x1b[3n",
                            "\x1b[?997;1n",
                            "\x1b[?2026;2$y",
                            "\x1b[4;2$y",
                            "\x1b[8;24;80t",
                            "\x1b[4;600;800t",
                            "\x1b[1t",
                            "\x1b[48;24;80;600;800t",
                            "\x1b[?1u",
                            "\x1b[?0u",
                            "\x1b[>4;2m",
                            "\x1b[?1;0;256S",
                            "\x1bP!|00000000\x1b\\",
                            "\x1bP>|XTerm(380)\x1b\\",
                            "\x1bP1+r544e=787465726d\x1b\\",
                            "\x1bP1$r0m\x1b\\",
                            "\x1bP$r\x1b\\",
                            "\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\",
                            "\x1b]10;rgb:f/f/f\x07",
                            "\x1b]4;1;rgb:0000/0000/0000\x07",
                            "\x1b]52;c;aGVsbG8=\x1b\\",
                            "\x1b_Gi=31;OK\x1b\\"}) {
    check_forwarded(reply, false);
    check_forwarded(reply + std::string(reply), false);
  }
}

TEST_CASE("input_scanner: keys, mouse and focus are typed") {
  for (const char* keys : {"\x1b[A",          "\x1b[1;5C",
                           "\x1b[3~",         "\x1b[15;2~",
                           "\x1bOP",          "\x1bOA",
                           "\x1b[Z",          "\x1b[c",
                           "\x1b[R",          "\x1b[97;5:3u",
                           "\x1b[1;1:3A",     "\x1b[<0;3;4M",
                           "\x1b[<0;3;4m",    "\x1b[M !!",
                           "\x1b[M \x7f\xff", "\x1b[0;3;4M",
                           "\x1b[I",          "\x1b[O",
                           "\x1b[[A",         "\x1b[3$x",
                           "\x1b\x1b[A",      "\x1b[200~x\x1b[201~",
                           "\x1bx",           "\x1b\u00e9",
                           "\x1b\x7f",        "\x1b\r",
                           "\xff\xfe",        "\u20ac",
                           "\x1b[n",          "\x1b[t"}) {
    check_forwarded(keys, true);
  }
}

TEST_CASE("input_scanner: Alt and ] P _ typed by a person swallow nothing") {
  for (const char* keys : {"\x1b]x\x07", "\x1bPq\x1b\\", "\x1b_x\x07", "\x1b]\r", "\x1bP\r",
                           "\x1b]1x;\x07", "\x1b]11;ls\r", "\x1bP1 file\r", "\x1b_Go\r",
                           "\x1bP1\x07", "\x1b]1\x07", "\x1b]11;a\x1b[A", "\x1bP1\x1bz"}) {
    check_forwarded(keys, true);
  }
}

TEST_CASE("input_scanner: a string never grows without bound") {
  const std::string bytes = "\x1b]11;" + std::string(10'000, 'x');
  InputScanner scanner(plain_map());
  Log log;
  scanner.feed(bytes, log);
  CHECK(log.input == bytes);
  CHECK(log.typed == bytes);
  CHECK_FALSE(scanner.holding());
}

TEST_CASE("input_scanner: what a person types after Alt-P is recorded on time-out") {
  InputScanner scanner(plain_map());
  Log log;
  scanner.feed("\x1bP1", log);
  CHECK(log.input == "\x1bP1");
  CHECK(log.typed.empty());
  CHECK(scanner.holding());
  scanner.release(log);
  CHECK(log.typed == "\x1bP1");
  scanner.feed("l", log);
  scanner.release(log);
  scanner.feed("s\r", log);
  CHECK(log.typed == "\x1bP1ls\r");
  CHECK(log.input == log.typed);
}

TEST_CASE("input_scanner: BEL ends an OSC reply even as a hotkey, elsewhere it is the hotkey") {
  const HotkeyMap hotkeys{std::nullopt, Key{U'g', true}, std::nullopt};
  check_all_splits(hotkeys, "\x1b]11;rgb:0/0/0\x07\x07", "\x1b]11;rgb:0/0/0\x07<pause>", "<pause>");
  check_all_splits(hotkeys, "\x1bP1\x07", "\x1bP1<pause>", "\x1bP1<pause>");
}

TEST_CASE("input_scanner: the state is bounded and survives in the middle of everything") {
  for (const HotkeyMap& hotkeys : {HotkeyMap{}, plain_map(), prefix_map()}) {
    for (const std::string& bytes :
         {"\x1b[200~abc\x1b[201"s, "\x01\x1b[9"s, "\x01"s, "\x1b]11;" + std::string(4000, 'x'),
          "\x1b[?" + std::string(250, '1'), "\x1b[97" + std::string(50, ';') + "\x1b"s,
          "\x1bP1\x1b"s}) {
      InputScanner scanner(hotkeys);
      Log log;
      scanner.feed(bytes, log);
      CHECK(scanner.state().size() <= InputScanner::kMaxStateBytes);
      InputScanner other(hotkeys);
      REQUIRE(other.restore(scanner.state()).ok());
      CHECK(other.state() == scanner.state());
    }
  }
}

TEST_CASE("input_scanner: a prefix that was cut, released and given up leaves nothing behind") {
  const HotkeyMap hotkeys{Key{U'\u00e8', false}, kPause, std::nullopt};
  InputScanner scanner(hotkeys);
  Log log;
  scanner.feed("\xc3", log);
  scanner.release(log);
  scanner.feed("\xa8", log);
  CHECK(log.input == "\xc3");
  scanner.feed("x", log);
  CHECK(log.input == "\u00e8x");
  CHECK(log.typed == log.input);
  InputScanner other(hotkeys);
  CHECK(other.restore(scanner.state()).ok());
}

TEST_CASE("input_scanner: a paste goes on after a restore") {
  InputScanner scanner(plain_map());
  Log log;
  scanner.feed("\x1b[200~abc", log);
  InputScanner other(plain_map());
  REQUIRE(other.restore(scanner.state()).ok());
  other.feed("\x1c\x1b[201~\x1c", log);
  CHECK(log.input == "\x1b[200~abc\x1c\x1b[201~<pause>");
}

TEST_CASE("input_scanner: malformed states are refused and change nothing") {
  InputScanner scanner(prefix_map());
  Log log;
  scanner.feed("\x01\x1b[9", log);
  const std::string good = scanner.state();
  for (std::size_t size = 0; size < good.size(); ++size) {
    CHECK_FALSE(scanner.restore(good.substr(0, size)).ok());
  }
  CHECK_FALSE(scanner.restore(good + "x").ok());
  for (std::size_t at : {0U, 1U, 2U, 6U, 7U, 8U, 9U, 11U}) {
    std::string bad = good;
    bad[at] = '\xff';
    CHECK_FALSE(scanner.restore(bad).ok());
  }
  CHECK(scanner.state() == good);
  CHECK_FALSE(InputScanner({}).restore(good).ok());
}
