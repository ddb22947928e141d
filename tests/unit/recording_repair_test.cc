#include "daemon/recording_repair.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "common/asciicast_writer.h"
#include "common/fd.h"
#include "tests/support/sanitized.h"
#include "tests/support/temp_dir.h"

namespace asciinemad {
namespace {

std::string header() {
  std::string text;
  append_header_v2(text, {.cols = 80, .rows = 24, .title = std::string(5000, 't')});
  return text;
}

std::string event(std::string_view data) {
  std::string text;
  append_event_v2(text, 1'500'000, EventCode::output, data);
  return text;
}

struct Repaired {
  Errc error = Errc::system;
  std::optional<std::uint64_t> cut;
  std::string content;
};

Repaired repair(std::string_view content, std::uint64_t kept_bytes = 0) {
  const test::TempDir dir;
  const std::string path = dir.write("x.cast", content);
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(fd);
  const auto cut = repair_recording(fd.get(), path, kept_bytes);
  Repaired repaired;
  if (cut.ok()) {
    repaired.cut = *cut;
  } else {
    repaired.error = cut.error().code;
  }
  repaired.content = dir.read("x.cast");
  return repaired;
}

// That `tail` behind a whole recording is what is cut.
void check_tail(std::string_view tail) {
  const std::string whole = header() + event("hello") + event("world");
  const Repaired repaired = repair(whole + std::string(tail));
  CHECK(repaired.cut == tail.size());
  CHECK(repaired.content == whole);
}

}  // namespace

TEST_CASE("what is behind the last whole line is cut off") {
  check_tail("");
  check_tail("[1.5, \"o\", \"hal");
  check_tail(std::string(10'000, '\0'));
  check_tail("[1.5, \"o\", \"ha" + std::string(200'000, '\0'));
  check_tail("[1.5, \"o\", \"ha" + std::string(5, '\0') + "\"]\n");
  check_tail("\n\n \n");
  check_tail("[1.5, \"o\"]\n{}\n[]\n[\"o\", 1, \"x\"]\n");
  check_tail(std::string(300'000, 'x') + "\n" + std::string(70'000, 'y'));
  check_tail("[1.5, \"o\", \"\xff\"]\n");
}

TEST_CASE("a recording cut anywhere is whole up to its last whole line") {
  const std::string whole = header() + event("one") + event("\x1b[1mtwo") + event("three");
  const std::size_t first = header().size();
  for (std::size_t size = first; size <= whole.size(); ++size) {
    const std::string part = whole.substr(0, size);
    const bool lacks_newline_only = size < whole.size() && whole[size] == '\n';
    const Repaired repaired = repair(part);
    REQUIRE(repaired.cut.has_value());
    CHECK(repaired.content == (lacks_newline_only ? part : whole.substr(0, part.rfind('\n') + 1)));
    CHECK(*repaired.cut == part.size() - repaired.content.size());
  }
}

TEST_CASE("a last event without a newline, as editors leave it, is kept") {
  for (const std::string& last : {event("x"), event(std::string(200'000, 'x'))}) {
    const std::string whole = header() + event("one") + last.substr(0, last.size() - 1);
    const Repaired repaired = repair(whole);
    CHECK(repaired.cut == 0);
    CHECK((repaired.content == whole));
  }
}

TEST_CASE("what somebody writes or has replaced is not cut") {
  const test::TempDir dir;
  const std::string damaged = header() + "[1.5";
  const std::string path = dir.write("x.cast", damaged);
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(fd);
  SUBCASE("a writer that came while it was looked at") {
    const Fd writer(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
    CHECK(repair_recording(fd.get(), path, 0).error().code == Errc::busy);
  }
  SUBCASE("another file") {
    const std::string other = dir.write("other.cast", damaged);
    REQUIRE(::rename(other.c_str(), path.c_str()) == 0);
    CHECK(repair_recording(fd.get(), path, 0).error().code == Errc::busy);
  }
  CHECK(dir.read("x.cast") == damaged);
}

TEST_CASE("a whole line behind damage is kept, since readers pass damage over") {
  const std::string whole =
      header() + event("one") + std::string(100'000, '\0') + "\n" + event("two");
  const Repaired repaired = repair(whole + "[2");
  CHECK(repaired.cut == 2);
  CHECK(repaired.content == whole);
}

TEST_CASE("long lines are whole as well") {
  const std::string whole = header() + event("a") + event(std::string(700'000, 'x'));
  CHECK((repair(whole + std::string(150'000, '\0')).content == whole));
  // Each half of such a line is none.
  const std::string half = event(std::string(700'000, 'x')).substr(0, 300'000);
  CHECK((repair(whole + half).content == whole));
}

TEST_CASE("without events the header is left") {
  CHECK(repair(header() + std::string(9, '\0')).content == header());
  CHECK(repair(header()).cut == 0);
}

TEST_CASE("what was there before the session is never cut") {
  const std::string old = header() + event("old") + "not ours";
  const Repaired repaired = repair(old + "\n[1.0, ", old.size());
  CHECK(repaired.content == old);
  const std::string more = old + "\n" + event("new");
  CHECK(repair(more + "[1.0, ", old.size()).content == more);
}

TEST_CASE("what is no recording stays as it is") {
  std::string v3 = "{\"version\": 3, \"term\": {\"cols\": 80, \"rows\": 24}}\n[0.1, \"o\", ";
  for (const std::string& content :
       {std::string(), std::string("hello\nworld"), header().substr(0, 40),
        std::string(100'000, '\0'), std::string(5 << 20, 'x'), v3}) {
    const Repaired repaired = repair(content);
    CHECK(!repaired.cut.has_value());
    CHECK(repaired.error == Errc::invalid_data);
    CHECK((repaired.content == content));
  }
  const std::string short_one = header() + "[1.0";
  CHECK(repair(short_one, short_one.size() + 1).error == Errc::invalid_data);
  CHECK(repair(short_one, short_one.size() + 1).content == short_one);
  auto pipe = make_pipe();
  REQUIRE(pipe.ok());
  CHECK(repair_recording(pipe->read_end.get(), "", 0).error().code == Errc::invalid_data);
}

TEST_CASE("many megabytes of zeros and of garbage lines take no time") {
  const std::string whole = header() + event("one");
  const std::size_t size = std::size_t{test::kSanitized ? 1U : 16U} << 20;
  for (const char garbage : {'\0', '\n'}) {
    const auto begin = std::chrono::steady_clock::now();
    const Repaired repaired = repair(whole + std::string(size, garbage));
    CHECK((repaired.content == whole));
    // Far from what looking at each line by itself with a read would take.
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));
  }
}

}  // namespace asciinemad
