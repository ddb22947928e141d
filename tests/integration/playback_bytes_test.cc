// What a playback writes: exactly the recorded bytes, whatever the recording's format.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/support/player.h"

namespace asciinemad {
namespace {

using test::Argv;
using test::Launch;
using test::Outcome;
using test::Player;
using test::PtyDriver;
using test::recording_of;
using test::Sandbox;

const std::string kOutput =
    std::string("one \x1b[1mbold\x1b[0m\r\n\tżółw 漢字 😀\xef\xbf\xbd \"quoted\" \\ / \x7f") + '\0' +
    "\b\x07\n";

const std::string kV1 =
    "{\"version\": 1, \"width\": 80, \"height\": 24, \"duration\": 0.02, \"stdout\": [\n"
    "[0.01, \"one \\u001b[1mbold\\u001b[0m\\r\\n\\t\"],\n"
    "[0.01, \"żółw 漢字 \\ud83d\\ude00\\ud83d \\\"quoted\\\" \\\\ \\/ "
    "\\u007f\\u0000\\b\\u0007\\n\"]]}\n";

const std::string kV2 =
    "{\"version\": 2, \"width\": 80, \"height\": 24, \"env\": {\"TERM\": null}}\n"
    "[0.01, \"o\", \"one \\u001b[1mbold\\u001b[0m\\r\\n\\tżó\"]\n"
    "[0.01, \"i\", \"typed\"]\n[0.01, \"m\", \"marker\"]\n[0.01, \"r\", \"90x30\"]\n"
    "[0.02, \"o\", \"łw 漢字 😀\\udc00 \\\"quoted\\\" \\\\ \\/ \\u007f\\u0000\\b\\u0007\\n\"]\n";

const std::string kV3 =
    "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24}}\n# a comment\n"
    "[0.01, \"o\", \"one \\u001b[1mbold\\u001b[0m\\r\\n\\tżółw 漢字 😀\\ud800\"]\n\n"
    "[0.01, \"o\", \" \\\"quoted\\\" \\\\ \\/ \\u007f\\u0000\\b\\u0007\\n\"]\n"
    "[0.01, \"x\", \"0\"]\n";

TEST_CASE("play shows the output of all versions, and not a byte more") {
  const Sandbox sandbox;
  sandbox.write("1.cast", kV1);
  sandbox.write("2.cast", kV2);
  sandbox.write("3.cast", kV3);
  for (const std::string file : {"1.cast", "2.cast", "3.cast"}) {
    CAPTURE(file);
    CHECK((Player(sandbox, file).ends_with(0) == kOutput));
    CHECK((Player(sandbox, "- <" + file).ends_with(0) == kOutput));
    CHECK((sandbox.run({"asciinema", "play", file}).out == kOutput));
    CHECK((sandbox.run({"asciinema", "cat", file}).out == kOutput));
  }
}

TEST_CASE("play shows what is compressed") {
  const Sandbox sandbox;
  sandbox.write("1.cast", kV1);
  sandbox.write("2.cast", kV2);
  sandbox.write("3.cast", kV3);
  REQUIRE(sandbox.run_shell("gzip -k *.cast && zstd -q -k *.cast").status == 0);
  for (const std::string name : {"1.cast", "2.cast", "3.cast"}) {
    for (const std::string& file : {name + ".gz", name + ".zst"}) {
      CAPTURE(file);
      CHECK((Player(sandbox, file).ends_with(0) == kOutput));
      CHECK((Player(sandbox, "<(cat " + file + ")").ends_with(0) == kOutput));
    }
  }
}

TEST_CASE("play shows what asciinema 2 shows") {
  if (::access("/usr/bin/asciinema", X_OK) != 0) {
    MESSAGE("skipped: asciinema 2 is not installed");
    return;
  }
  const Sandbox sandbox;
  std::vector<test::RecordedEvent> events;
  for (int i = 0; i < 3000; ++i) {
    events.push_back(
        {i * 0.01, "o",
         "\x1b[3" + std::to_string(i % 8) + "mline ż " + std::to_string(i) + "\x1b[0m\r\n"});
  }
  sandbox.write("2.cast", recording_of(events));
  PtyDriver ours(sandbox, {"asciinema", "play", "-s", "100", "2.cast"});
  CHECK(ours.wait().status == 0);
  PtyDriver theirs(sandbox,
                   {"/usr/bin/python3", "/usr/bin/asciinema", "play", "-s", "100", "2.cast"});
  CHECK(theirs.wait().status == 0);
  CHECK((ours.screen() == theirs.screen()));
  CHECK((ours.screen() == sandbox.run({"asciinema", "cat", "2.cast"}).out));
  CHECK(ours.screen().size() > 40'000);
}

TEST_CASE("play shows a recording of megabytes, through a pipe that ends late and slowly") {
  const Sandbox sandbox;
  std::vector<test::RecordedEvent> events;
  std::string expected;
  for (int i = 0; i < 40'000; ++i) {
    events.push_back({i * 1e-5, "o", "żółw " + std::to_string(i) + std::string(100, 'x') + "\r\n"});
    expected += events.back().data;
  }
  sandbox.write("2.cast", recording_of(events));
  CHECK((sandbox.run({"asciinema", "play", "2.cast"}).out == expected));
  CHECK((sandbox.run_shell("cat 2.cast | asciinema play - | cat").out == expected));
  CHECK((Player(sandbox, "2.cast").ends_with(0) == expected));
}

TEST_CASE("play into a file that has something already") {
  const Sandbox sandbox;
  sandbox.write("2.cast", kV2);
  sandbox.write("out", "before\n");
  CHECK(sandbox.run_shell("asciinema play 2.cast >>out").status == 0);
  CHECK((sandbox.read("out") == "before\n" + kOutput));
  CHECK((Player(sandbox, "2.cast >out").ends_with(0).empty()));
  CHECK((sandbox.read("out") == kOutput));
}

TEST_CASE("a recording without output is played, too") {
  const Sandbox sandbox;
  sandbox.write("none.cast", recording_of({}));
  sandbox.write("keys.cast", recording_of({{0.01, "i", "x"}, {0.02, "m", ""}}));
  for (const std::string options : {"", "-l ", "-i 1 "}) {
    CAPTURE(options);
    CHECK(Player(sandbox, options + "none.cast").ends_with(0).empty());
  }
  CHECK(Player(sandbox, "keys.cast").ends_with(0).empty());
}

}  // namespace
}  // namespace asciinemad
