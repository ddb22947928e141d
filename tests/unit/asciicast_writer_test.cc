#include "common/asciicast_writer.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

using asciinemad::AsciicastHeader;
using asciinemad::EventCode;

namespace {

std::string header_line(const AsciicastHeader& header) {
  std::string out;
  asciinemad::append_header_v2(out, header);
  return out;
}

std::string event_line(std::uint64_t at_us, EventCode code, std::string_view text) {
  std::string out;
  asciinemad::append_event_v2(out, at_us, code, text);
  return out;
}

std::string limit_written(double limit) {
  const std::string line = header_line({.cols = 1, .rows = 1, .idle_time_limit = limit});
  constexpr std::string_view kBefore = R"({"version": 2, "width": 1, "height": 1, )";
  constexpr std::string_view kKey = R"("idle_time_limit": )";
  REQUIRE(line.substr(0, kBefore.size()) == kBefore);
  REQUIRE(line.substr(kBefore.size(), kKey.size()) == kKey);
  const auto begin = kBefore.size() + kKey.size();
  return line.substr(begin, line.size() - begin - 2);
}

}  // namespace

TEST_CASE("asciicast_writer: header with everything") {
  const AsciicastHeader header{.cols = 80,
                               .rows = 24,
                               .timestamp = 1700000000,
                               .idle_time_limit = 2.5,
                               .command = "htop -d \"1\"",
                               .title = "x",
                               .env = {{"SHELL", "/bin/bash"}, {"TERM", "xterm"}}};
  CHECK(header_line(header) ==
        R"({"version": 2, "width": 80, "height": 24, "timestamp": 1700000000, )"
        R"("idle_time_limit": 2.5, "command": "htop -d \"1\"", )"
        R"("env": {"SHELL": "/bin/bash", "TERM": "xterm"}, "title": "x"})"
        "\n");
}

TEST_CASE("asciicast_writer: what is absent is left out") {
  CHECK(header_line({.cols = 132, .rows = 50}) ==
        "{\"version\": 2, \"width\": 132, \"height\": 50}\n");
  CHECK(header_line({.cols = 1, .rows = 2, .title = ""}) ==
        "{\"version\": 2, \"width\": 1, \"height\": 2, \"title\": \"\"}\n");
  CHECK(header_line({.cols = 1, .rows = 2, .timestamp = -5}) ==
        "{\"version\": 2, \"width\": 1, \"height\": 2, \"timestamp\": -5}\n");
}

TEST_CASE("asciicast_writer: header text that is not UTF-8 is replaced") {
  const AsciicastHeader header{.cols = 1,
                               .rows = 1,
                               .title = "caf\xE9 \xC3",
                               .env = {{"A\xFF", "\xED\xA0\x80"}, {"B", "\u00e9\n"}}};
  CHECK(header_line(header) ==
        "{\"version\": 2, \"width\": 1, \"height\": 1, \"env\": {\"A\uFFFD\": "
        "\"\uFFFD\uFFFD\uFFFD\", \"B\": \"\u00e9\\n\"}, \"title\": \"caf\uFFFD \uFFFD\"}\n");
}

TEST_CASE("asciicast_writer: idle time limits as floats") {
  CHECK(limit_written(2) == "2.0");
  CHECK(limit_written(0.5) == "0.5");
  CHECK(limit_written(0.1) == "0.1");
  CHECK(limit_written(0) == "0.0");
  CHECK(limit_written(100000) == "100000.0");
  CHECK(limit_written(1.25e-7) == "1.25e-07");
  CHECK(limit_written(1e16) == "1e+16");
  CHECK(limit_written(1234567890123456.0) == "1234567890123456.0");
  CHECK(limit_written(std::numeric_limits<double>::max()) == "1.7976931348623157e+308");
  CHECK(limit_written(std::numeric_limits<double>::denorm_min()) == "5e-324");
  CHECK(header_line(
            {.cols = 1, .rows = 1, .idle_time_limit = std::numeric_limits<double>::infinity()}) ==
        "{\"version\": 2, \"width\": 1, \"height\": 1}\n");
}

TEST_CASE("asciicast_writer: events") {
  CHECK(event_line(123456, EventCode::output, "text") == "[0.123456, \"o\", \"text\"]\n");
  CHECK(event_line(0, EventCode::input, "\x03") == "[0.000000, \"i\", \"\\u0003\"]\n");
  CHECK(event_line(1, EventCode::marker, "") == "[0.000001, \"m\", \"\"]\n");
  CHECK(event_line(999999, EventCode::output, "a") == "[0.999999, \"o\", \"a\"]\n");
  CHECK(event_line(1000000, EventCode::output, "a") == "[1.000000, \"o\", \"a\"]\n");
  CHECK(event_line(86400000100, EventCode::output, "\u00e9") ==
        "[86400.000100, \"o\", \"\u00e9\"]\n");
  CHECK(event_line(UINT64_MAX, EventCode::output, "") == "[18446744073709.551615, \"o\", \"\"]\n");
}

TEST_CASE("asciicast_writer: resizes, appended") {
  std::string out = event_line(5, EventCode::output, "x");
  asciinemad::append_resize_v2(out, 2500000, 132, 43);
  CHECK(out == "[0.000005, \"o\", \"x\"]\n[2.500000, \"r\", \"132x43\"]\n");
}
