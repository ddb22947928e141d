#include "common/asciicast_reader.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using asciinemad::AsciicastHeaderInfo;
using asciinemad::Errc;
using asciinemad::find_tail;
using asciinemad::parse_event;
using asciinemad::parse_header;
using asciinemad::Tail;
using namespace std::string_view_literals;

namespace {

constexpr std::string_view kHeader = "{\"version\": 2, \"width\": 80, \"height\": 24}\n";

AsciicastHeaderInfo header_of(std::string_view line) {
  CAPTURE(line);
  const auto header = parse_header(line);
  REQUIRE(header.ok());
  return *header;
}

Tail tail_of(std::string_view part) {
  CAPTURE(part);
  const auto tail = find_tail(part);
  REQUIRE(tail.ok());
  return *tail;
}

}  // namespace

TEST_CASE("asciicast_reader: headers of each version") {
  const auto v1 = header_of(R"({"version": 1, "width": 80, "height": 24, "duration": 1.5,
      "command": null, "title": null, "env": {"TERM": null}, "stdout": [[0.1, "a"]]})");
  CHECK(v1.version == 1);
  CHECK(v1.cols == 80);
  CHECK(v1.rows == 24);
  CHECK(v1.whole);

  const auto v2 = header_of(
      "{\"version\": 2, \"width\": 132, \"height\": 50, \"timestamp\": 1.5e9, \"title\": null, "
      "\"env\": {\"SHELL\": null}, \"theme\": null, \"something new\": [{}]}\r\n");
  CHECK(v2.version == 2);
  CHECK(v2.cols == 132);
  CHECK(v2.rows == 50);
  CHECK(v2.whole);

  const auto v3 =
      header_of(R"({"version":3,"term":{"cols":90,"rows":30,"type":null},"tags":null})");
  CHECK(v3.version == 3);
  CHECK(v3.cols == 90);
  CHECK(v3.rows == 30);
}

TEST_CASE("asciicast_reader: the first line of a version 1 document on many lines") {
  for (const auto line : {"{"sv, " {\r\n"sv, "{\"version\": 1,\n"sv,
                          R"({ "width": 80, "version" : 1 , "height")"sv, R"({"version":1)"sv}) {
    const auto header = header_of(line);
    CHECK(header.version == 1);
    CHECK(!header.whole);
    CHECK(header.cols == 0);
  }
}

TEST_CASE("asciicast_reader: what is not a header") {
  for (const auto line : {""sv,
                          "\n"sv,
                          "hello"sv,
                          "[1.0, \"o\", \"x\"]"sv,
                          "{}"sv,
                          "{\"a\": 1}"sv,
                          "{\"a\": 1,"sv,
                          "{\"version\": 2, \"wid"sv,
                          "{\"version\": 12,"sv,
                          "{\"version\""sv,
                          "{\"version\":"sv,
                          "{\"version\" 1"sv,
                          "{\"version\": \"2\", \"width\": 1, \"height\": 1}"sv,
                          "{\"version\": null, \"width\": 1, \"height\": 1}"sv,
                          "{\"version\": 0, \"width\": 1, \"height\": 1}"sv,
                          "{\"version\": -2, \"width\": 1, \"height\": 1}"sv,
                          "{\"version\": 2, \"width\": 80}"sv,
                          "{\"version\": 2, \"width\": null, \"height\": 24}"sv,
                          "{\"version\": 2, \"width\": -1, \"height\": 24}"sv,
                          "{\"version\": 2, \"width\": 80, \"height\": 65536}"sv,
                          "{\"version\": 3, \"width\": 80, \"height\": 24}"sv,
                          "{\"version\": 3, \"term\": {\"cols\": 80}}"sv,
                          "{\"version\": 3, \"term\": null}"sv,
                          "{\"version\": 2, \"width\": 80, \"height\": 24, \"title\": \"\xFF\"}"sv,
                          "{\"version\": 2, \"width\": 80, \"height\": 24} x"sv,
                          "\x1f\x8b\x08\0\0"sv}) {
    CAPTURE(line);
    const auto header = parse_header(line);
    REQUIRE(!header.ok());
    CHECK(header.error().code == Errc::invalid_data);
    CHECK(!header.error().message.empty());
  }
  const auto newer = parse_header(R"({"version": 4, "new": {}})");
  REQUIRE(!newer.ok());
  CHECK(newer.error().code == Errc::unsupported);
  CHECK(newer.error().message == "asciicast version 4");
}

TEST_CASE("asciicast_reader: nesting without end is refused") {
  CHECK(!parse_header("{\"a\":" + std::string(100000, '[')).ok());
  const std::string nested = std::string(5000, '[') + std::string(5000, ']');
  CHECK(!parse_header("{\"version\":2,\"width\":1,\"height\":1,\"a\":" + nested + "}").ok());
  CHECK(!parse_event(nested).ok());
}

TEST_CASE("asciicast_reader: events") {
  const auto event = parse_event("[1.234567, \"o\", \"a\\u001b\\u00e9\u6f22\\n\"]\n");
  REQUIRE(event.ok());
  CHECK(event->time_us == 1234567);
  CHECK(event->code == "o");
  CHECK(event->data == "a\x1b\u00e9\u6f22\n");

  CHECK(parse_event("[0,\"x\",\"13\"]")->code == "x");
  CHECK(parse_event(R"([3, "brand-new", ""])")->code == "brand-new");
  CHECK(parse_event(R"([3, "o", ""])")->time_us == 3000000);
  CHECK(parse_event(R"([-0.0, "o", ""])")->time_us == 0);
  CHECK(parse_event(R"([1e-6, "o", ""])")->time_us == 1);
  CHECK(parse_event(R"([0.0000004, "o", ""])")->time_us == 0);
  CHECK(parse_event(R"([8000000000.000001, "o", ""])")->time_us == 8000000000000001);
  CHECK(parse_event(R"([0, "o", "a\u0000b"])")->data == "a\0b"sv);
  CHECK(parse_event(R"([0, "o", "\ud83d\ude00"])")->data == "\U0001F600");
}

TEST_CASE("asciicast_reader: what is not an event") {
  for (const auto line : {""sv,
                          " \n"sv,
                          "x"sv,
                          "{}"sv,
                          "[]"sv,
                          "[1, \"o\"]"sv,
                          "[1, \"o\", \"x\", 1]"sv,
                          "[\"1\", \"o\", \"x\"]"sv,
                          "[null, \"o\", \"x\"]"sv,
                          "[-1, \"o\", \"x\"]"sv,
                          "[-0.001, \"o\", \"x\"]"sv,
                          "[NaN, \"o\", \"x\"]"sv,
                          "[Infinity, \"o\", \"x\"]"sv,
                          "[1e300, \"o\", \"x\"]"sv,
                          "[1e999, \"o\", \"x\"]"sv,
                          "[99999999999999999999, \"o\", \"x\"]"sv,
                          "[9007199255, \"o\", \"x\"]"sv,
                          "[1, 2, \"x\"]"sv,
                          "[1, \"o\", 2]"sv,
                          "[1, \"o\", null]"sv,
                          "[1, \"o\", [\"x\"]]"sv,
                          "[1, \"o\", \"x\"] [2, \"o\", \"y\"]"sv,
                          "[1, \"o\", \"x\"],"sv,
                          "[1, \"o\", \"x"sv,
                          "[1, \"o\", \"x\xFF\"]"sv,
                          "[1, \"o\", \"\\ud83d\"]"sv,
                          "[1, \"o\", \"a\nb\"]"sv,
                          "[1, \"o\", \"x\"]\0"sv,
                          "# comment"sv}) {
    CAPTURE(line);
    const auto event = parse_event(line);
    REQUIRE(!event.ok());
    CHECK(event.error().code == Errc::invalid_data);
  }
}

TEST_CASE("asciicast_reader: tail of an undamaged file") {
  const std::string file = std::string(kHeader) + "[0.5, \"o\", \"a\"]\n[1.5, \"o\", \"b\"]\n";
  for (const auto blanks : {""sv, "\n"sv, "\r\n \t\n"sv, "  "sv}) {
    const auto tail = tail_of(file + std::string(blanks));
    CHECK(tail.whole_bytes == file.size());
    CHECK(tail.last_time_us == 1500000);
    CHECK(!tail.cut);
    CHECK(!tail.needs_newline);
  }
  const auto tail = tail_of(std::string_view(file).substr(kHeader.size()));
  CHECK(tail.whole_bytes == file.size() - kHeader.size());
}

TEST_CASE("asciicast_reader: tail of a file with only a header") {
  const auto tail = tail_of(kHeader);
  CHECK(tail.whole_bytes == kHeader.size());
  CHECK(tail.last_time_us == 0);
  CHECK(!tail.cut);
  CHECK(!tail.needs_newline);
  CHECK(tail_of(kHeader.substr(0, kHeader.size() - 1)).needs_newline);
}

TEST_CASE("asciicast_reader: a file cut at every byte has a tail") {
  const std::string first = std::string(kHeader) + "[0.500000, \"o\", \"a\u00e9\"]\n";
  const std::string file = first + "[1.500000, \"o\", \"b\\u001b[\u6f22\"]\n";
  for (std::size_t size = kHeader.size() - 1; size <= file.size(); ++size) {
    const auto tail = tail_of(std::string_view(file).substr(0, size));
    const bool has_second = size >= file.size() - 1;
    const bool has_first = size >= first.size() - 1;
    CHECK(tail.last_time_us == (has_second ? 1500000U : has_first ? 500000U : 0U));
    CHECK(tail.needs_newline ==
          (size == kHeader.size() - 1 || size == first.size() - 1 || size == file.size() - 1));
    CHECK(tail.cut == (tail.whole_bytes != size));
    CHECK(tail.whole_bytes == (has_second               ? size
                               : size >= first.size()   ? first.size()
                               : has_first              ? first.size() - 1
                               : size >= kHeader.size() ? kHeader.size()
                                                        : kHeader.size() - 1));
  }
}

TEST_CASE("asciicast_reader: tail behind which there is damage") {
  const std::string whole = "[0.5, \"o\", \"a\"]\n";
  for (const auto damage : {"[1.5, \"o\", \"b"sv, "[1.5, \"o\"]\n"sv, "garbage\n\n[2.5"sv,
                            "\0\0\0\0\0\0"sv, "[-1, \"o\", \"x\"]\n\n"sv}) {
    const auto tail = tail_of(whole + std::string(damage));
    CHECK(tail.whole_bytes == whole.size());
    CHECK(tail.last_time_us == 500000);
    CHECK(tail.cut);
    CHECK(!tail.needs_newline);
  }
}

TEST_CASE("asciicast_reader: no tail") {
  for (const auto part :
       {""sv, "\n\n"sv, "[1.5, \"o\", \"b"sv, "hello\nworld\n"sv,
        "{\"version\": 3, \"term\": {\"cols\": 80, \"rows\": 24}}\n"sv, "{\n  \"version\": 1,\n"sv,
        "x\n{\"version\": 2, \"width\": 80, \"height\": 24}\n"sv}) {
    CAPTURE(part);
    const auto tail = find_tail(part);
    REQUIRE(!tail.ok());
    CHECK(tail.error().code == Errc::invalid_data);
  }
}
