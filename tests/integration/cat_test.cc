// asciinema cat: the output of recordings, unharmed where nobody is harmed by it.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/support/http_server.h"
#include "tests/support/pty_driver.h"
#include "tests/support/sandbox.h"

namespace asciinemad {
namespace {

using test::Launch;
using test::Outcome;
using test::PtyDriver;
using test::Sandbox;

constexpr const char* kV1 =
    "{\n  \"version\": 1, \"width\": 80, \"height\": 24, \"duration\": 2, \"title\": null,\n"
    "  \"stdout\": [\n    [0.5, \"one \\u001b[1m\\r\\n\"],\n    [1.5, \"żółw \\ud83d\\ude00\"]\n  "
    "]\n"
    "}\n";
constexpr const char* kV2 =
    "{\"version\": 2, \"width\": 80, \"height\": 24, \"env\": {\"TERM\": null}}\n"
    "[0.5, \"o\", \"two\\t\"]\n"
    "[0.75, \"i\", \"key\"]\n"
    "[1, \"r\", \"90x30\"]\n"
    "[2.000001, \"o\", \"\\\"quoted\\\" \\\\ \\u0000\\r\\n\"]\n"
    "[3, \"m\", \"\"]\n";
constexpr const char* kV3 =
    "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24}}\n"
    "# a comment\n"
    "[0.5, \"o\", \"three\"]\n"
    "\n"
    "[0.5, \"x\", \"0\"]\n";

const std::string kOutputV1 = "one \x1b[1m\r\nżółw 😀";
const std::string kOutputV2 = std::string("two\t\"quoted\" \\ ") + '\0' + "\r\n";
const std::string kOutputV3 = "three";

// A query, the clipboard and a colour.
constexpr const char* kHarmful =
    "{\"version\": 2, \"width\": 80, \"height\": 24}\n"
    "[0, \"o\", \"<\\u001b[6n\\u001b]52;c;aGk=\\u0007\\u001b[31mred>\"]\n";
constexpr const char* kQuery = "\x1b[6n";
constexpr const char* kClipboard = "\x1b]52;c;aGk=\x07";

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("cat prints the output of all versions, one after the other") {
  const Sandbox sandbox;
  sandbox.write("1.cast", kV1);
  sandbox.write("2.cast", kV2);
  sandbox.write("3.cast", kV3);
  const Outcome outcome = sandbox.run({"asciinema", "cat", "3.cast", "1.cast", "2.cast", "3.cast"});
  CHECK(outcome.status == 0);
  CHECK((outcome.out == kOutputV3 + kOutputV1 + kOutputV2 + kOutputV3));
  CHECK(outcome.err.empty());
}

TEST_CASE("cat prints what asciinema 2 prints") {
  if (::access("/usr/bin/asciinema", X_OK) != 0) {
    MESSAGE("skipped: asciinema 2 is not installed");
    return;
  }
  const Sandbox sandbox;
  std::string large = kV2;
  for (int i = 0; i < 20'000; ++i) {
    large += "[" + std::to_string(i) + ".5, \"o\", \"\\u001b[3" + std::to_string(i % 8) +
             "mline ż " + std::to_string(i) + "\\r\\n\"]\n";
  }
  sandbox.write("1.cast", kV1);
  sandbox.write("2.cast", large);
  for (const char* file : {"1.cast", "2.cast"}) {
    CAPTURE(std::string(file));
    // It wants a terminal for its keys.
    Launch launch = sandbox.launch({"/usr/bin/python3", "/usr/bin/asciinema", "cat", file});
    const Fd out(
        ::open((sandbox / "theirs").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    launch.out = out.get();
    PtyDriver terminal(launch);
    REQUIRE(terminal.wait().status == 0);
    const Outcome ours = sandbox.run({"asciinema", "cat", file});
    CHECK(ours.status == 0);
    CHECK((ours.out == sandbox.read("theirs")));
    CHECK(ours.out.size() > 10);
  }
}

TEST_CASE("cat reads standard input, and what is compressed") {
  const Sandbox sandbox;
  sandbox.write("2.cast", kV2);
  sandbox.write("3.cast", kV3);
  CHECK((sandbox.run({"asciinema", "cat", "-"}, kV2).out == kOutputV2));
  const Outcome outcome = sandbox.run_shell(
      "gzip 2.cast; zstd -q --rm 3.cast; asciinema cat 2.cast.gz - <3.cast.zst; "
      "asciinema cat <(zcat 2.cast.gz)");
  CAPTURE(outcome.err);
  CHECK(outcome.status == 0);
  CHECK((outcome.out == kOutputV2 + kOutputV3 + kOutputV2));
}

TEST_CASE("cat takes names as they are") {
  const Sandbox sandbox;
  for (const char* name : {"-x.cast", "--trust", "a\nb \xff'\"", " "}) {
    CAPTURE(std::string(name));
    sandbox.write(name, kV3);
    const Outcome outcome = sandbox.run({"asciinema", "cat", "--", name});
    CHECK(outcome.status == 0);
    CHECK(outcome.out == kOutputV3);
  }
}

TEST_CASE("cat passes on what it gets without waiting for more") {
  const Sandbox sandbox;
  Result<Pipe> in = make_pipe();
  Result<Pipe> out = make_pipe();
  REQUIRE((in.ok() && out.ok()));
  Launch launch = sandbox.launch({"asciinema", "cat", "-"});
  launch.in = in->read_end.get();
  launch.out = out->write_end.get();
  test::Process process(launch);
  in->read_end.reset();
  out->write_end.reset();
  for (const std::string_view part :
       {std::string_view(kV3), std::string_view("[9, \"o\", \"!\"]\n")}) {
    REQUIRE(write_all(in->write_end.get(), part, test::kWaitMs).ok());
    const std::string expected = part == kV3 ? kOutputV3 : "!";
    CHECK(test::read_bytes(out->read_end.get(), expected.size()) == expected);
  }
  in->write_end.reset();
  CHECK(process.wait().status == 0);
}

TEST_CASE("cat prints what a web server has") {
  const test::HttpServer server([](test::Exchange& e) { e.respond("200 OK", "", kV3); });
  const Sandbox sandbox;
  const Outcome outcome = sandbox.run({"asciinema", "cat", server.url("/a.cast")});
  CAPTURE(outcome.err);
  CHECK(outcome.status == 0);
  CHECK(outcome.out == kOutputV3);
}

TEST_CASE("cat says what cannot be printed, after all that can") {
  const Sandbox sandbox;
  sandbox.write("good.cast", kV3);
  sandbox.write("text", "hello\n");
  sandbox.write("empty", "");
  sandbox.write("future.cast", "{\"version\": 4}\n");
  REQUIRE(sandbox.run_shell("mkdir folder").status == 0);
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"missing.cast", "open missing.cast: No such file or directory"},
      {"folder", "open folder: Is a directory"},
      {"text", "text: line 1: "},
      {"empty", "empty: "},
      {"future.cast", "future.cast: line 1: "},
      {"http://127.0.0.1:1/a.cast", "http://127.0.0.1:1/a.cast: cannot connect to "}};
  for (const auto& [name, problem] : bad) {
    const Outcome outcome = sandbox.run({"asciinema", "cat", "good.cast", name, "good.cast"});
    CAPTURE(outcome.err);
    CHECK(outcome.status == 1);
    CHECK(outcome.out == kOutputV3);
    CHECK(outcome.err.starts_with("asciinema: printing failed: " + problem));
    CHECK(outcome.err.ends_with("\r\n"));
    CHECK(outcome.err.find('\n') == outcome.err.size() - 1);
  }
}

TEST_CASE("cat prints all that is whole of a damaged recording and says so") {
  const Sandbox sandbox;
  sandbox.write("a.cast", std::string(kV3) + "garbage\n[1, \"o\", \" and\"]\n[1, \"o\"]\n" +
                              "[1, \"o\", \" on\"]\n[1, \"o\", \" cut");
  const Outcome outcome = sandbox.run({"asciinema", "cat", "a.cast"});
  CAPTURE(outcome.err);
  CHECK(outcome.status == 0);
  CHECK(outcome.out == kOutputV3 + " and on");
  CHECK(contains(outcome.err,
                 "asciinema: a.cast: line 6 is damaged and was skipped (2 lines in all): "));
  CHECK(contains(outcome.err, "asciinema: a.cast: the end is cut off at line 10"));
  CHECK(contains(outcome.err, "everything before it was used\r\n"));
  CHECK_FALSE(contains(outcome.err, "failed"));
}

TEST_CASE("cat prints a recording that is cut at any byte") {
  const Sandbox sandbox;
  const std::string whole = kV2;
  const std::size_t header = whole.find('\n');
  for (std::size_t size = header + 1; size < whole.size(); size += 7) {
    CAPTURE(size);
    const Outcome outcome = sandbox.run({"asciinema", "cat", "-"}, whole.substr(0, size));
    CHECK(outcome.status == 0);
    CHECK((kOutputV2.starts_with(outcome.out)));
  }
}

TEST_CASE("cat ends without a word when its reader does") {
  const Sandbox sandbox;
  std::string large = kV3;
  for (int i = 0; i < 50'000; ++i) large += "[0.1, \"o\", \"a line of text\\r\\n\"]\n";
  sandbox.write("a.cast", large);
  const Outcome outcome =
      sandbox.run_shell("asciinema cat a.cast | head -c 5; echo \" ${PIPESTATUS[0]}\"");
  CHECK(outcome.out == "three 141\n");
  CHECK(outcome.err.empty());
}

TEST_CASE("cat says so when its output is full") {
  const Sandbox sandbox;
  sandbox.write("a.cast", kV3);
  const Outcome outcome = sandbox.run_shell("asciinema cat a.cast >/dev/full");
  CHECK(outcome.status == 1);
  CHECK(outcome.err ==
        "asciinema: printing failed: write standard output: No space left on device\r\n");
}

TEST_CASE("cat keeps from a terminal what could do harm there") {
  const Sandbox sandbox;
  sandbox.write("a.cast", kHarmful);
  struct Case {
    const char* command;
    bool query;
    bool clipboard;
  };
  for (const Case& c :
       {Case{"asciinema cat a.cast", false, true}, Case{"asciinema cat - <a.cast", false, false},
        Case{"asciinema cat <(cat a.cast)", false, false},
        Case{"asciinema cat /dev/stdin <a.cast", false, false},
        Case{"asciinema cat /proc/self/fd/0 <a.cast", false, false},
        Case{"asciinema cat --trust a.cast", true, true},
        Case{"asciinema cat --trust - <a.cast", true, true}}) {
    CAPTURE(std::string(c.command));
    PtyDriver terminal(sandbox, {"bash", "-c", c.command});
    CHECK(terminal.wait().status == 0);
    CHECK(contains(terminal.screen(), "\x1b[31mred>"));
    CHECK(contains(terminal.screen(), kQuery) == c.query);
    CHECK(contains(terminal.screen(), kClipboard) == c.clipboard);
  }
  const Outcome piped = sandbox.run({"asciinema", "cat", "-"}, kHarmful);
  CHECK(piped.out == std::string("<") + kQuery + kClipboard + "\x1b[31mred>");
}

TEST_CASE("cat leaves a terminal as it was") {
  const Sandbox sandbox;
  const std::string output = "\x1b[?1049h\x1b[?25lfull screen";
  sandbox.write("a.cast",
                "{\"version\": 2, \"width\": 80, \"height\": 24}\n"
                "[0, \"o\", \"\\u001b[?1049h\"]\n[1, \"o\", \"\\u001b[?25lfull screen\"]\n[2, ");
  CHECK(sandbox.run({"asciinema", "cat", "a.cast"}).out == output);
  for (const std::string command : {"asciinema cat a.cast missing", "asciinema cat --trust a.cast",
                                    "cat a.cast | asciinema cat - a.cast"}) {
    CAPTURE(command);
    PtyDriver terminal(sandbox, {"sh", "-c", command});
    const bool fails = command.ends_with("missing");
    terminal.expect(output);
    // Whatever is to be told is seen only on the screen that stays.
    const std::string undo = terminal.expect("asciinema: ");
    CHECK(contains(undo, "\x1b[?1049l"));
    CHECK(contains(undo, "\x1b[?25h"));
    terminal.expect("the end is cut off");
    if (fails) terminal.expect("printing failed");
    CHECK(terminal.wait().status == (fails ? 1 : 0));
    CHECK(terminal.screen().rfind("\x1b[?25h") > terminal.screen().rfind("\x1b[?25l"));
  }
  sandbox.write("b.cast", kV3);
  PtyDriver nothing(sandbox, {"asciinema", "cat", "b.cast"});
  CHECK(nothing.wait().status == 0);
  CHECK(nothing.screen() == kOutputV3);
}

TEST_CASE("cat explains itself") {
  const Sandbox sandbox;
  for (const char* option : {"-h", "--help"}) {
    const Outcome outcome = sandbox.run({"asciinema", "cat", option});
    CHECK(outcome.status == 0);
    CHECK(outcome.out.starts_with("usage: asciinema cat "));
    CHECK(outcome.err.empty());
  }
  for (const std::vector<std::string>& wrong :
       {std::vector<std::string>{"asciinema", "cat"}, {"asciinema", "cat", "--speed", "a.cast"}}) {
    const Outcome outcome = sandbox.run(wrong);
    CHECK(outcome.status == 2);
    CHECK(outcome.out.empty());
    CHECK(outcome.err.starts_with("usage: asciinema cat "));
    CHECK(contains(outcome.err, "\nasciinema cat: error: "));
  }
}

}  // namespace
}  // namespace asciinemad
