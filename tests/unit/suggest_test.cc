#include "common/suggest.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

namespace asciinemad {
namespace {

constexpr std::array<std::string_view, 7> kCommands = {"rec",  "play",   "cat", "upload",
                                                       "auth", "attach", "mark"};

TEST_CASE("nearest_name finds one slip of each kind") {
  CHECK(nearest_name("paly", kCommands) == "play");      // swapped
  CHECK(nearest_name("uplod", kCommands) == "upload");   // missing
  CHECK(nearest_name("catt", kCommands) == "cat");       // added
  CHECK(nearest_name("aurh", kCommands) == "auth");      // replaced
  CHECK(nearest_name("UPLOAD", kCommands) == "upload");  // case
  CHECK(nearest_name("upl0da", kCommands) == "upload");  // two slips in a longer word
}

TEST_CASE("a swap of neighbours is one error, not two") {
  constexpr std::array<std::string_view, 2> kKnown = {"rexx", "erc"};
  CHECK(nearest_name("rec", kKnown) == "erc");
  constexpr std::array<std::string_view, 1> kShort = {"ca"};
  CHECK(nearest_name("acx", kShort) == std::nullopt);
}

TEST_CASE("nearest_name stays silent where nothing is near") {
  CHECK(nearest_name("", kCommands) == std::nullopt);
  CHECK(nearest_name("x", kCommands) == std::nullopt);
  CHECK(nearest_name("stream", kCommands) == std::nullopt);
  CHECK(nearest_name("dog", kCommands) == std::nullopt);
  CHECK(nearest_name("rec", {}) == std::nullopt);
  CHECK(nearest_name(std::string(1 << 20, 'r'), kCommands) == std::nullopt);
}

TEST_CASE("the nearest wins, and the first of equals") {
  constexpr std::array<std::string_view, 3> kKnown = {"speeds", "speed", "spees"};
  CHECK(nearest_name("speed", kKnown) == "speed");
  constexpr std::array<std::string_view, 2> kEqual = {"mark", "park"};
  CHECK(nearest_name("lark", kEqual) == "mark");
}

TEST_CASE("bytes that are no letters are just bytes") {
  constexpr std::array<std::string_view, 1> kKnown = {"rec"};
  CHECK(nearest_name(std::string("re\0", 3), kKnown) == "rec");
  CHECK(nearest_name("\xff\xfe\xfd", kKnown) == std::nullopt);
}

}  // namespace
}  // namespace asciinemad
