// Clients that are stopped and terminals that do not read: whom it holds back, and that nothing is
// lost by it.

#include <doctest/doctest.h>
#include <signal.h>

#include <filesystem>
#include <string>

#include "tests/support/cast.h"
#include "tests/support/process_facts.h"
#include "tests/support/pty_driver.h"
#include "tests/support/sandbox.h"
#include "tests/support/sanitized.h"

namespace asciinemad {
namespace {

using test::eventually;
using test::PtyDriver;
using test::read_cast;
using test::Sandbox;

constexpr std::size_t kMaxGrowthKib = 2048;

std::string numbered_lines(int count) {
  std::string lines;
  for (int i = 1; i <= count; ++i) lines += std::to_string(i) + "\r\n";
  return lines;
}

std::uintmax_t size_of(const std::string& path) {
  std::error_code missing;
  const std::uintmax_t size = std::filesystem::file_size(path, missing);
  return missing ? 0 : size;
}

// Waits until the file has not grown for a while.
bool stops_growing(const std::string& path) {
  constexpr int kQuietMs = 300;
  std::uintmax_t seen = 0;
  Deadline quiet(kQuietMs);
  return eventually([&] {
    if (const std::uintmax_t now = size_of(path); now != seen) {
      seen = now;
      quiet = Deadline(kQuietMs);
    }
    return seen > 0 && quiet.remaining_ms() == 0;
  });
}

TEST_CASE("a stopped client does not stop the session, and hears of a resize afterwards") {
  const Sandbox sandbox;
  const std::string command =
      "stty -echo; echo ready; while read line; do echo \"$line $(stty size)\"; done; seq 5000";
  PtyDriver terminal(sandbox, {"asciinema", "rec", "-q", "-c", command, "a.cast"});
  terminal.expect("ready");
  terminal.signal(SIGSTOP);
  REQUIRE(eventually([&] { return test::stat_field(terminal.pid(), 3) == "T"; }));

  terminal.send("one\r");
  terminal.expect("one 24 80");
  terminal.resize({100, 50});
  terminal.send("two\r");
  terminal.expect("two 24 80");  // only the client sees its window's size

  terminal.signal(SIGCONT);
  REQUIRE(eventually(
      [&] { return sandbox.read("a.cast").find("\"r\", \"100x50\"]") != std::string::npos; }));
  terminal.send("three\r");
  terminal.expect("three 50 100");
  terminal.send("\x04");
  CHECK(terminal.wait().status == 0);
  const std::string expected =
      "ready\r\none 24 80\r\ntwo 24 80\r\nthree 50 100\r\n" + numbered_lines(5000);
  CHECK((terminal.screen() == expected));
  CHECK((read_cast(sandbox / "a.cast").output() == expected));
}

TEST_CASE("a session ends whole while its client is stopped") {
  const Sandbox sandbox;
  PtyDriver terminal(sandbox, {"asciinema", "rec", "-q", "-c",
                               "stty -echo; echo ready; read x; seq 3000; printf end", "a.cast"});
  terminal.expect("ready");
  const termios before = terminal.settings();
  CHECK(test::is_raw(before));
  terminal.signal(SIGSTOP);
  terminal.send("\r");
  terminal.expect("end");
  REQUIRE(eventually([&] { return sandbox.log().find("ended after") != std::string::npos; }));
  CHECK(read_cast(sandbox / "a.cast").output() == "ready\r\n" + numbered_lines(3000) + "end");
  CHECK(terminal.running());
  terminal.signal(SIGCONT);
  CHECK(terminal.wait().status == 0);
  CHECK_FALSE(test::is_raw(terminal.settings()));
}

TEST_CASE("a terminal that does not read holds back its own session only") {
  const Sandbox sandbox;
  PtyDriver other(sandbox,
                  {"asciinema", "rec", "-q", "-c", "stty -echo; echo ready; cat", "other.cast"});
  other.expect("ready");
  const pid_t daemon = sandbox.daemon_pid();
  test::forget_peak(daemon);
  const std::size_t before_kib = test::resident_kib(daemon);

  constexpr int kLines = 100'000;
  PtyDriver stalled(sandbox, {"asciinema", "rec", "-q", "-c",
                              "seq " + std::to_string(kLines) + "; printf end", "stalled.cast"});
  REQUIRE(stops_growing(sandbox / "stalled.cast"));
  const std::string expected = numbered_lines(kLines) + "end";
  CHECK(size_of(sandbox / "stalled.cast") < expected.size() / 4);
  for (const char* line : {"one", "two", "three"}) {
    other.send(std::string(line) + "\r");
    other.expect(std::string(line) + "\r\n", 1000);
  }
  CHECK(test::comes_to_rest(daemon));
  if (!test::kSanitized) CHECK(test::peak_resident_kib(daemon) < before_kib + kMaxGrowthKib);

  CHECK(stalled.wait().status == 0);
  CHECK((stalled.screen() == expected));
  CHECK((read_cast(sandbox / "stalled.cast").output() == expected));
  other.send("\x04");
  CHECK(other.wait().status == 0);
  CHECK(read_cast(sandbox / "other.cast").output() == "ready\r\none\r\ntwo\r\nthree\r\n");
}

// What the terminal has no room for is given up in the end; the recording must not be.
TEST_CASE("a command that ends before a terminal that does not read is recorded to its end") {
  const Sandbox sandbox;
  // 26 KB: more than one PTY holds (14 to 19), less than the user's and the command's together.
  constexpr int kLines = 4500;
  const std::string expected = numbered_lines(kLines);
  PtyDriver stalled(
      sandbox, {"asciinema", "rec", "-q", "-c", "seq " + std::to_string(kLines), "stalled.cast"});
  CHECK(test::eventually([&] { return size_of(sandbox / "stalled.cast") > expected.size(); },
                         20'000));
  CHECK(stalled.wait().status == 0);
  CHECK((read_cast(sandbox / "stalled.cast").output() == expected));
}

}  // namespace
}  // namespace asciinemad
