#include "common/recording_reader.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/recording_source.h"

using asciinemad::Errc;
using asciinemad::RecordingDamage;
using asciinemad::RecordingReader;
using asciinemad::test::owned;
using asciinemad::test::OwnedEvent;
using asciinemad::test::read_recording;
using asciinemad::test::TextSource;
using namespace std::string_view_literals;

namespace {

using Growth = RecordingReader::Growth;
using Position = RecordingReader::Position;

constexpr std::string_view kHeader = "{\"version\": 2, \"width\": 80, \"height\": 24}\n";

constexpr std::string_view kV1 =
    "{\"version\": 1, \"width\": 80, \"height\": 24, \"stdout\": [[0.5, \"a\"],\n [1, \"\\ud800\"],"
    "\n5, [0.25 , \"\\\"]\"], [1.5, \"d\"]], \"title\": \"x\"}\n";
constexpr std::string_view kV2 =
    "{\"version\": 2, \"width\": 80, \"height\": 24}\n"
    "[0.5, \"o\", \"a\\u001b[0m\"]\n[0.25 , \"o\", \"b\"]\r\n\nbad\n[2.5, \"i\", \"\\ud800\"]\n"
    "# comment\n[3, \"m\", \"ż\"]\n[4.125, \"r\", \"80x25\"]\n";
constexpr std::string_view kV3 =
    "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24}}\n"
    "[0.5, \"o\", \"a\"]\n#\n[0.25, \"o\", \"b\"]\n\nbad\n[1.0000005, \"i\", \"\"]\n"
    "[0.001, \"x\", \"1\"]\n";
constexpr std::string_view kAll[] = {kV1, kV2, kV3};

struct Opened {
  Errc errc = Errc::system;
  std::string message = "(none)";
};

Opened open_failure(std::string_view text, Growth growth = Growth::finished) {
  TextSource source(text);
  RecordingReader reader(source, growth);
  const auto status = reader.open();
  if (status.ok()) return {};
  return {status.error().code, status.error().message};
}

std::string v2_header(std::string_view members) {
  return "{\"version\": 2, " + std::string(members) + "}\n";
}

// Where each event of `text` ends: what a recording that is cut there, or later, must have.
std::size_t whole_events(std::string_view text, std::size_t cut) {
  // The last byte of an event is its bracket, and no text above has one behind a quote elsewhere.
  std::size_t count = 0;
  for (std::size_t at = text.find("\"]"); at != std::string_view::npos && at + 2 <= cut;
       at = text.find("\"]", at + 1)) {
    if (text[at - 1] != '\\') ++count;
  }
  return count;
}

std::vector<OwnedEvent> remaining_events(RecordingReader& reader) {
  std::vector<OwnedEvent> events;
  while (true) {
    const auto event = reader.next();
    REQUIRE(event.ok());
    if (!*event) return events;
    events.push_back(owned(**event));
  }
}

}  // namespace

TEST_CASE("recording_reader: what is no recording") {
  struct Case {
    std::string text;
    std::string message;
    Errc errc = Errc::invalid_data;
  };
  const std::string no_version = "line 1: not an asciicast recording";
  const Case cases[] = {
      {"", "line 1: the file is empty"},
      {"\xEF\xBB\xBF", "line 1: the file is empty"},
      {"\n \r\n", "line 3: the file is empty"},
      {"hello", no_version},
      {"\n\n[1.0, \"o\", \"x\"]\n", "line 3: not an asciicast recording"},
      {"{}\n", no_version},
      {"{nonsense}\n", no_version},
      {"{\"name\": \"package\",\n \"main\": 1}\n", no_version},
      {"{", "line 1: the header is cut"},
      {"{\"version\": 2, \"width\": 80, \"hei", "line 1: the header is cut"},
      {"{\"version\": 2, \"width\": 80, \"hei\n", "line 1: the header is not valid JSON"},
      {"{\"version\": 2, \"width\": 80, \"height\": 24} x\n",
       "line 1: the header is not valid JSON"},
      {v2_header("\"width\": 80, \"height\": 24, \"x\": tru"),
       "line 1: the header is not valid JSON"},
      {v2_header("\"width\": 80, \"height\": 24, \"x\": \"\xFF\""),
       "line 1: the header is not valid UTF-8"},
      {v2_header("\"height\": 24"), "line 1: header has no valid \"width\""},
      {v2_header("\"width\": 0, \"height\": 24"), "line 1: header has no valid \"width\""},
      {v2_header("\"width\": 80, \"height\": 65536"), "line 1: header has no valid \"height\""},
      {v2_header("\"width\": 80, \"height\": \"24\""), "line 1: header has no valid \"height\""},
      {"{\"version\": 3, \"width\": 80, \"height\": 24}", "line 1: header has no valid \"cols\""},
      {"{\"version\": 3, \"term\": 5}", "line 1: header has no valid \"term\""},
      {"{\"version\": 1, \"width\": 80}", "line 1: header has no valid \"height\""},
      {"{\"version\": \"2\"}", "line 1: header has no valid \"version\""},
      {"{\"version\": 0}", "line 1: header has no valid \"version\""},
      {"\n{\"version\": 4}", "line 2: asciicast version 4 is newer than this program",
       Errc::unsupported},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    const auto failure = open_failure(c.text);
    CHECK(failure.message == c.message);
    CHECK(failure.errc == c.errc);
  }
}

TEST_CASE("recording_reader: deep nesting and NULs do no harm") {
  for (const char bracket : {'[', '{'}) {
    const std::string deep(1000000, bracket);
    CHECK(open_failure(deep).errc == Errc::invalid_data);
    CHECK(open_failure("{\"version\": 2, \"x\": " + deep + "}\n").errc == Errc::invalid_data);
    const auto read = read_recording(std::string(kHeader) + deep + "\n[1, \"o\", \"x\"]\n");
    CHECK(read.damage.bad_lines == 1);
    CHECK(read.events.size() == 1);
  }
  CHECK(open_failure(std::string(1000, '\0')).errc == Errc::invalid_data);
}

TEST_CASE("recording_reader: a recording cut at any byte has its whole events") {
  for (const std::string_view text : kAll) {
    const auto whole = read_recording(text);
    REQUIRE(whole.error.empty());
    REQUIRE(whole.events.size() == whole_events(text, text.size()));
    const std::size_t header_end = text.find('}') + (text == kV3 ? 2 : 1);
    const std::size_t readable_from = text == kV1 ? text.find(", \"stdout\"") + 1 : header_end;
    for (std::size_t cut = 0; cut < text.size(); ++cut) {
      CAPTURE(text.substr(0, cut));
      const auto read = read_recording(text.substr(0, cut));
      if (cut < readable_from) {
        CHECK(read.errc == Errc::invalid_data);
        CHECK(read.error.starts_with("line 1: "));
        continue;
      }
      CHECK(read.error.empty());
      const std::size_t count = whole_events(text, cut);
      REQUIRE(read.events.size() == count);
      for (std::size_t i = 0; i < count; ++i) CHECK(read.events[i] == whole.events[i]);
      // Damage, unless nothing but the last newline is missing or the cut is between lines.
      const std::string_view last = text.substr(0, cut).substr(text.substr(0, cut).rfind('\n') + 1);
      const bool between = last.empty() || last.starts_with('#') || last == "\r" ||
                           last.ends_with("\"]") || last.ends_with("\"]\r") || cut == header_end;
      CHECK(read.damage.cut.has_value() == (text == kV1 ? cut + 1 < text.size() : !between));
    }
  }
}

TEST_CASE("recording_reader: resuming at each position gives the same events") {
  for (const std::string_view text : kAll) {
    const auto whole = read_recording(text);
    TextSource other_source(text, 5);
    RecordingReader other(other_source);
    REQUIRE(other.open().ok());
    for (std::size_t i = whole.positions.size(); i-- > 0;) {
      CAPTURE(i);
      const Position& position = whole.positions[i];
      if (text != kV1) other_source.seek(position.offset);
      REQUIRE(other.resume_at(position).ok());
      CHECK(remaining_events(other) ==
            std::vector<OwnedEvent>(whole.events.begin() + static_cast<std::ptrdiff_t>(i),
                                    whole.events.end()));
    }
    // Forward, from the first event.
    const Position& last = whole.positions[whole.positions.size() - 2];
    if (text != kV1) other_source.seek(whole.positions[0].offset);
    REQUIRE(other.resume_at(whole.positions[0]).ok());
    REQUIRE(other.next().ok());
    if (text != kV1) other_source.seek(last.offset);
    REQUIRE(other.resume_at(last).ok());
    CHECK(remaining_events(other).size() == 1);
  }
}

TEST_CASE("recording_reader: damage is not counted again after resuming") {
  for (const std::string_view text : kAll) {
    TextSource source(text);
    RecordingReader reader(source);
    REQUIRE(reader.open().ok());
    const Position start = reader.position();
    for (int round = 0; round < 3; ++round) {
      remaining_events(reader);
      CHECK(reader.damage().bad_lines == 1);
      CHECK(reader.damage().first_bad.size() == 1);
      source.seek(start.offset);
      REQUIRE(reader.resume_at(start).ok());
    }
  }
}

TEST_CASE("recording_reader: only the first bad lines are listed") {
  std::string text(kHeader);
  for (int i = 0; i < 20; ++i) text += "x\n";
  const auto read = read_recording(text + "[1, \"o\", \"good\"]\n");
  CHECK(read.events.size() == 1);
  CHECK(read.damage.bad_lines == 20);
  REQUIRE(read.damage.first_bad.size() == RecordingDamage::kMaxListed);
  CHECK(read.damage.first_bad.back().line == 9);
}

TEST_CASE("recording_reader: a growing recording, byte by byte") {
  for (const std::string_view text : kAll) {
    const auto whole = read_recording(text);
    TextSource source("");
    RecordingReader reader(source, Growth::growing);
    bool opened = false;
    std::vector<OwnedEvent> events;
    for (std::size_t size = 1; size <= text.size(); ++size) {
      CAPTURE(text.substr(0, size));
      source.append(text.substr(size - 1, 1));
      if (!opened) {
        const auto status = reader.open();
        opened = status.ok();
        if (!opened) REQUIRE(status.error().code == Errc::unavailable);
      }
      if (!opened) continue;
      for (const auto& event : remaining_events(reader)) {
        CHECK((text == kV1 || text[size - 1] == '\n'));
        events.push_back(event);
      }
    }
    CHECK(events == whole.events);
    CHECK(reader.damage().bad_lines == whole.damage.bad_lines);
    CHECK(!reader.damage().cut);
  }
}

TEST_CASE("recording_reader: intervals of v3 add up exactly") {
  std::string text = "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24}}\n";
  for (int i = 0; i < 100000; ++i) text += "[0.001, \"o\", \"\"]\n";
  const auto read = read_recording(text);
  REQUIRE(read.events.size() == 100000);
  CHECK(read.events.back().at_us == 100000000);

  const auto late = read_recording(text.substr(0, text.find('\n') + 1) +
                                   "[9e9, \"o\", \"\"]\n[1e3, \"o\", \"\"]\n[9e9, \"o\", \"\"]\n");
  CHECK(late.events.size() == 2);
  CHECK(late.damage.bad_lines == 1);
}
