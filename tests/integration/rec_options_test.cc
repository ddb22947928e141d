// `asciinema rec`: exit statuses, and what its options refuse.

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/cast.h"
#include "tests/support/sandbox.h"

namespace asciinemad {
namespace {

using test::Outcome;
using test::read_cast;
using test::Sandbox;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

Outcome rec(const Sandbox& sandbox, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"asciinema", "rec"});
  return sandbox.run(std::move(arguments));
}

TEST_CASE("--return exits as the command did") {
  const Sandbox sandbox;
  for (const auto& [command, status] : {std::pair<std::string, int>{"true", 0},
                                        {"exit 7", 7},
                                        {"exit 255", 255},
                                        {"kill -TERM $$", 143},
                                        {"kill -KILL $$", 137}}) {
    const std::string shown_command = command;
    CAPTURE(shown_command);
    CHECK(rec(sandbox, {"--return", "--overwrite", "-c", command, "a.cast"}).status == status);
    CHECK(rec(sandbox, {"--overwrite", "-c", command, "a.cast"}).status == 0);
  }
}

TEST_CASE("options that make no sense are refused before anything is touched") {
  const Sandbox sandbox;
  const std::string longest(64, 'x');
  using Case = std::pair<std::vector<std::string>, std::string>;
  for (const auto& [arguments, reason] :
       {Case{{"--outptu-markers", "a.cast"}, "--outptu-markers, did you mean --output-markers?\n"},
        Case{{"--bogus", "a.cast"}, "unrecognized or ambiguous option: --bogus\n"},
        Case{{"-Z", "a.cast"}, "unrecognized or ambiguous option: -Z\n"},
        Case{{"--name", "", "a.cast"}, "argument --name: \"\" is not 1 to 64 letters"},
        Case{{"--name", "a b", "a.cast"}, "argument --name: \"a b\" is not 1 to 64 letters"},
        Case{{"--name", longest + "x", "a.cast"}, "is not 1 to 64 letters"},
        Case{{"--marker-label", std::string(1025, 'x'), "a.cast"}, "is longer than 1024 bytes"},
        Case{{"--marker-label", "a\tb", "a.cast"}, "contains a control character"},
        Case{{"--upload", "--raw", "a.cast"}, "--upload and --raw exclude each other"},
        Case{{"--upload", "-"}, "--upload can't upload what went to standard output"},
        Case{{"-d", "-"}, "--detached can't record to standard output"},
        Case{{"-d", "--return", "a.cast"}, "--detached and --return exclude each other"}}) {
    const Outcome outcome = rec(sandbox, arguments);
    CAPTURE(outcome.err);
    CHECK(outcome.status == 2);
    CHECK(contains(outcome.err, "asciinema rec: error: "));
    CHECK(contains(outcome.err, reason));
  }
  CHECK_FALSE(std::filesystem::exists(sandbox / "a.cast"));
  // Almost ids.
  for (const std::string& name : {longest, std::string("abcdef28"), std::string("abcdef271"),
                                  std::string("Abcdef27"), std::string("-._")}) {
    CAPTURE(name);
    CHECK(rec(sandbox, {"--name=" + name, "--overwrite", "-c", "true", "a.cast"}).status == 0);
  }
}

TEST_CASE("what can't be uploaded is refused before it is recorded") {
  Sandbox sandbox;
  Outcome outcome = rec(sandbox, {"--upload", "-c", "touch ran", "/dev/null"});
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.err, "/dev/null: is no regular file"));
  sandbox.environment["ASCIINEMA_CONFIG_HOME"] = "/dev/null";
  outcome = rec(sandbox, {"--upload", "-c", "touch ran", "a.cast"});
  CHECK(outcome.status == 1);
  CHECK_FALSE(std::filesystem::exists(sandbox / "a.cast"));
  CHECK_FALSE(std::filesystem::exists(sandbox / "ran"));
}

TEST_CASE("-d prints the session's id and returns while the command runs") {
  const Sandbox sandbox;
  CHECK(sandbox.run({"mkfifo", "go"}).status == 0);
  const Outcome outcome =
      rec(sandbox, {"-d", "--name", "demo", "-c", "read x <go; echo in-$((40+2))", "a.cast"});
  CHECK(outcome.status == 0);
  REQUIRE(outcome.out.size() == 9);
  CHECK(contains(outcome.err, "asciinema attach demo"));
  const std::string id = outcome.out.substr(0, 8);
  CHECK(contains(sandbox.run({"asciinema", "ls"}).out, id));
  // Another one of that name would not be found.
  const Outcome second = rec(sandbox, {"--name", "demo", "-c", "true", "b.cast"});
  CHECK(second.status == 1);
  CHECK_FALSE(std::filesystem::exists(sandbox / "b.cast"));
  sandbox.run_shell("echo >go");
  CHECK(test::eventually([&] { return sandbox.run({"asciinema", "ls"}).out.empty(); }));
  CHECK(read_cast(sandbox / "a.cast").output() == "in-42\r\n");
}

TEST_CASE("-d without a file name records into the library, also with a closed standard input") {
  const Sandbox sandbox;
  const Outcome outcome =
      sandbox.run_shell("asciinema rec -q -d -c 'echo hello' <&- && asciinema rec -d -c true -y");
  CHECK(outcome.status == 0);
  CHECK_FALSE(contains(outcome.err, "[s,u,d]?"));
  const std::string library = sandbox.dir() / "state/asciinema/recordings";
  CHECK(test::eventually([&] { return sandbox.run({"asciinema", "ls"}).out.empty(); }));
  CHECK(std::distance(std::filesystem::directory_iterator(library), {}) == 2);
  CHECK(sandbox.run({"asciinema", "uploads"}).out.empty());
}

TEST_CASE("--pause-at-start says how to go on, and whoever has not done so is told at the end") {
  const Sandbox sandbox;
  const std::string paused = "recording is paused from the start; ";
  const std::string still_paused = "recording was still paused at the end";
  using Case = std::pair<std::string, std::string>;
  for (const auto& [config, what] :
       {Case{"", "C-\\"}, Case{"prefix_key = C-a\npause_key = p\n", "C-a p"},
        Case{"pause_key =\n", "asciinema resume"}}) {
    const std::string keys = config;
    CAPTURE(keys);
    sandbox.configure("[record]\n" + keys);
    const std::vector<std::string> arguments = {"--overwrite", "-c", "true", "a.cast"};
    CHECK_FALSE(contains(rec(sandbox, arguments).err, "paused"));
    std::vector<std::string> with_pause = arguments;
    with_pause.insert(with_pause.begin(), "--pause-at-start");
    const Outcome outcome = rec(sandbox, with_pause);
    CAPTURE(outcome.err);
    CHECK(outcome.status == 0);
    CHECK(contains(outcome.err, paused + what + " goes on"));
    CHECK(contains(outcome.err, still_paused));
  }
  sandbox.configure("");
  const Outcome detached = rec(sandbox, {"-d", "--pause-at-start", "-c", "true", "b.cast"});
  CHECK(contains(detached.err, paused + "asciinema resume goes on"));
}

}  // namespace
}  // namespace asciinemad
