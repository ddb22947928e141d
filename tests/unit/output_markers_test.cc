#include "common/output_markers.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/seed.h"

namespace asciinemad {
namespace {

// What was told, with neighbouring runs put together.
struct Log final : OutputMarkers::Listener {
  std::vector<std::string> told;
  std::size_t calls = 0;

  void on_plain_output(std::string_view bytes) override {
    CHECK(!bytes.empty());
    ++calls;
    if (told.empty() || !told.back().starts_with("=")) told.emplace_back("=");
    told.back() += bytes;
  }
  void on_output_marker(std::string_view label) override {
    ++calls;
    told.push_back("#" + std::string(label));
  }
};

using Told = std::vector<std::string>;

Told told(std::string_view output) {
  Log log;
  OutputMarkers markers;
  markers.feed(output, log);
  markers.finish(log);
  CHECK(markers.held().empty());
  return log.told;
}

// In portions of `size`, each by a new object that is given what the one before held.
Told told_in_portions(std::string_view output, const std::vector<std::size_t>& sizes) {
  Log log;
  OutputMarkers markers;
  std::size_t next = 0;
  while (!output.empty()) {
    const std::size_t size = sizes[next++ % sizes.size()];
    markers.feed(output.substr(0, size), log);
    output.remove_prefix(std::min(size, output.size()));
    CHECK(markers.held().size() <= OutputMarkers::kMaxHeldBytes);
    OutputMarkers successor;
    successor.restore(markers.held());
    markers = successor;
  }
  markers.finish(log);
  return log.told;
}

std::string marker(std::string_view label, std::string_view end = "\a") {
  return "\x1b]7717;marker;" + std::string(label) + std::string(end);
}

}  // namespace

TEST_CASE("a marker is taken out of the output and reported where it stood") {
  CHECK(told("a" + marker("one") + "b") == Told{"=a", "#one", "=b"});
  CHECK(told(marker("one", "\x1b\\") + marker("two")) == Told{"#one", "#two"});
  CHECK(told(marker("")) == Told{"#"});
  CHECK(told(marker("a;b \xc3\x9c \xe2\x82\xac")) == Told{"#a;b \xc3\x9c \xe2\x82\xac"});
}

TEST_CASE("everything else passes as it is") {
  for (const char* output :
       {"plain", "\x1b[1mx\x1b[0m", "\x1b]0;title\a", "\x1b]7717;\a", "\x1b]7717;marker\a",
        "\x1b]7717;markers;x\a", "\x1b]77170;marker;x\a", "\x1b\x1b", "\x1b", "\x1b]7717;marker;x",
        "\x1bP\x1b[c\x1b\\", "\x1b]771\x1b]0;x\a"}) {
    CHECK(told(output) == Told{"=" + std::string(output)});
  }
  CHECK(told("").empty());
}

TEST_CASE("output without markers passes in one call, with only a beginning held") {
  Log log;
  OutputMarkers markers;
  markers.feed("\x1b[1mbold\x1b[0m and \x1b]0;title\a and \x1b]77", log);
  CHECK(log.calls == 1);
  CHECK(markers.held() == "\x1b]77");
  markers.feed("x", log);
  CHECK(log.calls == 2);
  CHECK(markers.held().empty());
}

TEST_CASE("a label that never ends does not hold the output behind it") {
  const std::string unended = "\x1b]7717;marker;label\r\n$ ";
  Log log;
  OutputMarkers markers;
  markers.feed(unended, log);
  CHECK(log.told == Told{"=" + unended});
  CHECK(markers.held().empty());
}

TEST_CASE("a control character or another sequence in a label makes it none") {
  for (const char* inside : {"\n", "\x18", "\x7f", "\xc2\x85", "\x1b[m", "\xe2\xc2\x9c"}) {
    const std::string output = marker("a" + std::string(inside) + "b");
    CHECK(told(output) == Told{"=" + output});
  }
  CHECK(told("\x1b]7717;marker;a" + marker("b")) == Told{"=\x1b]7717;marker;a", "#b"});
}

TEST_CASE("what is no UTF-8 in a label is replaced") {
  CHECK(told(marker("a\xff\x62\xc3")) == Told{"#a\xef\xbf\xbd\x62\xef\xbf\xbd"});
}

TEST_CASE("a label that is too long sets no marker, and beyond what is held it passes") {
  constexpr std::size_t kLongest = OutputMarkers::kMaxLabelBytes;
  const std::string longest(kLongest, 'x');
  CHECK(told(marker(longest)) == Told{"#" + longest});
  CHECK(told("a" + marker(longest + "x") + "b") == Told{"=ab"});
  // Replacement makes this one too long.
  CHECK(told(marker(std::string(kLongest, '\xff'))).empty());

  const std::size_t room = OutputMarkers::kMaxHeldBytes - marker("").size();
  CHECK(told(marker(std::string(room, 'x'))).empty());
  const std::string too_long = marker(std::string(room + 1, 'x'));
  CHECK(told(too_long) == Told{"=" + too_long});
  CHECK(told(too_long + marker("y")) == Told{"=" + too_long, "#y"});
}

TEST_CASE("tmux's passthrough of a marker stays as it is") {
  const std::string wrapped = "\x1bPtmux;\x1b\x1b]7717;marker;x\a\x1b\\";
  CHECK(told(wrapped) == Told{"=" + wrapped});
}

TEST_CASE("any cut into portions and any change of daemon between them gives the same") {
  static const std::vector<std::string> kPieces = {
      "x",
      "\x1b",
      "\x1b]",
      "\x1b]7717;",
      "\x1b]7717;marker;",
      marker("label"),
      marker("l", "\x1b\\"),
      "\a",
      "\\",
      "\n",
      "\xc2",
      "\x85",
      "\xff",
      "hello",
      ";",
      "marker;",
      std::string(OutputMarkers::kMaxLabelBytes, 'y'),
      std::string(OutputMarkers::kMaxHeldBytes - 20, 'z')};
  std::mt19937 random = test::seeded_random();
  for (int round = 0; round < 300; ++round) {
    std::string output;
    const std::size_t count = test::random_number(random, 1, 30);
    for (std::size_t i = 0; i < count; ++i) {
      output += kPieces[test::random_number(random, 0, kPieces.size() - 1)];
    }
    const Told whole = told(output);
    std::vector<std::size_t> sizes;
    for (int i = 0; i < 7; ++i) sizes.push_back(test::random_number(random, 1, i < 4 ? 9 : 5000));
    CHECK(told_in_portions(output, sizes) == whole);
    if (round < 20) CHECK(told_in_portions(output, {1}) == whole);
  }
}

}  // namespace asciinemad
