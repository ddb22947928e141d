#include "daemon/playback_feed.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/support/loop_driver.h"
#include "tests/support/temp_dir.h"

namespace asciinemad {
namespace {

constexpr std::string_view kHeader = "{\"version\": 2, \"width\": 20, \"height\": 5}\n";

struct Fixture final : PlaybackFeed::Listener {
  void on_feed_ready() override {
    while (auto message = feed->take()) messages.push_back(std::move(*message));
  }
  void on_marker_found(std::optional<std::uint64_t> events) override { marker = events; }

  void start(Fd recording, PlaybackFeed::Options options = {}) {
    options.spool_directory = dir / "";
    auto started = PlaybackFeed::start(loop, std::move(recording), std::move(options), *this);
    REQUIRE(started.ok());
    feed = std::move(*started);
  }
  void start(const std::string& cast, PlaybackFeed::Options options = {}) {
    start(open(dir.write("x.cast", cast)), std::move(options));
  }
  static Fd open(const std::string& path) {
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(fd);
    return fd;
  }

  template <typename Kind>
  bool has() const {
    for (const PlaybackFeed::Message& message : messages) {
      if (std::holds_alternative<Kind>(message)) return true;
    }
    return false;
  }
  template <typename Kind>
  const Kind& wait_for() {
    driver.run_until([this] { return has<Kind>() || has<PlaybackFeed::Failed>(); });
    for (const PlaybackFeed::Message& message : messages) {
      if (const auto* found = std::get_if<Kind>(&message)) return *found;
    }
    FAIL("the feed failed: ", std::get<PlaybackFeed::Failed>(messages.back()).reason);
    std::abort();
  }
  std::string shown() const {
    std::string all;
    for (const PlaybackFeed::Message& message : messages) {
      const auto* item = std::get_if<PlaybackFeed::Item>(&message);
      if (item != nullptr && item->code == "o") all += item->data;
    }
    return all;
  }

  test::TempDir dir;
  uv::Loop loop;
  test::LoopDriver driver{loop};
  std::unique_ptr<PlaybackFeed> feed;
  std::vector<PlaybackFeed::Message> messages;
  std::optional<std::uint64_t> marker;
};

TEST_CASE("playback_feed: a recording from its header to its end") {
  Fixture f;
  f.start(std::string(kHeader) +
          "[1.5, \"o\", \"a\"]\n[2, \"m\", \"x\"]\n[3, \"i\", \"k\"]\n[4, \"o\", \"b\"]\n");
  f.wait_for<PlaybackFeed::Ended>();
  REQUIRE(f.messages.size() == 5);
  CHECK(std::get<PlaybackFeed::Opened>(f.messages[0]).header.cols == 20);
  const auto& first = std::get<PlaybackFeed::Item>(f.messages[1]);
  CHECK(first.played_us == 1'500'000);
  CHECK(first.frames == 1);
  CHECK(first.events == 1);
  CHECK(std::get<PlaybackFeed::Item>(f.messages[2]).data == "x");
  const auto& last = std::get<PlaybackFeed::Item>(f.messages[3]);
  CHECK(last.frames == 2);
  CHECK(last.events == 4);
  CHECK(f.feed->duration_us() == 4'000'000);
}

TEST_CASE("playback_feed: what a pipe delivers is there before the next has come") {
  Fixture f;
  auto pipe = make_pipe();
  REQUIRE(pipe.ok());
  f.start(std::move(pipe->read_end));
  const auto write = [&](std::string_view text) {
    REQUIRE(write_all(pipe->write_end.get(), text, -1).ok());
  };
  write(kHeader);
  f.wait_for<PlaybackFeed::Opened>();
  write("[1, \"o\", \"first\"]\n[2, \"o\", \"half");
  f.driver.run_until([&] { return f.shown() == "first"; });
  // While it waits for the pipe it takes commands.
  f.messages.clear();
  f.feed->jump({PlaybackFeed::ToTime{0}, 0, -1, false});
  CHECK(f.wait_for<PlaybackFeed::Jump>().events == 0);
  f.driver.run_until([&] { return f.shown() == "first"; });
  write("\"]\n");
  f.driver.run_until([&] { return f.shown() == "firsthalf"; });
  pipe->write_end.reset();
  f.wait_for<PlaybackFeed::Ended>();
}

TEST_CASE("playback_feed: a jump drops what was read ahead, and goes on behind its place") {
  Fixture f;
  std::string cast(kHeader);
  for (int i = 0; i < 100; ++i) {
    cast += "[" + std::to_string(i) + ", \"o\", \"" + std::to_string(i) + ",\"]\n";
  }
  f.start(cast);
  f.wait_for<PlaybackFeed::Ended>();
  f.messages.clear();
  f.feed->jump({PlaybackFeed::ToTime{90'500'000}, 0, -1, false});
  f.feed->jump({PlaybackFeed::ToTime{97'500'000}, 0, -1, false});
  f.wait_for<PlaybackFeed::Ended>();
  REQUIRE(f.messages.size() == 4);
  const auto& jump = std::get<PlaybackFeed::Jump>(f.messages[0]);
  CHECK(jump.played_us == 97'500'000);
  CHECK(jump.frames == 98);
  CHECK(jump.screen.find("97,") != std::string::npos);
  CHECK(f.shown() == "98,99,");
}

TEST_CASE("playback_feed: a jump shows no more than playing would") {
  for (const ScreenPolicy policy : {ScreenPolicy::untrusted, ScreenPolicy::trusted}) {
    Fixture f;
    PlaybackFeed::Options options;
    options.policy = policy;
    // Locks the keyboard, which a redraw would do again.
    f.start(std::string(kHeader) + "[1, \"o\", \"a\\u001b[2h\"]\n", options);
    f.wait_for<PlaybackFeed::Ended>();
    f.messages.clear();
    f.feed->jump({PlaybackFeed::ToTime{1'000'000}, 0, -1, false});
    const std::string& screen = f.wait_for<PlaybackFeed::Jump>().screen;
    CHECK(screen.find('a') != std::string::npos);
    CHECK((screen.find("\x1b[2h") != std::string::npos) == (policy == ScreenPolicy::trusted));
  }
}

TEST_CASE("playback_feed: a jump behind the end ends there") {
  Fixture f;
  f.start(std::string(kHeader) + "[1, \"o\", \"a\"]\n");
  f.wait_for<PlaybackFeed::Ended>();
  f.messages.clear();
  f.feed->jump({PlaybackFeed::ToTime{90'000'000}, 0, -1, false});
  CHECK(f.wait_for<PlaybackFeed::Jump>().played_us == 1'000'000);
}

TEST_CASE("playback_feed: a jump that waits goes where a pipe has not come yet") {
  Fixture f;
  auto pipe = make_pipe();
  REQUIRE(pipe.ok());
  f.start(std::move(pipe->read_end));
  const auto write = [&](std::string_view text) {
    REQUIRE(write_all(pipe->write_end.get(), text, -1).ok());
  };
  write(kHeader);
  f.wait_for<PlaybackFeed::Opened>();
  f.feed->jump({PlaybackFeed::ToTime{5'000'000}, 0, -1, true});
  write("[1, \"o\", \"a\"]\n");
  // Asked meanwhile, answered afterwards.
  f.feed->find_marker({true, 0, 0});
  write("[4, \"m\", \"\"]\n[4, \"o\", \"b\"]\n[6, \"o\", \"c\"]\n");
  const auto& jump = f.wait_for<PlaybackFeed::Jump>();
  CHECK(jump.events == 3);
  CHECK(jump.played_us == 5'000'000);
  f.driver.run_until([&] { return f.shown() == "c" && f.marker == 2; });
}

TEST_CASE("playback_feed: a sequence cut by a jump's place is whole afterwards") {
  Fixture f;
  f.start(std::string(kHeader) + "[1, \"o\", \"a\\u001b[3\"]\n[2, \"o\", \"1mb\"]\n");
  f.wait_for<PlaybackFeed::Ended>();
  CHECK(f.shown() == "a\x1b[31mb");
  f.messages.clear();
  f.feed->jump({PlaybackFeed::ToTime{1'500'000}, 0, -1, false});
  f.wait_for<PlaybackFeed::Ended>();
  CHECK(f.shown() == "\x1b[31mb");
}

TEST_CASE("playback_feed: markers, fractions and rewinding") {
  Fixture f;
  f.start(std::string(kHeader) +
          "[1, \"o\", \"a\"]\n[2, \"m\", \"\"]\n[9, \"o\", \"b\"]\n[10, \"o\", \"c\"]\n");
  f.wait_for<PlaybackFeed::Ended>();
  f.feed->find_marker({true, 0, 0});
  f.driver.run_until([&] { return f.marker.has_value(); });
  CHECK(f.marker == 2);
  f.messages.clear();
  f.feed->jump({PlaybackFeed::ToFraction{0.9}, 0, -1, false});
  CHECK(f.wait_for<PlaybackFeed::Jump>().frames == 2);
  f.wait_for<PlaybackFeed::Ended>();
  f.messages.clear();
  f.feed->rewind();
  f.wait_for<PlaybackFeed::Ended>();
  CHECK(f.shown() == "abc");
}

TEST_CASE("playback_feed: a growing recording, to its present end and on") {
  Fixture f;
  const std::string path =
      f.dir.write("g.cast", std::string(kHeader) + "[1, \"o\", \"a\"]\n[2, \"o");
  PlaybackFeed::Options options;
  options.follow = true;
  f.start(Fixture::open(path), options);
  f.wait_for<PlaybackFeed::CaughtUp>();
  CHECK(f.shown() == "a");
  const Fd out(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  REQUIRE(write_all(out.get(), "\", \"b\"]\n", -1).ok());
  f.driver.run_until([&] { return f.shown() == "ab"; });
  f.feed->finish_growing();
  f.wait_for<PlaybackFeed::Ended>();
}

TEST_CASE("playback_feed: a growing recording may have no header yet") {
  Fixture f;
  const std::string path = f.dir.write("g.cast", "");
  PlaybackFeed::Options options;
  options.follow = true;
  f.start(Fixture::open(path), options);
  const Fd out(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  REQUIRE(write_all(out.get(), kHeader.substr(0, 10), -1).ok());
  REQUIRE(write_all(out.get(), kHeader.substr(10), -1).ok());
  f.wait_for<PlaybackFeed::CaughtUp>();
  CHECK(f.has<PlaybackFeed::Opened>());
}

TEST_CASE("playback_feed: a recording larger than what is read ahead waits, and comes whole") {
  struct Reluctant final : PlaybackFeed::Listener {
    void on_feed_ready() override {}
    void on_marker_found(std::optional<std::uint64_t> events) override { marker = events; }
    std::optional<std::uint64_t> marker;
  } listener;
  test::TempDir dir;
  uv::Loop loop;
  test::LoopDriver driver(loop);
  std::string cast(kHeader);
  const std::string data(10'000, 'x');
  for (int i = 0; i < 1000; ++i) cast += "[1, \"o\", \"" + data + "\"]\n";
  auto feed = PlaybackFeed::start(
      loop, Fixture::open(dir.write("big.cast", cast + "[2, \"m\", \"\"]\n")), {}, listener);
  REQUIRE(feed.ok());
  // Answered from further behind than is read ahead, so it takes commands while it waits for room.
  (*feed)->find_marker({true, 0, 0});
  driver.run_until([&] { return listener.marker.has_value(); });
  CHECK(listener.marker == 1001);
  std::size_t bytes = 0;
  for (bool ended = false; !ended;) {
    std::optional<PlaybackFeed::Message> message;
    driver.run_until([&] {
      message = (*feed)->take();
      return message.has_value();
    });
    if (const auto* item = std::get_if<PlaybackFeed::Item>(&*message)) bytes += item->data.size();
    ended = std::holds_alternative<PlaybackFeed::Ended>(*message);
  }
  CHECK(bytes == 1000 * data.size());
}

TEST_CASE("playback_feed: what is no recording fails with line and reason") {
  Fixture f;
  f.start(std::string("hello\n"));
  f.driver.run_until([&] { return f.has<PlaybackFeed::Failed>(); });
  CHECK(std::get<PlaybackFeed::Failed>(f.messages.back()).reason.starts_with("line 1: "));
}

TEST_CASE("playback_feed: queries are left out, what the screen shows passes") {
  Fixture f;
  PlaybackFeed::Options options;
  options.policy = ScreenPolicy::local;
  f.start(std::string(kHeader) + "[1, \"o\", \"a\\u001b[6nb\\u001b]52;c;aGk=\\u0007\"]\n", options);
  f.wait_for<PlaybackFeed::Ended>();
  CHECK(f.shown() == "ab\x1b]52;c;aGk=\x07");
}

}  // namespace
}  // namespace asciinemad
