#include "daemon/playback_keys.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace asciinemad {
namespace {

namespace control = wire::control;

// One letter an action, so that a test reads like what was typed.
std::string letters(const std::vector<PlaybackKeys::Action>& actions) {
  std::string text;
  for (const PlaybackKeys::Action& action : actions) {
    if (std::holds_alternative<PlaybackKeys::Other>(action)) text += '.';
    if (std::holds_alternative<PlaybackKeys::Interrupt>(action)) text += 'C';
    if (std::holds_alternative<PlaybackKeys::Quit>(action)) text += 'Q';
    if (std::holds_alternative<PlaybackKeys::ToggleStatus>(action)) text += 'I';
    if (std::holds_alternative<PlaybackKeys::ToggleHelp>(action)) text += '?';
    if (std::holds_alternative<PlaybackKeys::StepIfPaused>(action)) text += 'S';
    if (std::holds_alternative<control::Toggle>(action)) text += 'P';
    if (std::holds_alternative<control::StepBack>(action)) text += 'B';
    if (std::holds_alternative<control::NextMarker>(action)) text += ']';
    if (std::holds_alternative<control::PreviousMarker>(action)) text += '[';
    if (const auto* speed = std::get_if<PlaybackKeys::ChangeSpeed>(&action)) {
      text += speed->faster ? '+' : '-';
    }
    if (const auto* seek = std::get_if<control::SeekBy>(&action)) {
      text += seek->by_us > 0 ? '>' : '<';
    }
    if (const auto* seek = std::get_if<control::SeekToFraction>(&action)) {
      text += static_cast<char>('0' + static_cast<int>(seek->fraction * 10 + 0.5));
    }
  }
  return text;
}

PlaybackKeys::Bindings defaults() { return {Key{U' ', false}, Key{U'.', false}, Key{U']', false}}; }

std::string typed(std::string_view bytes) {
  PlaybackKeys keys(defaults());
  return letters(keys.read(bytes, 1000));
}

TEST_CASE("playback_keys: each key as a byte") {
  CHECK(typed(" .],[+-=_?iq\x03") == "PS]B[+-+-?IQC");
  CHECK(typed("0123456789") == "0123456789");
  CHECK(typed("xyz\r\t\x7f") == "......");
}

TEST_CASE("playback_keys: arrows in each mode and with modifiers") {
  CHECK(typed("\x1b[C\x1b[D\x1bOC\x1bOD") == "><><");
  CHECK(typed("\x1b[1;2C\x1b[1;5D") == "><");
  CHECK(typed("\x1b[1;1:1C\x1b[1;1:2C\x1b[1;1:3C") == ">>");  // kitty: press, repeat, release
  CHECK(typed("\x1b[A\x1b[B\x1b[5~\x1b[H") == "");
}

TEST_CASE("playback_keys: the kitty protocol and modifyOtherKeys") {
  CHECK(typed("\x1b[32u\x1b[46u\x1b[93u\x1b[113u") == "PS]Q");
  CHECK(typed("\x1b[99;5u") == "C");
  CHECK(typed("\x1b[99;133u") == "C");  // with lock keys on
  CHECK(typed("\x1b[27;5;99~") == "C");
  CHECK(typed("\x1b[113;1:3u") == "");  // a release
  CHECK(typed("\x1b[113;5u") == ".");   // C-q is not q
  CHECK(typed("\x1b[47:63;2u") == "?");
}

TEST_CASE("playback_keys: mouse, focus and replies of the terminal mean nothing") {
  CHECK(typed("\x1b[<0;10;20M\x1b[<0;10;20mq") == "Q");
  CHECK(typed("\x1b[M !!q") == "Q");
  CHECK(typed("\x1b[I\x1b[Oq") == "Q");
  CHECK(typed("\x1b[?62;22c\x1b[24;80R\x1b]11;rgb:0000/0000/0000\x1b\\q") == "Q");
  CHECK(typed("\x1b]11;rgb:0000/0000/0000\x07q") == "Q");
  CHECK(typed("\x1bP1$r0m\x1b\\q") == "Q");
}

TEST_CASE("playback_keys: a paste means nothing, whatever is in it") {
  CHECK(typed("\x1b[200~q \x03 i\x1b[Cq\x1b[201~i") == "I");
}

TEST_CASE("playback_keys: characters beyond ASCII are one key each") {
  PlaybackKeys keys({Key{U'ä', false}, std::nullopt, std::nullopt});
  CHECK(letters(keys.read("\xc3\xa4\xc3\xb6\xf0\x9f\x98\x80 ", 1000)) == "P...");
}

TEST_CASE("playback_keys: configured keys win over the fixed ones, and none is none") {
  PlaybackKeys keys({Key{U'q', false}, Key{U'n', true}, std::nullopt});
  CHECK(letters(keys.read("q\x0e]", 1000)) == "PS.");
}

TEST_CASE("playback_keys: sequences in any portions") {
  const std::string_view bytes = "\x1b[1;2C \x1b[<35;1;1Mq\x1bODi";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    PlaybackKeys keys(defaults());
    const std::string first = letters(keys.read(bytes.substr(0, cut), 1000));
    CHECK(first + letters(keys.read(bytes.substr(cut), 1010)) == ">PQ<I");
  }
}

TEST_CASE("playback_keys: the Escape key on its own does not swallow the next one") {
  PlaybackKeys keys(defaults());
  CHECK(letters(keys.read("\x1b", 1000)) == "");
  CHECK(letters(keys.read("q", 1200)) == "Q");
  CHECK(letters(keys.read("\x1b[", 1300)) == "");
  CHECK(letters(keys.read("i", 1600)) == "I");
}

TEST_CASE("playback_keys: an endless sequence is given up") {
  PlaybackKeys keys(defaults());
  CHECK(letters(keys.read("\x1b]" + std::string(100'000, 'x'), 1000)).size() > 0);
  CHECK(letters(keys.read("\x1b[C", 1001)) == ">");
}

}  // namespace
}  // namespace asciinemad
