#include "client/time_text.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>

namespace asciinemad {
namespace {

TEST_CASE("times in seconds, minutes and hours") {
  for (const auto& [text, us] : {std::pair<std::string, std::uint64_t>{"0", 0},
                                 {"90", 90'000'000},
                                 {"90.5", 90'500'000},
                                 {"0.000001", 1},
                                 {"0.0000019", 1},
                                 {".5", 500'000},
                                 {"5.", 5'000'000},
                                 {"007", 7'000'000},
                                 {"1:30", 90'000'000},
                                 {"0:00.25", 250'000},
                                 {"90:00", 5'400'000'000},
                                 {"1:01:30.5", 3'690'500'000},
                                 {"100:59:59", 363'599'000'000},
                                 {"1000000000", 1'000'000'000'000'000},
                                 {"277777:46:40", 1'000'000'000'000'000}}) {
    const auto& shown_text = text;  // clang captures no structured binding
    CAPTURE(shown_text);
    CHECK(parse_time(text) == us);
  }
}

TEST_CASE("what is no time") {
  for (const std::string text : {"",
                                 ".",
                                 ":",
                                 "-1",
                                 "+1",
                                 " 1",
                                 "1 ",
                                 "1s",
                                 "1e3",
                                 "0x10",
                                 "nan",
                                 "inf",
                                 "1,5",
                                 "1..5",
                                 "1:60",
                                 "1:60:00",
                                 "1:2:3:4",
                                 ":30",
                                 "1:",
                                 "1::1",
                                 "1.5:30",
                                 "1:1.5:30",
                                 "1:-1",
                                 "1000000000.1",
                                 "1000000001",
                                 "277777:46:41",
                                 "18446744073709551616",
                                 "99999999999999999999999",
                                 "1000000000:59:59"}) {
    CAPTURE(text);
    CHECK(parse_time(text) == std::nullopt);
  }
}

TEST_CASE("percentages") {
  CHECK(parse_percentage("0") == 0.0);
  CHECK(parse_percentage("12.5") == 12.5);
  CHECK(parse_percentage("100") == 100.0);
  for (const char* text : {"", "-1", "100.1", "101", "1:00", "5%", "nan"}) {
    CAPTURE(text);
    CHECK(parse_percentage(text) == std::nullopt);
  }
}

TEST_CASE("a span of time has at most two units") {
  CHECK(span_text(0) == "0 s");
  CHECK(span_text(59) == "59 s");
  CHECK(span_text(119) == "1 min");
  CHECK(span_text(3599) == "59 min");
  CHECK(span_text(3600) == "1 h 0 min");
  CHECK(span_text(2 * 86400 - 1) == "47 h 59 min");
  CHECK(span_text(2 * 86400) == "2 days");
}

}  // namespace
}  // namespace asciinemad
