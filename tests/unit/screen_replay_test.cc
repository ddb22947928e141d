#include "daemon/screen_replay.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <atomic>
#include <random>
#include <string>
#include <vector>

#include "common/json_text.h"
#include "daemon/recording_scan.h"
#include "tests/support/seed.h"
#include "tests/support/temp_dir.h"

namespace asciinemad {
namespace {

struct Event {
  std::uint64_t at_us = 0;
  char code = 'o';
  std::string data;
};

std::string cast_of(const std::vector<Event>& events) {
  std::string cast = "{\"version\": 2, \"width\": 40, \"height\": 10}\n";
  for (const Event& event : events) {
    cast += "[" + std::to_string(event.at_us / 1'000'000) + ".";
    const std::string fraction = std::to_string(event.at_us % 1'000'000);
    cast += std::string(6 - fraction.size(), '0') + fraction + ", \"" + event.code + "\", ";
    append_json_string(cast, event.data);
    cast += "]\n";
  }
  return cast;
}

struct Fixture {
  test::TempDir dir;
  std::atomic<bool> interrupted = false;
  Keyframes keyframes;

  std::shared_ptr<RecordingStorage> store(const std::vector<Event>& events) {
    const std::string path = dir.write("x.cast", cast_of(events));
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(fd);
    auto storage = RecordingStorage::open(std::move(fd), -1, dir / "");
    REQUIRE(storage.ok());
    return *storage;
  }
};

// What a terminal shows after these events.
std::string straight(const std::vector<Event>& events, std::size_t count) {
  ScreenModel screen(40, 10);
  for (std::size_t i = 0; i < count; ++i) {
    if (events[i].code == 'o') screen.write(events[i].data);
    if (events[i].code == 'r') {
      const auto size = parse_size(events[i].data);
      screen.resize(size->first, size->second);
    }
  }
  return screen.snapshot();
}

// Sequences as programs write them, also cut by the end of an event.
std::vector<Event> random_recording(std::mt19937& random, std::size_t count) {
  static const std::vector<std::string> kPieces = {
      "hello ",
      "\r\n",
      "\x1b[31m",
      "\x1b[0m",
      "\x1b[H",
      "\x1b[2J",
      "\x1b[5;7Hx",
      "\x1b[K",
      "\x1b[3;8r",
      "\x1b[r",
      "\x1b[?1049h",
      "\x1b[?1049l",
      "\x1b[?25l",
      "\x1b[?25h",
      "\x1b"
      "7",
      "\x1b"
      "8",
      "\x1bM",
      "\x1b[2L",
      "\x1b[48;5;20m",
      "\xe4\xbd\xa0\xe5\xa5\xbd",
      "a long line that wraps at the right margin of a narrow screen\r\n",
      "\x1b[",
      "1;2",
      "H"};
  std::vector<Event> events;
  std::uint64_t at_us = 0;
  for (std::size_t i = 0; i < count; ++i) {
    at_us += random() % 3'000'000;
    if (random() % 10 == 0) {
      events.push_back({at_us, 'm', "label"});
      continue;
    }
    std::string data;
    for (std::uint64_t n = random() % 6 + 1; n > 0; --n) data += kPieces[random() % kPieces.size()];
    events.push_back({at_us, 'o', data});
  }
  return events;
}

TEST_CASE("screen_replay: the screen at any moment is that of playing up to it") {
  std::mt19937 random = test::seeded_random();
  for (int round = 0; round < 20; ++round) {
    Fixture f;
    const std::vector<Event> events = random_recording(random, 60);
    ScreenReplay replay(f.store(events), f.keyframes, {}, f.interrupted);
    for (int jump = 0; jump < 40; ++jump) {
      Keyframes::Bounds bounds;
      bounds.played_us = random() % (events.back().at_us + 2'000'000);
      REQUIRE(replay.to(bounds).ok());
      std::size_t count = 0;
      while (count < events.size() && events[count].at_us <= *bounds.played_us) ++count;
      CAPTURE(count);
      CHECK(replay.point().events == count);
      if (replay.screen().at_rest()) CHECK(replay.screen().snapshot() == straight(events, count));
    }
  }
}

TEST_CASE("screen_replay: by number of frames and of events") {
  Fixture f;
  const std::vector<Event> events = {{1, 'o', "a"}, {2, 'm', ""}, {3, 'o', "b"}, {3, 'o', "c"}};
  ScreenReplay replay(f.store(events), f.keyframes, {}, f.interrupted);
  Keyframes::Bounds frames;
  frames.frames = 1;
  REQUIRE(replay.to(frames).ok());
  CHECK(replay.screen().row_text(0) == "a");
  // Right behind the frame: the marker is still to come.
  CHECK(replay.point().events == 1);
  Keyframes::Bounds by_events;
  by_events.events = 3;
  REQUIRE(replay.to(by_events).ok());
  CHECK(replay.screen().row_text(0) == "ab");
  REQUIRE(replay.to({}).ok());
  CHECK(replay.screen().row_text(0) == "abc");
  by_events.events = 0;
  REQUIRE(replay.to(by_events).ok());
  CHECK(replay.screen().row_text(0).empty());
}

TEST_CASE("screen_replay: keyframes of one are used by another, and lead to the same screen") {
  Fixture f;
  std::vector<Event> events;
  for (std::uint64_t i = 0; i < 600; ++i) {
    events.push_back({i * 1000, 'o',
                      "\x1b[3" + std::to_string(i % 8) + "m" +
                          std::string(5000, static_cast<char>('a' + i % 26)) + std::to_string(i) +
                          "\r\n"});
  }
  const auto storage = f.store(events);
  ScreenReplay first(storage, f.keyframes, {}, f.interrupted);
  REQUIRE(first.to({}).ok());
  Keyframes::Bounds bounds;
  bounds.events = 599;
  const auto keyframe = f.keyframes.find_before(bounds);
  REQUIRE(keyframe.has_value());
  CHECK(keyframe->point.events > 300);
  ScreenReplay second(storage, f.keyframes, {}, f.interrupted);
  for (const std::uint64_t count : {599U, 450U, 200U, 599U, 1U}) {
    bounds.events = count;
    REQUIRE(second.to(bounds).ok());
    CHECK(second.screen().snapshot() == straight(events, count));
  }
}

TEST_CASE("screen_replay: an interrupted jump can be made again") {
  Fixture f;
  const std::vector<Event> events = {{1, 'o', "a"}, {2, 'o', "b"}};
  ScreenReplay replay(f.store(events), f.keyframes, {}, f.interrupted);
  f.interrupted = true;
  const Status status = replay.to({});
  REQUIRE_FALSE(status.ok());
  CHECK(status.error().code == Errc::cancelled);
  f.interrupted = false;
  REQUIRE(replay.to({}).ok());
  CHECK(replay.screen().row_text(0) == "ab");
}

TEST_CASE("screen_replay: idle time is capped, resizes change the screen") {
  Fixture f;
  const std::vector<Event> events = {
      {10'000'000, 'o', "a"}, {20'000'000, 'r', "20x5"}, {21'500'000, 'o', "b"}};
  ScreenReplay::View view;
  view.idle_limit_us = 1'000'000;
  ScreenReplay replay(f.store(events), f.keyframes, view, f.interrupted);
  Keyframes::Bounds bounds;
  bounds.played_us = 2'000'000;
  REQUIRE(replay.to(bounds).ok());
  CHECK(replay.point().events == 2);
  CHECK(replay.screen().cols() == 20);
  CHECK(replay.screen().rows() == 5);
  bounds.played_us = 3'000'000;
  REQUIRE(replay.to(bounds).ok());
  CHECK(replay.point().events == 3);
}

TEST_CASE("screen_replay: sizes of resize events") {
  CHECK(parse_size("80x24") == std::pair(80, 24));
  CHECK(parse_size("65535x1") == std::pair(65535, 1));
  for (const char* bad : {"", "x", "80", "80x", "x24", "0x24", "80x0", "-1x24", "65536x1", "80x24 ",
                          "80x24x2", "8e1x24"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_size(bad).has_value());
  }
}

TEST_CASE("recording_scan: markers forwards and backwards, and the length") {
  Fixture f;
  const std::vector<Event> events = {{1'000'000, 'o', "a"},
                                     {2'000'000, 'm', "one"},
                                     {2'000'000, 'o', "b"},
                                     {5'000'000, 'm', "two"},
                                     {9'000'000, 'o', "c"}};
  RecordingScan scan(f.store(events), {}, f.interrupted);
  const auto after = [&](std::uint64_t seen) -> std::uint64_t {
    const auto marker = scan.find_marker_after(seen);
    REQUIRE(marker.ok());
    return *marker == nullptr ? 0 : (*marker)->events;
  };
  CHECK(after(0) == 2);
  CHECK(after(1) == 2);
  CHECK(after(2) == 4);
  CHECK(after(4) == 0);
  const auto before = [&](std::uint64_t seen, std::uint64_t played_us) -> std::uint64_t {
    const auto marker = scan.find_marker_before(seen, played_us);
    REQUIRE(marker.ok());
    return *marker == nullptr ? 0 : (*marker)->events;
  };
  CHECK(before(5, 9'000'000) == 4);
  CHECK(before(4, 9'000'000) == 2);
  CHECK(before(5, 5'000'000) == 2);
  CHECK(before(2, 9'000'000) == 0);
  REQUIRE(scan.to_end().ok());
  CHECK(scan.duration_us() == 9'000'000);
}

}  // namespace
}  // namespace asciinemad
