// Flood: a recording of a program that writes as fast as it can, until the test has seen enough.
#pragma once

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/live_session.h"

namespace asciinemad::test {

class Flood {
 public:
  Flood(const Sandbox& sandbox, std::vector<std::string> options, const std::string& file)
      : sandbox_(sandbox),
        session_(sandbox, std::move(options),
                 "echo ready; n=0; until [ -e enough ]; do seq $((n + 1)) $((n += 10000)); done; "
                 "echo $n >last; exit 7",
                 file) {}

  PtyDriver& terminal() { return session_.terminal(); }
  // Waits for so many more bytes on the screen.
  void watch(std::size_t bytes) {
    const std::size_t wanted = terminal().screen().size() + bytes;
    REQUIRE(terminal().read_until([&] { return terminal().screen().size() >= wanted; }));
    REQUIRE(terminal().running());
  }
  void end() {
    REQUIRE(terminal().running());
    sandbox_.write("enough", "");
    CHECK(terminal().wait().status == 7);
  }
  // All that the program wrote, as the PTY shows it. After end().
  std::string lines() const {
    const int last = std::stoi(sandbox_.read("last"));
    std::string lines = "ready\r\n";
    for (int i = 1; i <= last; ++i) lines += std::to_string(i) + "\r\n";
    return lines;
  }
  Cast cast() const { return session_.cast(); }

 private:
  const Sandbox& sandbox_;
  LiveSession session_;
};

}  // namespace asciinemad::test
