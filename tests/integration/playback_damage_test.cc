// Recordings that are damaged, cut off or none at all.

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/support/player.h"

namespace asciinemad {
namespace {

using test::contains;
using test::Outcome;
using test::Player;
using test::Sandbox;

const std::string kWhole =
    "{\"version\": 2, \"width\": 80, \"height\": 24}\n"
    "[0.01, \"o\", \"A\"]\n"
    "[0.02, \"o\", \"ż\"]\n"
    "[0.03, \"o\", \"C\"]\n";

TEST_CASE("a recording that is cut anywhere is played as far as it is whole") {
  const Sandbox sandbox;
  const std::size_t header_end = kWhole.find('\n') + 1;
  for (std::size_t size = header_end; size < kWhole.size(); ++size) {
    CAPTURE(size);
    sandbox.write("a.cast", kWhole.substr(0, size));
    const Outcome outcome = sandbox.run({"asciinema", "play", "-s", "10", "a.cast"});
    const std::string rest = kWhole.substr(header_end, size - header_end);
    std::string expected;
    for (const char* frame : {"A", "ż", "C"}) {
      if (contains(rest, std::string("\"") + frame + "\"]")) expected += frame;
    }
    const bool cut = size > header_end && kWhole[size - 1] != '\n' && kWhole[size - 1] != ']';
    CHECK(outcome.status == 0);
    CHECK(outcome.out == expected);
    const std::string warning = "asciinema: a.cast: the end is cut off at line ";
    CHECK(outcome.err.starts_with(warning) == cut);
    CHECK(outcome.err.empty() == !cut);
  }
}

TEST_CASE("a cut header is no recording") {
  const Sandbox sandbox;
  for (std::size_t size = 0; size + 1 < kWhole.find('\n'); ++size) {
    CAPTURE(size);
    sandbox.write("a.cast", kWhole.substr(0, size));
    const Outcome outcome = sandbox.run({"asciinema", "play", "a.cast"});
    CHECK(outcome.status == 1);
    CHECK(outcome.out.empty());
    CHECK(outcome.err.starts_with("asciinema: playback failed: a.cast: "));
  }
}

TEST_CASE("a compressed recording that is cut is played as far as it is whole") {
  const Sandbox sandbox;
  sandbox.write("a.cast", kWhole);
  REQUIRE(sandbox.run_shell("gzip -k a.cast; zstd -q -k a.cast").status == 0);
  for (const std::string name : {"a.cast.gz", "a.cast.zst"}) {
    CAPTURE(name);
    const std::string bytes = sandbox.read(name);
    sandbox.write("cut", bytes.substr(0, bytes.size() - 3));
    const Outcome outcome = sandbox.run({"asciinema", "play", "cut"});
    CAPTURE(outcome.err);
    CHECK(outcome.out.empty() == (outcome.status == 1));
    CHECK(std::string("AżC").starts_with(outcome.out));
    CHECK_FALSE(outcome.err.empty());
  }
}

TEST_CASE("damage in the middle is skipped and told, on a terminal after the playback") {
  const Sandbox sandbox;
  sandbox.write("a.cast", kWhole.substr(0, kWhole.find("[0.02")) +
                              "[0.015, \"o\n\xff\xfe nonsense\n" +
                              kWhole.substr(kWhole.find("[0.02")));
  const Outcome outcome = sandbox.run({"asciinema", "play", "a.cast"});
  CHECK(outcome.status == 0);
  CHECK(outcome.out == "AżC");
  CHECK(outcome.err.starts_with(
      "asciinema: a.cast: line 3 is damaged and was skipped (2 lines in all): "));
  CHECK(outcome.err.ends_with("\r\n"));
  Player player(sandbox, "a.cast");
  CHECK(player.ends_with(0) ==
        "AżC\x1b[0;33m" + outcome.err.substr(0, outcome.err.size() - 2) + "\x1b[0m\r\r\n");
}

TEST_CASE("what is no recording") {
  const Sandbox sandbox;
  sandbox.write("empty", "");
  sandbox.write("text", "Dear diary,\n");
  sandbox.write("json", "{\"hello\": 1}\n");
  sandbox.write("array", "[1, 2]\n");
  sandbox.write("v4.cast", "{\"version\": 4, \"width\": 80, \"height\": 24}\n[0, \"o\", \"A\"]\n");
  sandbox.write("size.cast", "{\"version\": 2, \"width\": 0, \"height\": 24}\n[0, \"o\", \"A\"]\n");
  sandbox.write("binary", std::string("\x7f"
                                      "ELF\0\0\0",
                                      7) +
                              std::string(10'000, '\xff'));
  REQUIRE(::mkdir((sandbox / "directory").c_str(), 0700) == 0);
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"empty", "line 1: the file is empty"},
      {"text", "line 1: not an asciicast recording"},
      {"json", "line 1: not an asciicast recording"},
      {"array", "line 1: not an asciicast recording"},
      {"binary", "line 1: not an asciicast recording"},
      {"v4.cast", "line 1: asciicast version 4 is newer than this program"},
      {"size.cast", "line 1: header has no valid \"width\""},
      {"directory", "Is a directory"},
      {"missing", "No such file or directory"},
      {"text/a.cast", "Not a directory"},
  };
  for (const auto& [name, reason] : cases) {
    const auto& shown_name = name;  // clang captures no structured binding
    CAPTURE(shown_name);
    const Outcome outcome = sandbox.run({"asciinema", "play", name});
    const std::string message = "asciinema: playback failed: " + name + ": " + reason;
    CHECK(outcome.status == 1);
    CHECK(outcome.out.empty());
    CHECK(outcome.err == message + "\r\n");
    // On a terminal: that line, and nothing else has happened to it.
    Player player(sandbox, name);
    CHECK(player.ends_with(1) == "\x1b[0;31m" + message + "\x1b[0m\r\r\n");
  }
  const Outcome input = sandbox.run({"asciinema", "play", "-"}, "Dear diary,\n");
  CHECK(input.status == 1);
  CHECK(input.err.starts_with("asciinema: playback failed: standard input: "));
}

TEST_CASE("an unreadable file") {
  if (test::is_root()) {
    MESSAGE("skipped: root reads everything");
    return;
  }
  const Sandbox sandbox;
  ::chmod(sandbox.write("a.cast", kWhole).c_str(), 0);
  const Outcome outcome = sandbox.run({"asciinema", "play", "a.cast"});
  CHECK(outcome.status == 1);
  CHECK(outcome.err == "asciinema: playback failed: a.cast: Permission denied\r\n");
}

TEST_CASE("a damaged recording that is played again and again is complained of once") {
  const Sandbox sandbox;
  sandbox.write("a.cast", kWhole + "nonsense\n[0.04, \"o\", \"D\"]\n");
  Player player(sandbox, "-l a.cast");
  for (int round = 0; round < 5; ++round) player.expect("D");
  player.send("q");
  const std::string shown = player.ends_with(0);
  CAPTURE(shown);
  CHECK(shown.find("damaged") == shown.rfind("damaged"));
  CHECK_FALSE(contains(shown, "lines in all"));
}

}  // namespace
}  // namespace asciinemad
