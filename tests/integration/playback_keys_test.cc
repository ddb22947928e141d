// What the keys do during a playback.

#include <doctest/doctest.h>
#include <fcntl.h>

#include <string>
#include <vector>

#include "tests/support/player.h"

namespace asciinemad {
namespace {

using test::contains;
using test::Outcome;
using test::Player;
using test::PtyDriver;
using test::recording_of;
using test::Sandbox;
using wire::PlaybackInfo;

constexpr std::uint64_t kSecondUs = 1'000'000;

// Frames far apart: what is shown was asked for.
const std::string kSlow = recording_of({{0, "o", "A"},
                                        {100, "o", "B"},
                                        {150, "m", "first"},
                                        {200, "o", "C"},
                                        {300, "m", "second"},
                                        {300, "o", "D"},
                                        {400, "o", "E"}});

class SlowPlayback {
 public:
  explicit SlowPlayback(const std::string& configuration = {}) {
    if (!configuration.empty()) sandbox_.configure(configuration);
    sandbox_.write("a.cast", kSlow);
    player_.emplace(sandbox_, "a.cast");
    player_->expect("A");
  }

  Player& operator*() { return *player_; }
  Player* operator->() { return &*player_; }
  // The playback is paused there.
  void is_at(std::uint64_t position_us) {
    player_->when(
        [&](const PlaybackInfo& info) { return info.paused && info.position_us == position_us; });
  }
  void quit() {
    player_->send("q");
    player_->ends_with(0);
  }

 private:
  const Sandbox sandbox_;
  std::optional<Player> player_;
};

TEST_CASE("space pauses and goes on") {
  SlowPlayback playback;
  const PlaybackInfo first = playback->pause();
  CHECK(first.position_us < 10 * kSecondUs);
  CHECK(playback->when([](const PlaybackInfo& info) { return info.paused; }).position_us ==
        first.position_us);
  playback->send(" ");
  playback->when([&](const PlaybackInfo& info) {
    return !info.paused && info.position_us > first.position_us;
  });
  playback->send("q");
  CHECK(playback->ends_with(0) == "A");
}

TEST_CASE("a dot shows the next frame, when paused") {
  SlowPlayback playback;
  playback->send("...");
  playback->pause();
  CHECK(playback->screen() == "\r\nA");
  playback->send(".");
  playback->expect("B");
  playback.is_at(100 * kSecondUs);
  playback->send(".");
  playback->expect("C");
  playback.is_at(200 * kSecondUs);
  playback->send("..");
  playback->expect("DE");
  playback.is_at(400 * kSecondUs);
  playback->send(".");
  playback.is_at(400 * kSecondUs);
  playback->send(" ");
  CHECK(playback->ends_with(0) == "ABCDE");
}

TEST_CASE("a comma shows the frame before") {
  SlowPlayback playback;
  playback->pause();
  playback->send("...");
  playback->expect("BCD");
  playback.is_at(300 * kSecondUs);
  playback->send(",");
  playback->expect("ABC");
  playback.is_at(200 * kSecondUs);
  playback->send(",,");
  playback.is_at(0);
  playback->send(".");
  playback->expect("B");
  playback.is_at(100 * kSecondUs);
  playback.quit();
}

TEST_CASE("a comma pauses") {
  SlowPlayback playback;
  playback->send(",");
  playback->when([](const PlaybackInfo& info) { return info.paused; });
  playback.quit();
}

TEST_CASE("brackets go to markers and pause there") {
  SlowPlayback playback;
  playback->send("]");
  playback->expect("AB");
  playback.is_at(150 * kSecondUs);
  playback->send("]");
  playback->expect("ABC");
  playback.is_at(300 * kSecondUs);
  playback->send("]");  // there is none
  playback->send("[");
  playback->expect("AB");
  playback.is_at(150 * kSecondUs);
  playback->send(".");
  playback->expect("C");
  playback->send("[");
  playback.is_at(150 * kSecondUs);
  CHECK_FALSE(contains(playback->screen(), "D"));
  playback.quit();
}

TEST_CASE("arrows go 5 seconds, in every keyboard mode") {
  SlowPlayback playback;
  std::uint64_t at_us = playback->pause().position_us;
  for (const std::string key : {"\x1b[C", "\x1bOC", "\x1b[1;2C", "\x1b[1;1:1C"}) {
    CAPTURE(key);
    playback->send(key);
    at_us += 5 * kSecondUs;
    playback.is_at(at_us);
  }
  for (const std::string key : {"\x1b[D", "\x1bOD", "\x1b[1;5D"}) {
    CAPTURE(key);
    playback->send(key);
    at_us -= 5 * kSecondUs;
    playback.is_at(at_us);
  }
  playback->send("\x1b[D\x1b[D\x1b[D");
  playback.is_at(0);
  playback->send(" \x1b[C");
  playback->when(
      [](const PlaybackInfo& info) { return !info.paused && info.position_us >= 5 * kSecondUs; });
  playback.quit();
}

TEST_CASE("digits go to tenths of the whole") {
  SlowPlayback playback;
  playback->pause();
  playback->send("5");
  playback->expect("ABC");
  playback.is_at(200 * kSecondUs);
  playback->send("0");
  playback.is_at(0);
  playback->send("9");
  playback->expect("ABCD");
  playback.is_at(360 * kSecondUs);
  playback.quit();
}

TEST_CASE("plus and minus change the speed") {
  SlowPlayback playback;
  const auto has_speed = [&](double speed) {
    playback->when([&](const PlaybackInfo& info) { return info.speed == speed; });
  };
  playback->send("+");
  has_speed(1.25);
  playback->send("=+");
  has_speed(2);
  playback->send("-_-");
  has_speed(1);
  playback->send("--");
  has_speed(0.5);
  playback->send("++++++++");
  has_speed(8);
  playback->send("++++++");
  playback->expect("BCDE");
  playback->ends_with(0);
}

TEST_CASE("a question mark shows the keys, time stands still, and any key takes them away") {
  SlowPlayback playback;
  playback->send("?");
  playback->expect("any key: back");
  const std::uint64_t at_us = playback->when([](const PlaybackInfo&) { return true; }).position_us;
  CHECK(playback->when([](const PlaybackInfo&) { return true; }).position_us == at_us);
  playback->send(".");  // not a step
  playback->expect("A");
  playback->when(
      [&](const PlaybackInfo& info) { return !info.paused && info.position_us > at_us; });
  CHECK_FALSE(contains(playback->screen(), "B"));
  playback->send("?");
  playback->expect("any key: back");
  playback->send("q");  // leaves at once
  playback->ends_with(0);
}

TEST_CASE("i shows a status line and takes it away") {
  SlowPlayback playback;
  playback->pause();
  playback->send("i");
  playback->expect("\x1b[24;1H");
  playback->expect("paused");
  playback->expect("/ 6:40");
  playback->send(".");
  playback->expect("B");
  playback->expect("1:40");
  playback->send(" ");
  playback->expect("playing");
  playback->send("i");
  playback->pause();
  playback->send("+");
  playback->when([](const PlaybackInfo& info) { return info.speed == 1.25; });
  playback->send("q");
  const std::string shown = playback->ends_with(0);
  CHECK_FALSE(contains(shown.substr(shown.rfind("playing")), "paused"));
}

TEST_CASE("q quits, Ctrl-C interrupts, also when paused") {
  for (const std::string before : {"", " ", "?", "i"}) {
    CAPTURE(before);
    SlowPlayback quit;
    quit->send(before + "q");
    quit->ends_with(0);
    SlowPlayback interrupted;
    interrupted->send(before + "\x03");
    interrupted->ends_with(1);
  }
}

TEST_CASE("keys in the encodings that a recording may have turned on") {
  SlowPlayback playback;
  playback->send("\x1b[32u");  // kitty's protocol: space
  playback->when([](const PlaybackInfo& info) { return info.paused; });
  playback->send("\x1b[46u");
  playback->expect("B");
  playback->send("\x1b[32;1:3u");   // only let go
  playback->send("\x1b[27;5;99~");  // xterm's: Ctrl-C
  playback->ends_with(1);
  SlowPlayback other;
  other->send("\x1b[99;5u");
  other->ends_with(1);
}

TEST_CASE("the keys of the configuration") {
  SlowPlayback playback("[play]\npause_key = p\nstep_key = C-n\nnext_marker_key = M\n");
  playback->send(" ");
  playback->send("p");
  playback->when([](const PlaybackInfo& info) { return info.paused; });
  playback->send(".\x0e");
  playback->expect("B");
  playback.is_at(100 * kSecondUs);
  playback->send("]");
  playback->send("M");
  playback.is_at(150 * kSecondUs);
  playback->send("q");
  playback->ends_with(0);
}

TEST_CASE("what is pasted, and the mouse, are no keys") {
  SlowPlayback playback;
  playback->send("\x1b[200~q .\x03]9\x1b[201~");
  playback->send("\x1b[Mqqq\x1b[<0;10;10M\x1b[<0;10;10m\x1b[I\x1b[O\x1b[?62;22c\x1b[12;3R");
  playback->send("\x1b]11;rgb:0/0/0\x1b\\");
  playback->send("xyz\xc5\xbc\x1a\x04\r\n");
  const PlaybackInfo info = playback->pause();
  CHECK(info.position_us < 10 * kSecondUs);
  CHECK(info.speed == 1);
  playback->send("q");
  CHECK(playback->ends_with(0) == "A");
}

TEST_CASE("keys that come in pieces, and many at once") {
  SlowPlayback playback;
  const std::uint64_t at_us = playback->pause().position_us;
  for (const char* piece : {"\x1b", "[", "C"}) playback->send(piece);
  playback.is_at(at_us + 5 * kSecondUs);
  playback->send("0..,.+-");
  playback->expect("B");
  playback.is_at(200 * kSecondUs);
  playback.quit();
}

}  // namespace
}  // namespace asciinemad
