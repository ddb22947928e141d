// Where recordings go: files old and new, pipes, FIFOs, standard output, and disks that are full.

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
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
using test::parse_cast;
using test::PtyDriver;
using test::read_cast;
using test::Sandbox;

constexpr const char* kHeader = "{\"version\": 2, \"width\": 80, \"height\": 24}\n";

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

Outcome record(const Sandbox& sandbox, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"asciinema", "rec", "-c", "printf new"});
  return sandbox.run(std::move(arguments));
}

TEST_CASE("a recording that exists is not touched without being asked for") {
  const Sandbox sandbox;
  sandbox.write("old.cast", "precious");
  const Outcome outcome = record(sandbox, {"old.cast"});
  CHECK(outcome.status == 1);
  CHECK(outcome.err ==
        "asciinema: old.cast already exists, aborting\r\n"
        "asciinema: use --overwrite option if you want to replace existing recording\r\n"
        "asciinema: use --append option if you want to append to existing recording\r\n");
  CHECK(sandbox.read("old.cast") == "precious");
}

TEST_CASE("an empty file is used, and a missing one is made with the umask's permissions") {
  const Sandbox sandbox;
  sandbox.write("empty.cast", "");
  CHECK(record(sandbox, {"empty.cast"}).status == 0);
  CHECK(read_cast(sandbox / "empty.cast").output() == "new");

  CHECK(sandbox.run_shell("umask 026; asciinema rec -q -c true new.cast").status == 0);
  struct stat info {};
  REQUIRE(::stat((sandbox / "new.cast").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0640);
}

TEST_CASE("--overwrite replaces all of a longer recording") {
  const Sandbox sandbox;
  sandbox.write("old.cast", std::string(100'000, 'x'));
  CHECK(record(sandbox, {"--overwrite", "old.cast"}).status == 0);
  CHECK(read_cast(sandbox / "old.cast").output() == "new");
}

TEST_CASE("what cannot be written to is named with the reason") {
  const Sandbox sandbox;
  std::filesystem::create_directory(sandbox / "folder");
  sandbox.write("file", "x");
  const std::vector<std::pair<std::string, std::string>> targets = {
      {"folder", "folder: is a directory"},
      {"missing/a.cast", "open missing/a.cast: No such file or directory"},
      {"file/a.cast", "open file/a.cast: Not a directory"},
      {std::string(300, 'n'), "File name too long"}};
  for (const auto& [path, reason] : targets) {
    const Outcome outcome = record(sandbox, {path});
    CAPTURE(outcome.err);
    CHECK(outcome.status == 1);
    CHECK(contains(outcome.err, reason));
    CHECK_FALSE(contains(outcome.err, "recording finished"));
  }
}

TEST_CASE("files and directories without write permission are refused") {
  const Sandbox sandbox;
  sandbox.write("old.cast", kHeader);
  std::filesystem::create_directory(sandbox / "locked");
  REQUIRE(::chmod((sandbox / "old.cast").c_str(), 0400) == 0);
  REQUIRE(::chmod((sandbox / "locked").c_str(), 0500) == 0);
  std::vector<std::string> nobody;
  if (test::is_root()) {
    sandbox.give_to(65534);
    nobody = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
    std::vector<std::string> version = nobody;
    // By its path: another asciinema may be in PATH.
    version.insert(version.end(), {test::build_root() + "/asciinema", "--version"});
    if (sandbox.run(version).status != 0) {
      MESSAGE("skipped: other users cannot run the programs in ", test::build_root());
      return;
    }
  }
  const std::vector<std::vector<std::string>> attempts = {
      {"--append", "old.cast"}, {"--overwrite", "old.cast"}, {"locked/a.cast"}};
  for (const std::vector<std::string>& attempt : attempts) {
    std::vector<std::string> argv = nobody;
    argv.insert(argv.end(), {"asciinema", "rec", "-c", "true"});
    argv.insert(argv.end(), attempt.begin(), attempt.end());
    const Outcome outcome = sandbox.run(argv);
    CAPTURE(outcome.err);
    CHECK(outcome.status == 1);
    CHECK(contains(outcome.err, "open " + attempt.back() + ": Permission denied"));
  }
  CHECK(sandbox.read("old.cast") == kHeader);
}

TEST_CASE("a FIFO gets the recording as it is made") {
  const Sandbox sandbox;
  REQUIRE(::mkfifo((sandbox / "fifo").c_str(), 0600) == 0);
  const Outcome outcome = sandbox.run_shell(
      "cat fifo >copy.cast & asciinema rec -c 'seq 1 50000; printf end' fifo; status=$?; wait; "
      "exit $status");
  CAPTURE(outcome.err);
  CHECK(outcome.status == 0);
  CHECK(read_cast(sandbox / "copy.cast").output().ends_with("49999\r\n50000\r\nend"));
}

TEST_CASE("a FIFO whose reader leaves makes the recording incomplete, not the session") {
  const Sandbox sandbox;
  REQUIRE(::mkfifo((sandbox / "fifo").c_str(), 0600) == 0);
  const Outcome outcome = sandbox.run_shell(
      "head -n 1 <fifo >/dev/null & asciinema rec -c 'seq 1 50000; echo lived >proof' fifo");
  CAPTURE(outcome.err);
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.err, "INCOMPLETE"));
  CHECK(contains(outcome.err, "Broken pipe"));
  CHECK(sandbox.read("proof") == "lived\n");
}

TEST_CASE(">(command) gets the recording and its end") {
  const Sandbox sandbox;
  // Were it open in the command, its reader would wait for what that leaves running.
  const Outcome outcome = sandbox.run_shell(
      "asciinema rec -c '[ -e /proc/self/fd/63 ] && echo leaked; printf new' >(gzip >a.gz); "
      "wait $!; gunzip <a.gz >a");
  CAPTURE(outcome.err);
  CHECK(outcome.status == 0);
  CHECK(contains(outcome.err, "/dev/fd/63"));
  CHECK(parse_cast(sandbox.read("a")).output() == "new");
}

TEST_CASE("- is standard output, in its place between what others write there") {
  const Sandbox sandbox;
  const std::string writers = "{ echo before; asciinema rec -c 'printf new' -; echo after; }";
  for (const char* target : {">out", "| cat >out"}) {
    CAPTURE(target);
    const Outcome outcome = sandbox.run_shell(writers + target);
    CAPTURE(outcome.err);
    CHECK(outcome.status == 0);
    CHECK(outcome.out.empty());
    std::string content = sandbox.read("out");
    REQUIRE(content.starts_with("before\n"));
    REQUIRE(content.ends_with("after\n"));
    content = content.substr(7, content.size() - 13);
    CHECK(parse_cast(content).output() == "new");
  }
}

TEST_CASE("- into a pipe leaves its flags as they are") {
  const Sandbox sandbox;
  // O_NONBLOCK is 04000.
  const Outcome outcome = sandbox.run_shell(
      "{ asciinema rec -c \"grep flags /proc/$$/fdinfo/1 >flags\" -; } | cat >out");
  CAPTURE(outcome.err);
  CHECK(outcome.status == 0);
  const std::string flags = sandbox.read("flags");
  std::smatch match;
  REQUIRE(std::regex_search(flags, match, std::regex("0([0-7]+)\n")));
  CHECK((std::stoul(match[1], nullptr, 8) & 04000U) == 0);
}

TEST_CASE("- into a socket is carried by the client") {
  const Sandbox sandbox;
  Result<SocketPair> pair = make_socket_pair();
  REQUIRE(pair.ok());
  test::Launch launch = sandbox.launch({"asciinema", "rec", "-c", "seq 1 20000", "-"});
  launch.out = pair->second.get();
  test::Process process(launch);
  pair->second.reset();
  const std::string content = test::read_until_end(pair->first.get());
  CHECK(process.wait().status == 0);
  CHECK(parse_cast(content).output().ends_with("20000\r\n"));
}

TEST_CASE("- is refused on a terminal") {
  const Sandbox sandbox;
  PtyDriver terminal(sandbox, {"asciinema", "rec", "-c", "true", "-"});
  terminal.expect("can't record to standard output when it is a terminal");
  CHECK(terminal.wait().status == 1);
}

TEST_CASE("a device that is full: the session goes on and the user knows") {
  const Sandbox sandbox;
  PtyDriver terminal(
      sandbox, {"asciinema", "rec", "-c", "echo one; read x; printf '%1000s' two", "/dev/full"});
  terminal.expect("one");
  terminal.expect("INCOMPLETE, the session goes on");
  terminal.send("\r");
  terminal.expect("two");
  terminal.expect("recording is INCOMPLETE: ");
  const std::string line = terminal.expect("\r");
  // "one", the echo of the key and "two".
  CHECK(contains(line, "1007 bytes of output are missing from /dev/full: No space left on device"));
  CHECK(terminal.wait().status == 1);
  CHECK_FALSE(contains(terminal.screen(), "saved"));
}

TEST_CASE("a full disk: what fits is kept in whole lines, what is missing is counted") {
  if (!test::can_unshare_mounts()) {
    MESSAGE("skipped: needs to mount a file system");
    return;
  }
  const Sandbox sandbox;
  std::filesystem::create_directory(sandbox / "disk");
  sandbox.write("command", "stty -opost -echo\nseq 1 30000\necho full\nread x\nseq 1 10\n");
  std::vector<std::string> argv = test::with_own_mounts(
      "mount -t tmpfs -o size=64k none disk && { asciinema rec -c 'sh command' disk/a.cast; "
      "echo status=$?; cat disk/a.cast >copy.cast; }");
  PtyDriver terminal(sandbox, std::move(argv));
  terminal.expect("INCOMPLETE, the session goes on");
  terminal.expect("full");
  terminal.send("\n");
  terminal.expect("recording is INCOMPLETE: ");
  const std::string line = terminal.expect(" bytes of output are missing");
  terminal.expect("No space left on device");
  terminal.expect("status=1");
  CHECK(terminal.wait().status == 0);

  std::string expected;
  for (int i = 1; i <= 30'000; ++i) expected += std::to_string(i) + "\n";
  expected += "full\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n";
  const std::string output = read_cast(sandbox / "copy.cast").output();
  CHECK(output.size() > 30'000);
  CHECK(output.size() < 64U << 10);
  CHECK(output.size() + std::stoul(line) == expected.size());
}

TEST_CASE("--append continues the time line without a second header") {
  const Sandbox sandbox;
  sandbox.write("a.cast", std::string(kHeader) + "[100.25, \"o\", \"old\"]\n");
  const Outcome outcome = record(sandbox, {"--append", "a.cast"});
  CHECK(outcome.status == 0);
  CHECK(contains(outcome.err, "asciinema: appending to asciicast at a.cast\r\n"));
  const Cast cast = read_cast(sandbox / "a.cast");
  CHECK(cast.output() == "oldnew");
  CHECK(cast.header + "\n" == kHeader);
  CHECK(cast.events.back().time_us >= 100'250'000);
  CHECK(cast.events.back().time_us < 130'000'000);
  // The window may have another size by now.
  REQUIRE(cast.events.size() >= 3);
  CHECK(cast.events[1].code == "r");
  CHECK(cast.events[1].data == "80x24");
}

TEST_CASE("--append to a missing file warns and records") {
  const Sandbox sandbox;
  const Outcome outcome = record(sandbox, {"--append", "a.cast"});
  CHECK(outcome.status == 0);
  CHECK(contains(outcome.err, "a.cast does not exist"));
  CHECK(read_cast(sandbox / "a.cast").output() == "new");
}

TEST_CASE("--append refuses what is not an asciicast v2 and leaves it alone") {
  const Sandbox sandbox;
  const std::vector<std::pair<std::string, std::string>> contents = {
      {R"({"version": 1, "width": 80, "height": 24, "duration": 1, "stdout": []})", "v1"},
      {"{\"version\": 3, \"term\": {\"cols\": 80, \"rows\": 24}}\n", "v3"},
      {"hello\n", "not an asciicast"},
      {"[1, \"o\", \"x\"]\n", "not an asciicast"},
      {std::string(1000, '\0'), "not an asciicast"}};
  for (const auto& [content, reason] : contents) {
    sandbox.write("a.cast", content);
    const Outcome outcome = record(sandbox, {"--append", "a.cast"});
    CAPTURE(outcome.err);
    CHECK(outcome.status == 1);
    CHECK(contains(outcome.err, reason));
    CHECK((sandbox.read("a.cast") == content));
  }
}

TEST_CASE("--append goes on behind the last whole event of a cut recording") {
  const Sandbox sandbox;
  const std::string whole = std::string(kHeader) + "[5.0, \"o\", \"old\"]\n";
  sandbox.write("a.cast", whole + "[6.0, \"o\", \"los");
  const Outcome outcome = record(sandbox, {"--append", "a.cast"});
  CHECK(outcome.status == 0);
  CHECK(contains(outcome.err, "a.cast is damaged at its end; dropping 15 bytes"));
  CHECK(sandbox.read("a.cast").starts_with(whole + "[5.0"));
  CHECK(read_cast(sandbox / "a.cast").output() == "oldnew");

  sandbox.write("b.cast", std::string(kHeader) + "[5.0, \"o\", \"old\"]");
  CHECK(record(sandbox, {"--append", "b.cast"}).status == 0);
  CHECK(read_cast(sandbox / "b.cast").output() == "oldnew");
}

TEST_CASE("--append --raw takes any file") {
  const Sandbox sandbox;
  sandbox.write("a.raw", "whatever");
  CHECK(record(sandbox, {"--append", "--raw", "a.raw"}).status == 0);
  const std::string content = sandbox.read("a.raw");
  CHECK(content.starts_with("whatever"));
  CHECK(content.ends_with("new"));
}

}  // namespace
}  // namespace asciinemad
