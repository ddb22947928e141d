// `asciinema rec` without a file name.

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/cast.h"
#include "tests/support/pty_driver.h"
#include "tests/support/sandbox.h"

namespace asciinemad {
namespace {

using test::Outcome;
using test::PtyDriver;
using test::read_cast;
using test::Sandbox;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::vector<std::string> recordings(const Sandbox& sandbox) {
  std::vector<std::string> paths;
  std::error_code none;
  for (const auto& entry :
       std::filesystem::directory_iterator(sandbox.dir() / "state/asciinema/recordings", none)) {
    paths.push_back(entry.path());
  }
  return paths;
}

std::string the_recording(const Sandbox& sandbox) {
  const std::vector<std::string> paths = recordings(sandbox);
  REQUIRE(paths.size() == 1);
  return paths[0];
}

mode_t mode_of(const std::string& path) {
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 0777U;
}

// With a server that cannot be reached.
Sandbox& offline(Sandbox& sandbox) {
  sandbox.environment["ASCIINEMA_API_URL"] = "http://127.0.0.1:1/x";
  return sandbox;
}

// Records on a terminal up to the question.
struct Asked {
  Asked() : terminal(offline(sandbox), {"asciinema", "rec", "-c", "printf hello"}) {
    terminal.expect("(s)ave locally, (u)pload to 127.0.0.1:1, (d)iscard\r\n");
    terminal.expect("[s,u,d]? ");
  }
  void answer(const std::string& text) { terminal.send(text + "\r"); }
  void expect_saved() {
    const std::string path = the_recording(sandbox);
    terminal.expect("asciicast saved to " + path);
    CHECK(terminal.wait().status == 0);
    CHECK(read_cast(path).output() == "hello");
  }

  Sandbox sandbox;
  PtyDriver terminal;
};

TEST_CASE("a recording without a name is asked about and saved") {
  for (const char* word : {"s", "save"}) {
    CAPTURE(word);
    Asked asked;
    asked.answer(word);
    asked.expect_saved();
  }
}

TEST_CASE("a recording without a name can be discarded") {
  for (const char* word : {"d", "discard"}) {
    CAPTURE(word);
    Asked asked;
    asked.answer(word);
    asked.terminal.expect("recording discarded");
    CHECK(asked.terminal.wait().status == 0);
    CHECK_FALSE(contains(asked.terminal.screen(), "saved"));
    CHECK(recordings(asked.sandbox).empty());
  }
}

TEST_CASE("a recording without a name is uploaded, and kept when that fails") {
  for (const char* word : {"u", "upload"}) {
    CAPTURE(word);
    Asked asked;
    asked.answer(word);
    const std::string path = the_recording(asked.sandbox);
    asked.terminal.expect("asciicast saved to " + path);
    asked.terminal.expect("upload failed: ");
    asked.terminal.expect("queued as #1, will be retried");
    CHECK(asked.terminal.wait().status == 1);
    CHECK(read_cast(path).output() == "hello");
  }
}

TEST_CASE("other answers are asked about again") {
  Asked asked;
  for (const char* word : {"", "x", "discardd", "U", "yes"}) {
    asked.answer(word);
    asked.terminal.expect("[s,u,d]? ");
  }
  asked.answer("s");
  asked.expect_saved();
}

TEST_CASE("Ctrl-C and the end of the input save") {
  for (const char* key : {"\x03", "\x04"}) {
    CAPTURE(key);
    Asked asked;
    asked.terminal.send(key);
    asked.expect_saved();
  }
}

TEST_CASE("the library is private and its recordings are, too") {
  Sandbox sandbox;
  const Outcome outcome = offline(sandbox).run_shell("umask 0; asciinema rec -y -c 'printf hello'");
  CHECK(outcome.status == 1);
  const std::string path = the_recording(sandbox);
  CHECK(mode_of(path) == 0600);
  CHECK(mode_of(sandbox.dir() / "state/asciinema/recordings") == 0700);
  CHECK(contains(outcome.err, "recording asciicast to " + path + "\r\n"));
  CHECK(contains(outcome.err, "asciicast saved to " + path + "\r\n"));
  CHECK_FALSE(contains(outcome.err, "[s,u,d]?"));
  CHECK(contains(outcome.err, "queued as #1, will be retried"));
}

TEST_CASE("-q asks nothing, uploads, and prints nothing but errors") {
  Sandbox sandbox;
  const Outcome outcome = offline(sandbox).run({"asciinema", "rec", "-q", "-c", "printf hello"});
  CHECK(outcome.status == 1);
  CHECK(outcome.err.starts_with("asciinema: upload failed: "));
  CHECK_FALSE(contains(outcome.err, "saved"));
  CHECK(read_cast(the_recording(sandbox)).output() == "hello");
}

TEST_CASE("without a terminal the answer comes from standard input") {
  const Sandbox sandbox;
  CHECK(sandbox.run({"asciinema", "rec", "-c", "printf hello"}).status == 0);
  CHECK(read_cast(the_recording(sandbox)).output() == "hello");
}

TEST_CASE("recordings made at once get files of their own") {
  Sandbox sandbox;
  const Outcome outcome = offline(sandbox).run_shell(
      "for i in 1 2 3 4 5; do asciinema rec -q -c \"printf $i\" & done; wait");
  CHECK(outcome.status == 0);
  CHECK(recordings(sandbox).size() == 5);
}

TEST_CASE("--raw needs a file name") {
  const Sandbox sandbox;
  const Outcome outcome = sandbox.run({"asciinema", "rec", "--raw", "-c", "true"});
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.err, "filename required"));
  CHECK(recordings(sandbox).empty());
}

TEST_CASE("without a usable library the recording goes to the temporary directory") {
  Sandbox sandbox;
  sandbox.dir().write("state/asciinema/recordings", "a file in the way");
  sandbox.environment["TMPDIR"] = sandbox.dir() / "cache";
  const Outcome outcome = offline(sandbox).run({"asciinema", "rec", "-y", "-c", "printf hello"});
  CAPTURE(outcome.err);
  CHECK(contains(outcome.err, "is not a directory; recording to " + (sandbox.dir() / "cache/")));
  const std::filesystem::directory_iterator found(sandbox.dir() / "cache");
  CHECK(read_cast(found->path()).output() == "hello");
  CHECK(mode_of(found->path()) == 0600);
}

TEST_CASE("a library that can't be written to says why") {
  if (!test::can_unshare_mounts()) {
    MESSAGE("skipped: needs to mount a file system");
    return;
  }
  Sandbox sandbox;
  sandbox.environment["TMPDIR"] = sandbox.dir() / "cache";
  const std::string library = sandbox.dir() / "state/asciinema/recordings";
  std::filesystem::create_directories(library);
  const Outcome outcome = sandbox.run(test::with_own_mounts(
      "mount -t tmpfs -o ro,mode=700 none " + library + " && asciinema rec -c true </dev/null"));
  CAPTURE(outcome.err);
  CHECK(outcome.status == 0);
  CHECK(contains(outcome.err, "asciinema: create " + library + "/"));
  CHECK(contains(outcome.err, ".cast: Read-only file system; recording to "));
}

}  // namespace
}  // namespace asciinemad
