#include "common/asciicast_convert.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "common/asciicast_reader.h"
#include "tests/support/recording_source.h"

using namespace std::string_literals;
using asciinemad::make_asciicast_writer;
using asciinemad::RecordingEvent;
using asciinemad::RecordingHeader;
using asciinemad::RecordingReader;
using asciinemad::test::TextSource;

namespace {

struct Event {
  std::uint64_t at_us = 0;
  std::string code;
  std::string data;
  bool operator==(const Event&) const = default;
};

struct Recording {
  RecordingHeader header;
  std::vector<Event> events;
};

std::string write(int version, const Recording& recording) {
  const auto writer = make_asciicast_writer(version);
  std::string out;
  writer->header(recording.header, out);
  for (const Event& event : recording.events) {
    writer->event({event.at_us, event.code, event.data, 0}, out);
  }
  writer->end(out);
  return out;
}

// Without a bad line, or the test fails.
Recording read(std::string_view text) {
  TextSource source(text);
  RecordingReader reader(source);
  const auto opened = reader.open();
  INFO("reading: ", std::string(text.substr(0, 1000)));
  REQUIRE(opened.ok());
  Recording recording;
  recording.header = reader.header();
  for (;;) {
    const auto event = reader.next();
    REQUIRE(event.ok());
    if (!event.value().has_value()) break;
    const RecordingEvent& found = *event.value();
    recording.events.push_back({found.at_us, std::string(found.code), std::string(found.data)});
  }
  CHECK(reader.damage().bad_lines == 0);
  CHECK_FALSE(reader.damage().cut.has_value());
  return recording;
}

Recording sample() {
  Recording recording;
  recording.header.version = 2;
  recording.header.cols = 80;
  recording.header.rows = 24;
  return recording;
}

RecordingHeader full_header() {
  RecordingHeader header = sample().header;
  header.timestamp = 1700000000;
  header.duration_s = 12.5;
  header.idle_time_limit_s = 2;
  header.command = "htop -d \"1\"";
  header.title = "zażółć";
  header.env = {{"SHELL", "/bin/bash"}, {"GONE", std::nullopt}, {"TERM", "xterm"}};
  header.theme_json = R"({"fg":"#ffffff","bg":"#000000"})";
  header.tags_json = R"(["a","b"])";
  header.unknown_keys = {{"x-origin", "{\n \"by\": 1\r\n}"}, {"empty", R"("")"}};
  return header;
}

std::string lines_of(int version, std::vector<Event> events) {
  Recording recording = sample();
  recording.events = std::move(events);
  const std::string text = write(version, recording);
  return text.substr(text.find('\n') + 1);
}

}  // namespace

TEST_CASE("asciicast_convert: a v2 header as asciinema 2 writes it, unknown keys behind") {
  CHECK(write(2, {full_header(), {}}) ==
        R"({"version": 2, "width": 80, "height": 24, "timestamp": 1700000000, "duration": 12.5, )"
        R"("idle_time_limit": 2.0, "command": "htop -d \"1\"", "title": "zażółć", )"
        R"("env": {"SHELL": "/bin/bash", "TERM": "xterm"}, )"
        R"("theme": {"fg":"#ffffff","bg":"#000000"}, "tags": ["a","b"], )"
        R"("x-origin": {  "by": 1  }, "empty": ""})"
        "\n");
  CHECK(write(2, sample()) == "{\"version\": 2, \"width\": 80, \"height\": 24}\n");
}

TEST_CASE("asciicast_convert: a v3 header as asciinema 3 writes it, unknown keys behind") {
  CHECK(write(3, {full_header(), {}}) ==
        R"({"version":3,"term":{"cols":80,"rows":24,"type":"xterm",)"
        R"("theme":{"fg":"#ffffff","bg":"#000000"}},"timestamp":1700000000,"duration":12.5,)"
        R"("idle_time_limit":2.0,"command":"htop -d \"1\"","title":"zażółć",)"
        R"("env":{"SHELL":"/bin/bash","TERM":"xterm"},"tags":["a","b"],)"
        R"("x-origin":{  "by": 1  },"empty":""})"
        "\n");
  CHECK(write(3, sample()) == "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24}}\n");
}

TEST_CASE("asciicast_convert: the terminal's type and version of v3") {
  Recording recording = sample();
  recording.header.version = 3;
  recording.header.term_type = "xterm-kitty";
  recording.header.term_version = "kitty 0.32";
  CHECK(write(3, recording) == R"({"version":3,"term":{"cols":80,"rows":24,"type":"xterm-kitty",)"
                               R"("version":"kitty 0.32"}})"
                               "\n");
  CHECK(write(2, recording) ==
        R"({"version": 2, "width": 80, "height": 24, "env": {"TERM": "xterm-kitty"}})"
        "\n");
  recording.header.env = {{"TERM", "screen"}};
  CHECK(write(2, recording) ==
        R"({"version": 2, "width": 80, "height": 24, "env": {"TERM": "screen"}})"
        "\n");
}

TEST_CASE("asciicast_convert: no env when all of its values are null") {
  Recording recording = sample();
  recording.header.env = {{"SHELL", std::nullopt}};
  for (const int version : {1, 2, 3}) {
    CHECK(write(version, recording).find("env") == std::string::npos);
  }
}

TEST_CASE("asciicast_convert: an unknown key never gets in the way of a known one") {
  Recording recording = sample();
  recording.header.unknown_keys = {
      {"term", "1"}, {"width", "2"}, {"stdout", "3"}, {"version", "4"}, {"other", "5"}};
  CHECK(write(2, recording) ==
        R"({"version": 2, "width": 80, "height": 24, "term": 1, "stdout": 3, "other": 5})"
        "\n");
  CHECK(write(3, recording) ==
        R"({"version":3,"term":{"cols":80,"rows":24},"width":2,"stdout":3,"other":5})"
        "\n");
  CHECK(write(1, recording) ==
        R"({"version": 1, "width": 80, "height": 24, "term": 1, "other": 5, "stdout": [)"
        "\n], \"duration\": 0.000000}\n");
}

TEST_CASE("asciicast_convert: events of v2") {
  CHECK(lines_of(2, {{0, "o", "a\r\n\x1b[0mż\"\\"},
                     {1'234'567, "i", ""},
                     {60'000'000, "m", "chapter"},
                     {60'000'001, "x", "13"},
                     {9'007'199'254'740'992, "long code\"", "\x01"}}) ==
        "[0.000000, \"o\", \"a\\r\\n\\u001b[0mż\\\"\\\\\"]\n"
        "[1.234567, \"i\", \"\"]\n"
        "[60.000000, \"m\", \"chapter\"]\n"
        "[60.000001, \"x\", \"13\"]\n"
        "[9007199254.740992, \"long code\\\"\", \"\\u0001\"]\n");
}

TEST_CASE("asciicast_convert: events of v3 carry what rounding leaves") {
  CHECK(lines_of(3, {{400, "o", "a"}, {800, "o", "b"}, {1'200, "o", "c"}, {1'600, "r", "8x9"}}) ==
        "[0.000, \"o\", \"a\"]\n[0.001, \"o\", \"b\"]\n[0.000, \"o\", \"c\"]\n"
        "[0.001, \"r\", \"8x9\"]\n");
}

TEST_CASE("asciicast_convert: time that runs backwards stands still in v3") {
  CHECK(lines_of(3, {{5'000'000, "o", "a"}, {3'000'000, "o", "b"}, {6'000'000, "o", "c"}}) ==
        "[5.000, \"o\", \"a\"]\n[0.000, \"o\", \"b\"]\n[1.000, \"o\", \"c\"]\n");
  CHECK(lines_of(2, {{5'000'000, "o", "a"}, {3'000'000, "o", "b"}}) ==
        "[5.000000, \"o\", \"a\"]\n[3.000000, \"o\", \"b\"]\n");
}

TEST_CASE("asciicast_convert: v1 has output only, delays, and its duration at the end") {
  Recording recording = sample();
  recording.header = full_header();
  recording.events = {{1'000'000, "o", "a\""},
                      {1'500'000, "i", "k"},
                      {2'250'000, "o", "b"},
                      {2'000'000, "o", "c"},
                      {3'000'000, "m", ""}};
  CHECK(write(1, recording) ==
        R"({"version": 1, "width": 80, "height": 24, "timestamp": 1700000000, )"
        R"("command": "htop -d \"1\"", "title": "zażółć", )"
        R"("env": {"SHELL": "/bin/bash", "TERM": "xterm"}, )"
        R"("theme": {"fg":"#ffffff","bg":"#000000"}, "tags": ["a","b"], )"
        R"("x-origin": {  "by": 1  }, "empty": "", "stdout": [)"
        "\n[1.000000, \"a\\\"\"],\n[1.250000, \"b\"],\n[0.000000, \"c\"]\n"
        "], \"duration\": 3.000000}\n");
}

TEST_CASE("asciicast_convert: rounding errors do not add up in a million events") {
  std::minstd_rand random(1);
  const auto writer = make_asciicast_writer(3);
  std::string line;
  writer->header(sample().header, line);
  std::uint64_t at_us = 0;
  std::uint64_t reconstructed_us = 0;
  std::uint64_t worst_us = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    // Mostly less than what v3 can tell apart.
    at_us += random() % (random() % 10 == 0 ? 100'000 : 900);
    line.clear();
    writer->event({at_us, "o", "", 0}, line);
    // "[S.mmm, "
    char* end = nullptr;
    const std::uint64_t seconds = std::strtoull(line.c_str() + 1, &end, 10);
    const std::uint64_t milliseconds = std::strtoull(end + 1, &end, 10);
    reconstructed_us += seconds * 1'000'000 + milliseconds * 1000;
    worst_us = std::max(
        worst_us, reconstructed_us > at_us ? reconstructed_us - at_us : at_us - reconstructed_us);
  }
  CHECK(worst_us <= 500);
}

TEST_CASE("asciicast_convert: v2 to v3 and back keeps events, and times to the millisecond") {
  std::minstd_rand random(7);
  const std::vector<std::string> codes = {"o", "o", "o", "i", "m", "r", "x", "", "z", "new \"code"};
  const std::vector<std::string> data = {
      "", "plain", "\x1b[31mred\r\n", "żółw 🐢", "\"\\\b\f", "\0\x1f\x7f"s, "80x24"};
  Recording original = sample();
  original.header = full_header();
  std::uint64_t at_us = 0;
  for (int i = 0; i < 5000; ++i) {
    at_us += random() % 3000;
    original.events.push_back(
        {at_us, codes[random() % codes.size()], data[random() % data.size()]});
  }
  const Recording v2 = read(write(2, original));
  CHECK((v2.events == original.events));
  const Recording v3 = read(write(3, v2));
  const Recording back = read(write(2, v3));
  REQUIRE(back.events.size() == original.events.size());
  for (std::size_t i = 0; i < back.events.size(); ++i) {
    CAPTURE(i);
    REQUIRE(back.events[i].code == original.events[i].code);
    REQUIRE(back.events[i].data == original.events[i].data);
    const auto difference =
        static_cast<std::int64_t>(back.events[i].at_us - original.events[i].at_us);
    REQUIRE(std::abs(difference) <= 500);
  }
  RecordingHeader expected = full_header();
  std::erase_if(expected.env, [](const auto& variable) { return !variable.second.has_value(); });
  CHECK(back.header.timestamp == expected.timestamp);
  CHECK(back.header.duration_s == expected.duration_s);
  CHECK(back.header.idle_time_limit_s == expected.idle_time_limit_s);
  CHECK(back.header.command == expected.command);
  CHECK(back.header.title == expected.title);
  CHECK((back.header.env == expected.env));
  CHECK(back.header.unknown_keys.size() >= expected.unknown_keys.size());
}

TEST_CASE("asciicast_convert: v1 that was written can be read") {
  Recording original = sample();
  original.events = {{1'000'001, "o", "a\r\n"}, {1'000'001, "o", "ż"}, {7'000'000, "o", ""}};
  const std::string text = write(1, original);
  const Recording back = read(text);
  CHECK(back.header.version == 1);
  CHECK(back.header.cols == 80);
  CHECK(back.header.duration_s == 7.0);
  CHECK((back.events == original.events));
  // What looks at the first line only knows it, too.
  const auto info = asciinemad::parse_header(text.substr(0, text.find('\n')));
  REQUIRE(info.ok());
  CHECK(info.value().version == 1);
  CHECK(read(write(1, sample())).events.empty());
}
