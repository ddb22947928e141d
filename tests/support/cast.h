// Cast: a finished asciicast v2 recording, for tests that look into it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/asciicast_reader.h"

namespace asciinemad::test {

struct Cast {
  std::string header;  // first line
  std::vector<EventLine> events;

  // The data of all events of that code, one after the other.
  std::string data(std::string_view code) const;
  std::string output() const { return data("o"); }
  std::vector<EventLine> of(std::string_view code) const;
};

// Fails the test unless every line is whole and valid, the last one included, and times never
// decrease.
Cast parse_cast(std::string_view content);
Cast read_cast(const std::string& path);

}  // namespace asciinemad::test
