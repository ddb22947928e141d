// asciinema convert: what comes out, and that no file is ever lost or left behind.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/cast.h"
#include "tests/support/pty_driver.h"
#include "tests/support/sandbox.h"

namespace asciinemad {
namespace {

using test::Launch;
using test::Outcome;
using test::PtyDriver;
using test::Sandbox;

const std::string kV2 =
    "{\"version\": 2, \"width\": 80, \"height\": 24, \"timestamp\": 1700000000, "
    "\"env\": {\"SHELL\": \"/bin/sh\", \"GONE\": null}, \"x-key\": [1, 2]}\n"
    "[0.500400, \"o\", \"one\\r\\n\"]\n"
    "[1.000800, \"r\", \"100x30\"]\n"
    "[1.500000, \"new\", \"żółw\"]\n"
    "[2.000000, \"o\", \"\\u001b[1mtwo\"]\n";
const std::string kV3 =
    "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24},\"timestamp\":1700000000,"
    "\"env\":{\"SHELL\":\"/bin/sh\"},\"x-key\":[1, 2]}\n"
    "[0.500, \"o\", \"one\\r\\n\"]\n"
    "[0.501, \"r\", \"100x30\"]\n"
    "[0.499, \"new\", \"żółw\"]\n"
    "[0.500, \"o\", \"\\u001b[1mtwo\"]\n";
const std::string kRaw = "\x1b[8;24;80tone\r\n\x1b[8;30;100t\x1b[1mtwo";
const std::string kTxt = "one\ntwo\n";

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Outcome convert(const Sandbox& sandbox, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"asciinema", "convert"});
  return sandbox.run(std::move(arguments));
}

// Output events that leave `text` on a screen of 20x5.
std::string text_of(const Sandbox& sandbox, const std::string& json_text) {
  const std::string recording =
      "{\"version\": 2, \"width\": 20, \"height\": 5}\n[0, \"o\", \"" + json_text + "\"]\n";
  const Outcome outcome = sandbox.run({"asciinema", "convert", "-f", "txt", "-", "-"}, recording);
  CHECK(outcome.status == 0);
  CHECK(outcome.err.empty());
  return outcome.out;
}

TEST_CASE("convert chooses the format by the name of the output") {
  const Sandbox sandbox;
  sandbox.write("in.cast", kV2);
  const std::vector<std::pair<std::string, std::string>> outputs = {
      {"out.cast", kV3}, {"out", kV3}, {"out.raw", kRaw}, {"out.txt", kTxt}, {"txt", kV3}};
  for (const auto& [name, content] : outputs) {
    const auto& shown_name = name;  // clang captures no structured binding
    CAPTURE(shown_name);
    const Outcome outcome = convert(sandbox, {"in.cast", name});
    CHECK(outcome.status == 0);
    CHECK(outcome.out.empty());
    CHECK(outcome.err.empty());
    CHECK(sandbox.read(name) == content);
  }
}

TEST_CASE("convert -f has the last word") {
  const Sandbox sandbox;
  sandbox.write("in.cast", kV3);
  const std::string v2 =
      "{\"version\": 2, \"width\": 80, \"height\": 24, \"timestamp\": 1700000000, "
      "\"env\": {\"SHELL\": \"/bin/sh\"}, \"x-key\": [1, 2]}\n"
      "[0.500000, \"o\", \"one\\r\\n\"]\n"
      "[1.001000, \"r\", \"100x30\"]\n"
      "[1.500000, \"new\", \"żółw\"]\n"
      "[2.000000, \"o\", \"\\u001b[1mtwo\"]\n";
  const std::string v1 =
      "{\"version\": 1, \"width\": 80, \"height\": 24, \"timestamp\": 1700000000, "
      "\"env\": {\"SHELL\": \"/bin/sh\"}, \"x-key\": [1, 2], \"stdout\": [\n"
      "[0.500000, \"one\\r\\n\"],\n"
      "[1.500000, \"\\u001b[1mtwo\"]\n"
      "], \"duration\": 2.000000}\n";
  const std::vector<std::pair<std::string, std::string>> formats = {
      {"asciicast-v1", v1},  {"v1", v1},  {"asciicast-v2", v2}, {"v2", v2},
      {"asciicast-v3", kV3}, {"v3", kV3}, {"raw", kRaw},        {"txt", kTxt}};
  for (const auto& [format, content] : formats) {
    const auto& shown_format = format;  // clang captures no structured binding
    CAPTURE(shown_format);
    const Outcome outcome =
        convert(sandbox, {"--output-format", format, "--overwrite", "in.cast", "out.raw"});
    CHECK(outcome.status == 0);
    CHECK(sandbox.read("out.raw") == content);
  }
}

TEST_CASE("convert reads standard input and writes standard output") {
  const Sandbox sandbox;
  CHECK(sandbox.run({"asciinema", "convert", "-", "-"}, kV2).out == kV3);
  CHECK(sandbox.run({"asciinema", "convert", "-f", "txt", "-", "-"}, kV2).out == kTxt);
  sandbox.write("in.cast", kV2);
  const Outcome outcome = sandbox.run_shell(
      "{ echo before; asciinema convert in.cast /dev/stdout; echo after; } >out; "
      "asciinema convert in.cast /dev/fd/5 5>fifth; asciinema convert in.cast >(cat >copy); wait "
      "$!");
  CAPTURE(outcome.err);
  CHECK(outcome.status == 0);
  CHECK(sandbox.read("out") == "before\n" + kV3 + "after\n");
  CHECK(sandbox.read("fifth") == kV3);
  CHECK(sandbox.read("copy") == kV3);
}

TEST_CASE("convert to v1: asciinema 2 prints the same") {
  if (::access("/usr/bin/asciinema", X_OK) != 0) {
    MESSAGE("skipped: asciinema 2 is not installed");
    return;
  }
  const Sandbox sandbox;
  sandbox.write("in.cast", kV2);
  for (const char* format : {"v1", "v2"}) {
    CAPTURE(std::string(format));
    REQUIRE(convert(sandbox, {"-f", format, "--overwrite", "in.cast", "out.cast"}).status == 0);
    Launch launch = sandbox.launch({"/usr/bin/python3", "/usr/bin/asciinema", "cat", "out.cast"});
    const Fd out(
        ::open((sandbox / "theirs").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    launch.out = out.get();
    PtyDriver terminal(launch);
    CHECK(terminal.wait().status == 0);
    CHECK(sandbox.read("theirs") == "one\r\n\x1b[1mtwo");
  }
}

TEST_CASE("convert to txt: all that scrolled by, and what is on the screen") {
  const Sandbox sandbox;
  CHECK(text_of(sandbox, "a\\r\\nb  \\r\\n\\r\\nc\\r\\nd\\r\\ne\\r\\nf\\r\\n\\r\\n") ==
        "a\nb\n\nc\nd\ne\nf\n");
  CHECK(text_of(sandbox, "").empty());
  CHECK(text_of(sandbox, "progress 1\\rprogress 2").compare("progress 2\n") == 0);
  CHECK(text_of(sandbox, "\\u001b[1;31mred\\u001b[0m ż 漢") == "red ż 漢\n");
}

TEST_CASE("convert to txt joins wrapped lines") {
  const Sandbox sandbox;
  const std::string line = "0123456789abcdefghijKLMNOPQRSTUVWXYZ0123456789";
  CHECK(text_of(sandbox, line + "\\r\\nx") == line + "\nx\n");
  CHECK(text_of(sandbox, "0123456789abcdefgh  x  \\r\\ny") == "0123456789abcdefgh  x\ny\n");
  std::string output;
  std::string expected;
  for (int i = 0; i < 20; ++i) {
    output += line + "\\r\\n";
    expected += line + "\n";
  }
  CHECK(text_of(sandbox, output) == expected);
}

TEST_CASE("convert to txt: full-screen programs leave nothing, unless they are there at the end") {
  const Sandbox sandbox;
  CHECK(text_of(sandbox, "a\\r\\n\\u001b[?1049h\\u001b[Hfull\\u001b[?1049lb") == "a\nb\n");
  CHECK(text_of(sandbox, "a\\r\\n\\u001b[?1049h\\u001b[Hfull\\r\\nscreen") ==
        "a\n\nfull\nscreen\n");
}

TEST_CASE("convert leaves an existing file alone without --overwrite") {
  const Sandbox sandbox;
  sandbox.write("in.cast", kV2);
  sandbox.write("out.cast", "precious");
  const Outcome refused = convert(sandbox, {"in.cast", "out.cast"});
  CHECK(refused.status == 1);
  CHECK(refused.err ==
        "asciinema: out.cast already exists, aborting\r\n"
        "asciinema: use --overwrite option if you want to replace existing recording\r\n");
  CHECK(sandbox.read("out.cast") == "precious");

  REQUIRE(::chmod((sandbox / "out.cast").c_str(), 0640) == 0);
  CHECK(convert(sandbox, {"--overwrite", "in.cast", "out.cast"}).status == 0);
  CHECK(sandbox.read("out.cast") == kV3);
  struct stat info {};
  REQUIRE(::stat((sandbox / "out.cast").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0640);

  sandbox.write("empty.cast", "");
  CHECK(convert(sandbox, {"in.cast", "empty.cast"}).status == 0);
  CHECK(sandbox.read("empty.cast") == kV3);
}

TEST_CASE("convert makes a file with the umask's permissions") {
  const Sandbox sandbox;
  sandbox.write("in.cast", kV2);
  CHECK(sandbox.run_shell("umask 026; asciinema convert in.cast out.cast").status == 0);
  struct stat info {};
  REQUIRE(::stat((sandbox / "out.cast").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0640);
}

TEST_CASE("convert refuses to write what it reads") {
  const Sandbox sandbox;
  sandbox.write("in.cast", kV2);
  const Outcome links = sandbox.run_shell("ln in.cast hard.cast; ln -s in.cast soft.cast");
  REQUIRE(links.status == 0);
  for (const char* output : {"in.cast", "./in.cast", "hard.cast", "soft.cast"}) {
    CAPTURE(std::string(output));
    const Outcome outcome = convert(sandbox, {"--overwrite", "in.cast", output});
    CHECK(outcome.status == 1);
    CHECK(outcome.err == "asciinema: conversion failed: " + std::string(output) +
                             " is the recording that is to be converted\r\n");
  }
  CHECK(sandbox.run_shell("asciinema convert --overwrite - in.cast <in.cast").status == 1);
  CHECK(sandbox.run_shell("asciinema convert in.cast - >>in.cast").status == 1);
  CHECK(sandbox.read("in.cast") == kV2);
  CHECK(names_in(sandbox / "") == std::vector<std::string>{"hard.cast", "in.cast", "soft.cast"});
}

TEST_CASE("convert follows links to the file that they name") {
  const Sandbox sandbox;
  sandbox.write("in.cast", kV2);
  sandbox.write("folder/old.cast", "old");
  REQUIRE(sandbox.run_shell("ln -s folder/old.cast a; ln -s a b; ln -s folder/new.cast c").status ==
          0);
  CHECK(convert(sandbox, {"--overwrite", "in.cast", "b"}).status == 0);
  CHECK(sandbox.read("folder/old.cast") == kV3);
  CHECK(convert(sandbox, {"in.cast", "c"}).status == 0);
  CHECK(sandbox.read("folder/new.cast") == kV3);
  CHECK(std::filesystem::is_symlink(sandbox / "b"));
  CHECK(std::filesystem::is_symlink(sandbox / "c"));
}

TEST_CASE("convert leaves nothing behind when it fails") {
  const Sandbox sandbox;
  sandbox.write("good.cast", kV2);
  sandbox.write("old.cast", "old");
  sandbox.write("text", "hello\n");
  const std::vector<std::string> before = names_in(sandbox / "");
  const std::vector<std::vector<std::string>> attempts = {
      {"missing.cast", "new.cast"},
      {"text", "new.cast"},
      {"--overwrite", "text", "old.cast"},
      {"--overwrite", "missing.cast", "old.cast"},
      {"good.cast", "missing/new.cast"},
      {"good.cast", std::string(300, 'n')},
      {"good.cast", "."},
      {"good.cast", "/dev/full"},
      {"http://127.0.0.1:1/a.cast", "new.cast"}};
  for (const std::vector<std::string>& arguments : attempts) {
    const Outcome outcome = convert(sandbox, arguments);
    CAPTURE(outcome.err);
    CHECK(outcome.status == 1);
    CHECK(outcome.err.starts_with("asciinema: conversion failed: "));
    CHECK(names_in(sandbox / "") == before);
  }
  CHECK(sandbox.read("old.cast") == "old");
}

TEST_CASE("convert to a disk that gets full") {
  if (!test::can_unshare_mounts()) {
    MESSAGE("skipped: needs to mount a file system");
    return;
  }
  const Sandbox sandbox;
  std::filesystem::create_directory(sandbox / "disk");
  std::string large = kV2;
  for (int i = 0; i < 20'000; ++i) large += "[3.000000, \"o\", \"a line of text\\r\\n\"]\n";
  sandbox.write("in.cast", large);
  const Outcome outcome = sandbox.run(
      test::with_own_mounts("mount -t tmpfs -o size=64k none disk && echo old >disk/out.cast && "
                            "asciinema convert --overwrite in.cast disk/out.cast; echo $?; "
                            "asciinema convert in.cast disk/new.cast; echo $?; "
                            "ls -A disk; cat disk/out.cast"));
  CHECK(outcome.out == "1\n1\nout.cast\nold\n");
  CHECK(outcome.err ==
        "asciinema: conversion failed: write disk/out.cast: No space left on device\r\n"
        "asciinema: conversion failed: write disk/new.cast: No space left on device\r\n");
}

TEST_CASE("convert that is ended by a signal leaves nothing behind") {
  for (const int signum : {SIGINT, SIGTERM, SIGHUP}) {
    CAPTURE(signum);
    const Sandbox sandbox;
    sandbox.write("out.cast", "old");
    Result<Pipe> in = make_pipe();
    REQUIRE(in.ok());
    Launch launch = sandbox.launch({"asciinema", "convert", "--overwrite", "-", "out.cast"});
    launch.in = in->read_end.get();
    test::Process process(launch);
    REQUIRE(write_all(in->write_end.get(), kV2, test::kWaitMs).ok());
    REQUIRE(test::eventually([&sandbox] { return names_in(sandbox / "").size() == 2; }));
    // The handlers come right behind the file.
    REQUIRE(test::eventually([&sandbox] {
      for (const std::string& name : names_in(sandbox / "")) {
        if (name != "out.cast") return !sandbox.read(name).empty();
      }
      return false;
    }));
    process.signal(signum);
    CHECK(process.wait().signal == signum);
    CHECK(names_in(sandbox / "") == std::vector<std::string>{"out.cast"});
    CHECK(sandbox.read("out.cast") == "old");
  }
}

TEST_CASE("convert writes to FIFOs and devices as they are") {
  const Sandbox sandbox;
  sandbox.write("in.cast", kV2);
  REQUIRE(::mkfifo((sandbox / "fifo").c_str(), 0600) == 0);
  const Outcome outcome = sandbox.run_shell(
      "cat fifo >copy & asciinema convert in.cast fifo && wait && "
      "asciinema convert in.cast /dev/null && test -p fifo && test -c /dev/null");
  CAPTURE(outcome.err);
  CHECK(outcome.status == 0);
  CHECK(sandbox.read("copy") == kV3);
}

TEST_CASE("convert shows a terminal what is made for people only") {
  const Sandbox sandbox;
  sandbox.write("in.cast", kV2);
  PtyDriver refused(sandbox, {"asciinema", "convert", "in.cast", "-"});
  refused.expect("can't convert to standard output when it is a terminal");
  CHECK(refused.wait().status == 1);
  PtyDriver text(sandbox, {"asciinema", "convert", "-f", "txt", "in.cast", "-"});
  text.expect("one\r\ntwo\r\n");
  CHECK(text.wait().status == 0);
  // As it was, but for what could do harm; here that is setting the window's size.
  for (const std::string input : {"-", "/dev/stdin"}) {
    CAPTURE(input);
    PtyDriver raw(sandbox, {"sh", "-c", "asciinema convert -f raw " + input + " - <in.cast"});
    raw.expect("one\r");
    CHECK_FALSE(contains(raw.expect("\x1b[1mtwo"), "\x1b[8;"));
    raw.expect("\x1b[0m");  // as the terminal was before
    CHECK(raw.wait().status == 0);
  }
}

TEST_CASE("convert keeps all that is whole of a damaged recording and says so") {
  const Sandbox sandbox;
  sandbox.write("in.cast", kV2 + "garbage\n[3, \"o\", \"!\"]\n[4, \"o\", \"cu");
  const Outcome outcome = convert(sandbox, {"in.cast", "out.cast"});
  CAPTURE(outcome.err);
  CHECK(outcome.status == 0);
  CHECK(sandbox.read("out.cast") == kV3 + "[1.000, \"o\", \"!\"]\n");
  CHECK(contains(outcome.err, "asciinema: in.cast: line 6 is damaged and was skipped: "));
  CHECK(contains(outcome.err, "asciinema: in.cast: the end is cut off at line 8"));
}

TEST_CASE("convert explains itself") {
  const Sandbox sandbox;
  const Outcome help = convert(sandbox, {"--help"});
  CHECK(help.status == 0);
  CHECK(help.out.starts_with("usage: asciinema convert "));
  const std::vector<std::vector<std::string>> wrong = {
      {},       {"a"}, {"a", "b", "c"}, {"-f", "gif", "a", "b"}, {"a", "-f"}, {"-x", "a", "b"},
      {"a", ""}};
  for (const std::vector<std::string>& arguments : wrong) {
    const Outcome outcome = convert(sandbox, arguments);
    CAPTURE(outcome.err);
    CHECK(outcome.status == 2);
    CHECK(outcome.err.starts_with("usage: asciinema convert "));
    CHECK(contains(outcome.err, "\nasciinema convert: error: "));
  }
}

}  // namespace
}  // namespace asciinemad
