#include "tests/support/cast.h"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

namespace asciinemad::test {

std::string Cast::data(std::string_view code) const {
  std::string text;
  for (const EventLine& event : events) {
    if (event.code == code) text += event.data;
  }
  return text;
}

std::vector<EventLine> Cast::of(std::string_view code) const {
  std::vector<EventLine> found;
  for (const EventLine& event : events) {
    if (event.code == code) found.push_back(event);
  }
  return found;
}

Cast parse_cast(std::string_view content) {
  INFO("recording: ", std::string(content));
  REQUIRE(content.ends_with('\n'));
  Cast cast;
  std::uint64_t last_us = 0;
  while (!content.empty()) {
    const std::size_t newline = content.find('\n');
    const std::string line(content.substr(0, newline));
    content.remove_prefix(newline + 1);
    CAPTURE(line);
    if (cast.header.empty()) {
      const Result<AsciicastHeaderInfo> header = parse_header(line);
      REQUIRE(header.ok());
      REQUIRE(header->version == 2);
      REQUIRE(header->whole);
      cast.header = line;
      continue;
    }
    Result<EventLine> event = parse_event(line);
    REQUIRE(event.ok());
    REQUIRE(event->time_us >= last_us);
    last_us = event->time_us;
    cast.events.push_back(std::move(event).value());
  }
  return cast;
}

Cast read_cast(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE_MESSAGE(file.good(), "no such recording: ", path);
  return parse_cast(std::string(std::istreambuf_iterator<char>(file), {}));
}

}  // namespace asciinemad::test
