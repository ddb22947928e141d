// `asciinema rec` and the recordings it makes.

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <regex>
#include <string>
#include <vector>

#include "tests/support/cast.h"
#include "tests/support/pty_driver.h"
#include "tests/support/sandbox.h"

namespace asciinemad {
namespace {

using test::Cast;
using test::Outcome;
using test::PtyDriver;
using test::read_cast;
using test::Sandbox;

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("a recording has asciinema 2's header, in its order") {
  const Sandbox sandbox;
  const auto before = std::time(nullptr);
  const Outcome outcome = sandbox.run(
      {"asciinema", "rec", "-c", "printf hello", "-t", "A \"title\"", "-i", "2.5", "demo.cast"});
  CAPTURE(outcome.err);
  REQUIRE(outcome.status == 0);
  const Cast cast = read_cast(sandbox / "demo.cast");
  std::smatch match;
  REQUIRE(std::regex_match(
      cast.header, match,
      std::regex(R"re(\{"version": 2, "width": 80, "height": 24, "timestamp": (\d+), )re"
                 R"re("idle_time_limit": 2\.5, "env": \{"SHELL": "/bin/sh", )re"
                 R"re("TERM": "xterm-256color"\}, "title": "A \\"title\\""\})re")));
  CHECK(std::stoll(match[1]) >= before);
  CHECK(std::stoll(match[1]) <= std::time(nullptr));
  CHECK(cast.output() == "hello");
}

TEST_CASE("what is not asked for is not in the header") {
  const Sandbox sandbox;
  REQUIRE(sandbox.run({"asciinema", "rec", "-c", "true", "demo.cast"}).status == 0);
  const std::string header = read_cast(sandbox / "demo.cast").header;
  CHECK_FALSE(contains(header, "title"));
  CHECK_FALSE(contains(header, "idle_time_limit"));
  CHECK_FALSE(contains(header, "command"));
}

TEST_CASE("variables to capture are chosen by -e, and unset ones are left out") {
  Sandbox sandbox;
  sandbox.environment["FRUIT"] = "p\xC3\xA4r";
  REQUIRE(sandbox.run({"asciinema", "rec", "-c", "true", "-e", "FRUIT,NOT_SET,TERM", "demo.cast"})
              .status == 0);
  CHECK(contains(read_cast(sandbox / "demo.cast").header,
                 "\"env\": {\"FRUIT\": \"p\xC3\xA4r\", \"TERM\": \"xterm-256color\"}"));
}

TEST_CASE("the configuration gives what the command line does not") {
  const Sandbox sandbox;
  sandbox.configure("[record]\ncommand = printf configured\nidle_time_limit = 3\nenv = LANG\n");
  REQUIRE(sandbox.run({"asciinema", "rec", "a.cast"}).status == 0);
  const Cast cast = read_cast(sandbox / "a.cast");
  CHECK(cast.output() == "configured");
  CHECK(contains(cast.header, "\"idle_time_limit\": 3.0, \"env\": {\"LANG\": \"C.UTF-8\"}}"));
  REQUIRE(sandbox.run({"asciinema", "rec", "-c", "printf given", "b.cast"}).status == 0);
  CHECK(read_cast(sandbox / "b.cast").output() == "given");
}

TEST_CASE("a value in the configuration that makes no sense ends it with a clear line") {
  const Sandbox sandbox;
  sandbox.configure("[record]\nidle_time_limit = soon\n");
  const Outcome outcome = sandbox.run({"asciinema", "rec", "-c", "true", "a.cast"});
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.err, "idle_time_limit"));
  CHECK(contains(outcome.err, "soon"));
  CHECK(sandbox.read("a.cast").empty());
}

TEST_CASE("the size is the terminal's, and --cols and --rows change it for the command, too") {
  const Sandbox sandbox;
  PtyDriver plain(sandbox, {"asciinema", "rec", "-c", "stty size", "a.cast"}, {101, 33});
  CHECK(plain.wait().status == 0);
  CHECK(contains(read_cast(sandbox / "a.cast").header, "\"width\": 101, \"height\": 33,"));
  CHECK(read_cast(sandbox / "a.cast").output() == "33 101\r\n");

  PtyDriver fixed(
      sandbox, {"asciinema", "rec", "--cols", "132", "--rows", "43", "-c", "stty size", "b.cast"},
      {101, 33});
  CHECK(fixed.wait().status == 0);
  CHECK(contains(read_cast(sandbox / "b.cast").header, "\"width\": 132, \"height\": 43,"));
  CHECK(read_cast(sandbox / "b.cast").output() == "43 132\r\n");
}

TEST_CASE("a resized window is resized for the command and recorded") {
  const Sandbox sandbox;
  PtyDriver terminal(
      sandbox,
      {"asciinema", "rec", "-c",
       "trap 'stty size; exit' WINCH; echo ready; while :; do read x; done", "a.cast"},
      {80, 24});
  terminal.expect("ready");
  terminal.resize({132, 43});
  terminal.expect("43 132");
  CHECK(terminal.wait().status == 0);
  const auto resizes = read_cast(sandbox / "a.cast").of("r");
  REQUIRE(resizes.size() == 1);
  CHECK(resizes[0].data == "132x43");
}

TEST_CASE("notices go to standard error and end in CR LF, without colours in a file") {
  const Sandbox sandbox;
  const Outcome outcome = sandbox.run({"asciinema", "rec", "-c", "echo out", "demo.cast"});
  CHECK(outcome.out.empty());
  CHECK(outcome.err ==
        "asciinema: recording asciicast to demo.cast\r\n"
        "asciinema: exit opened program when you're done\r\n"
        "asciinema: recording finished\r\n"
        "asciinema: asciicast saved to demo.cast\r\n");
}

TEST_CASE("notices are coloured on a terminal") {
  const Sandbox sandbox;
  PtyDriver terminal(sandbox, {"asciinema", "rec", "-c", "true", "demo.cast"});
  terminal.expect("\x1b[0;32masciinema: recording asciicast to demo.cast\x1b[0m\r");
  terminal.expect("\x1b[0;32masciinema: asciicast saved to demo.cast\x1b[0m\r");
  CHECK(terminal.wait().status == 0);
  PtyDriver again(sandbox, {"asciinema", "rec", "-c", "true", "demo.cast"});
  again.expect("\x1b[0;31masciinema: demo.cast already exists, aborting\x1b[0m\r");
  CHECK(again.wait().status == 1);
}

TEST_CASE("-q silences everything but errors") {
  const Sandbox sandbox;
  CHECK(sandbox.run({"asciinema", "rec", "-q", "-c", "true", "demo.cast"}).err.empty());
  const Outcome outcome = sandbox.run({"asciinema", "rec", "-q", "-c", "true", "demo.cast"});
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.err, "already exists"));
}

TEST_CASE("the exit status is 0 whatever the command returned") {
  const Sandbox sandbox;
  for (const char* command : {"exit 7", "kill -9 $$", "no-such-program-anywhere"}) {
    CAPTURE(command);
    CHECK(sandbox.run({"asciinema", "rec", "--overwrite", "-c", command, "a.cast"}).status == 0);
  }
  CHECK(contains(read_cast(sandbox / "a.cast").output(), "not found"));
}

TEST_CASE("the command finds the caller's world and ASCIINEMA_REC") {
  Sandbox sandbox;
  sandbox.environment["FRUIT"] = "pear";
  const Outcome outcome = sandbox.run_shell(
      "umask 027; ulimit -n 123; cd /usr; asciinema rec -c "
      "'echo $ASCIINEMA_REC $FRUIT $(umask) $(ulimit -n) $(pwd) $(ls /proc/self/fd | tr \"\\n\" "
      "\" \")' " +
      (sandbox / "a.cast"));
  CAPTURE(outcome.err);
  CHECK(outcome.status == 0);
  // 0 to 2, and the one that ls reads the directory with.
  CHECK(read_cast(sandbox / "a.cast").output() == "1 pear 0027 123 /usr 0 1 2 3\r\n");
}

TEST_CASE("without a command the user's shell is recorded") {
  Sandbox sandbox;
  sandbox.environment["SHELL"] = sandbox.write("my-shell", "#!/bin/sh\nprintf 'my shell'\n");
  REQUIRE(::chmod((sandbox / "my-shell").c_str(), 0700) == 0);
  Outcome outcome = sandbox.run({"asciinema", "rec", "a.cast"});
  CHECK(outcome.status == 0);
  CHECK(contains(outcome.err, "press <ctrl-d> or type \"exit\" when you're done\r\n"));
  CHECK(read_cast(sandbox / "a.cast").output() == "my shell");

  sandbox.environment.erase("SHELL");
  PtyDriver terminal(sandbox, {"asciinema", "rec", "-e", "TERM", "b.cast"});
  terminal.expect("$ ");
  terminal.send("echo $((6 * 7)).\r");
  terminal.expect("42.");
  terminal.expect("$ ");
  terminal.send("\x04");
  CHECK(terminal.wait().status == 0);
  CHECK(contains(read_cast(sandbox / "b.cast").output(), "42."));
}

TEST_CASE("commands may be shortened, and a misspelt one gets a suggestion") {
  const Sandbox sandbox;
  for (const char* verb : {"record", "rec", "re", "r", "reco"}) {
    CAPTURE(verb);
    const Outcome outcome =
        sandbox.run({"asciinema", verb, "--overwrite", "-c", "printf x", "a.cast"});
    CHECK(outcome.status == 0);
    CHECK(read_cast(sandbox / "a.cast").output() == "x");
  }
  const Outcome misspelt = sandbox.run({"asciinema", "rce", "-c", "true", "b.cast"});
  CHECK(misspelt.status == 2);
  CHECK(contains(misspelt.err, "rce"));
  CHECK(contains(misspelt.err, "did you mean"));
  CHECK(std::regex_search(misspelt.err, std::regex("did you mean.*\\brec\\b")));
  CHECK(sandbox.run({"asciinema", "zzz"}).status == 2);
  CHECK(sandbox.run({"asciinema", ""}).status == 2);
}

TEST_CASE("help, version and usage errors") {
  const Sandbox sandbox;
  const Outcome version = sandbox.run({"asciinema", "--version"});
  CHECK(version.status == 0);
  CHECK(std::regex_match(version.out, std::regex(R"(asciinema \d+\.\d+\.\d+\n)")));

  for (const char* option : {"-h", "--help"}) {
    const Outcome help = sandbox.run({"asciinema", option});
    CHECK(help.status == 0);
    CHECK(contains(help.out, "usage: asciinema"));
    const Outcome rec_help = sandbox.run({"asciinema", "rec", option});
    CHECK(rec_help.status == 0);
    CHECK(contains(rec_help.out, "--idle-time-limit"));
  }
  CHECK(sandbox.run({"asciinema", "help"}).out == sandbox.run({"asciinema", "--help"}).out);
  CHECK(sandbox.run({"asciinema", "help", "help"}).out == sandbox.run({"asciinema", "help"}).out);
  for (const char* command : {"rec", "up", "pause", "shell-init", "daemon"}) {
    CAPTURE(command);
    const Outcome help = sandbox.run({"asciinema", "help", command});
    CHECK(help.status == 0);
    CHECK(help.out.starts_with("usage: asciinema "));
    CHECK(help.out == sandbox.run({"asciinema", command, "--help"}).out);
  }
  const Outcome unknown = sandbox.run({"asciinema", "help", "pley"});
  CHECK(unknown.status == 2);
  CHECK(contains(unknown.err, "command 'pley' is unknown, did you mean 'play'?"));
  CHECK(sandbox.run({"asciinema", "help", "rec", "play"}).status == 2);
  const Outcome bare = sandbox.run({"asciinema"});
  CHECK(bare.status == 1);
  CHECK(contains(bare.out, "usage: asciinema"));

  const std::vector<std::vector<std::string>> wrong = {
      {"asciinema", "--nonsense"},
      {"asciinema", "rec", "--nonsense", "a.cast"},
      {"asciinema", "rec", "--cols", "0", "a.cast"},
      {"asciinema", "rec", "--rows", "65536", "a.cast"},
      {"asciinema", "rec", "--cols", "-5", "a.cast"},
      {"asciinema", "rec", "--cols", "many", "a.cast"},
      {"asciinema", "rec", "-i", "0", "a.cast"},
      {"asciinema", "rec", "-i", "nan", "a.cast"},
      {"asciinema", "rec", "-c"},
      {"asciinema", "rec", "--append", "--overwrite", "a.cast"},
      {"asciinema", "rec", "a.cast", "b.cast"},
      {"asciinema", "rec", ""},
  };
  for (const std::vector<std::string>& argv : wrong) {
    const Outcome outcome = sandbox.run(argv);
    CAPTURE(outcome.err);
    CHECK(outcome.status == 2);
    CHECK(contains(outcome.err, "usage: asciinema"));
    CHECK(contains(outcome.err, "error: "));
  }
  CHECK(sandbox.read("a.cast").empty());
}

TEST_CASE("a locale that is neither UTF-8 nor ASCII is refused") {
  Sandbox sandbox;
  // Built here, since only C.UTF-8 can be relied on to be installed.
  const Outcome built =
      sandbox.run({"localedef", "-i", "POSIX", "-f", "ISO-8859-1", sandbox.dir() / "latin1"});
  if (!exists(sandbox.dir() / "latin1/LC_CTYPE")) {
    MESSAGE("skipped: localedef cannot make a locale here: ", built.err);
    return;
  }
  sandbox.environment["LOCPATH"] = sandbox.dir().path();
  sandbox.environment["LC_ALL"] = "latin1";
  const Outcome outcome = sandbox.run({"asciinema", "rec", "-c", "true", "a.cast"});
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.err, "UTF-8"));
}

TEST_CASE("the output is recorded to the last byte, however much there is") {
  const Sandbox sandbox;
  const Outcome outcome =
      sandbox.run({"asciinema", "rec", "-c", "stty -opost; seq 1 100000; printf end", "a.cast"});
  REQUIRE(outcome.status == 0);
  std::string expected;
  for (int i = 1; i <= 100'000; ++i) expected += std::to_string(i) + "\n";
  CHECK((read_cast(sandbox / "a.cast").output() == expected + "end"));
}

TEST_CASE("--raw records the bytes as they are") {
  const Sandbox sandbox;
  REQUIRE(
      sandbox.run({"asciinema", "rec", "--raw", "-c", "printf 'a\\377\\001\\n'", "a.raw"}).status ==
      0);
  CHECK(sandbox.read("a.raw") == "\x1b[8;24;80ta\xFF\x01\r\n");
}

TEST_CASE("--stdin records what is typed") {
  const Sandbox sandbox;
  PtyDriver terminal(sandbox, {"asciinema", "rec", "--stdin", "-c",
                               "stty -echo; echo ready; read x; echo got $x", "a.cast"});
  terminal.expect("ready");
  // A program's question is answered by the terminal, not by the user.
  terminal.send("pear\x1b[?1;2c\r");
  terminal.expect("got");
  CHECK(terminal.wait().status == 0);
  CHECK(read_cast(sandbox / "a.cast").data("i") == "pear\r");

  PtyDriver without(sandbox, {"asciinema", "rec", "-c", "echo ready; read x", "b.cast"});
  without.expect("ready");
  without.send("pear\r");
  CHECK(without.wait().status == 0);
  CHECK(read_cast(sandbox / "b.cast").of("i").empty());
}

TEST_CASE("sh that cannot be executed is an error, not an empty recording") {
  Sandbox sandbox;
  sandbox.environment["PATH"] = test::build_root();
  const Outcome outcome = sandbox.run({"asciinema", "rec", "-c", "true", "a.cast"});
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.err, "execute sh: No such file or directory"));
  CHECK_FALSE(contains(outcome.err, "saved"));
  CHECK_FALSE(exists(sandbox / "a.cast"));
}

}  // namespace
}  // namespace asciinemad
