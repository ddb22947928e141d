// Many sessions that end as soon as they have said something: the last bytes count, too.

#include <doctest/doctest.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/support/cast.h"
#include "tests/support/pty_driver.h"
#include "tests/support/sandbox.h"
#include "tests/support/sanitized.h"
#include "tests/support/seed.h"

namespace asciinemad {
namespace {

using test::PtyDriver;
using test::read_cast;
using test::Sandbox;

// Of each kind; there are four.
constexpr std::size_t kSessions = test::kSanitized ? 200 : 500;
constexpr std::size_t kAtATime = 6;

std::string numbered_lines(std::size_t count) {
  std::string lines;
  for (std::size_t i = 1; i <= count; ++i) lines += std::to_string(i) + "\r\n";
  return lines;
}

struct Kind {
  std::string options;
  std::string before;  // the command prints numbered lines in between
  std::string after;
  std::function<std::string(const std::string& path)> recorded_output;
};

std::string output_of_cast(const std::string& path) { return read_cast(path).output(); }

std::string output_of_raw(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string content(std::istreambuf_iterator<char>(file), {});
  const std::string size = "\x1b[8;24;80t";
  REQUIRE(content.starts_with(size));
  return content.substr(size.size());
}

// One terminal, in which session follows session.
struct Window {
  std::string name;
  std::vector<std::size_t> line_counts;
  std::unique_ptr<PtyDriver> terminal;

  std::string recording(std::size_t i) const { return name + "." + std::to_string(i); }
  std::string script(const Kind& kind) const {
    std::string text;
    for (std::size_t i = 0; i < line_counts.size(); ++i) {
      text += "asciinema rec -q " + kind.options + " -c '" + kind.before + "seq " +
              std::to_string(line_counts[i]) + kind.after + "' " + recording(i) + " || exit\n";
    }
    return text;
  }
};

std::vector<Window> open_windows(const Sandbox& sandbox, const Kind& kind) {
  std::mt19937 random = test::seeded_random();
  std::vector<Window> windows(kAtATime);
  for (std::size_t i = 0; i < kSessions; ++i) {
    windows[i % kAtATime].line_counts.push_back(test::random_number(random, 200, 3000));
  }
  for (std::size_t w = 0; w < windows.size(); ++w) {
    windows[w].name = std::to_string(w);
    const std::string script = "script" + windows[w].name;
    sandbox.write(script, windows[w].script(kind));
    windows[w].terminal =
        std::make_unique<PtyDriver>(sandbox, std::vector<std::string>{"sh", script});
  }
  return windows;
}

void run_sessions(const Kind& kind) {
  const Sandbox sandbox;
  const std::vector<Window> windows = open_windows(sandbox, kind);
  const auto all_have_ended = [&] {
    bool ended = true;
    for (const Window& window : windows) {
      window.terminal->expect("");  // takes what is there
      if (window.terminal->running()) ended = false;
    }
    return ended;
  };
  REQUIRE_MESSAGE(test::eventually(all_have_ended, test::kTestCaseMs), "the sessions do not end");

  for (const Window& window : windows) {
    CHECK(window.terminal->wait().status == 0);
    std::string expected;
    for (std::size_t i = 0; i < window.line_counts.size(); ++i) {
      CAPTURE(window.recording(i));
      const std::string lines = numbered_lines(window.line_counts[i]);
      CHECK((kind.recorded_output(sandbox / window.recording(i)) == lines));
      expected += lines;
    }
    CHECK((window.terminal->screen() == expected));
  }
}

TEST_CASE("no short session loses its tail") { run_sessions({"", "", "", output_of_cast}); }

TEST_CASE("no short session that is killed loses its tail") {
  run_sessions({"", "", "; kill -9 $$", output_of_cast});
}

TEST_CASE("no short session loses its tail or waits when a job keeps the terminal") {
  run_sessions({"", "(trap \"\" HUP; exec sleep 20) & ", "", output_of_cast});
}

TEST_CASE("no short session recorded with --raw loses its tail") {
  run_sessions({"--raw", "", "", output_of_raw});
}

}  // namespace
}  // namespace asciinemad
