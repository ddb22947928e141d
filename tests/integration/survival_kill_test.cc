// The daemon is killed again and again, at any instant: the session goes on, and every line that
// the program writes is in the recording, once.

#include <doctest/doctest.h>
#include <signal.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "tests/support/cast.h"
#include "tests/support/pty_driver.h"
#include "tests/support/sandbox.h"
#include "tests/support/seed.h"

namespace asciinemad {
namespace {

using test::eventually;
using test::PtyDriver;
using test::random_number;
using test::Sandbox;

// A session of its own for so many: a daemon that dies more often within a minute is given up.
constexpr std::size_t kKillsPerSession = 4;
// Of each kind, in test cases that have 30 s each.
constexpr std::size_t kSessions = 13;

struct Tally {
  std::size_t kills = 0;
  std::size_t lost = 0;
  std::size_t doubled = 0;
};

std::uintmax_t size_of(const std::string& path) {
  std::error_code none;
  const std::uintmax_t size = std::filesystem::file_size(path, none);
  return none ? 0 : size;
}

// Lines "1" to `last` in that order, among others; counts what is missing and what is there again.
void count_lines(const std::string& output, std::size_t last, Tally& tally) {
  std::size_t next = 1;
  std::string_view rest = output;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.empty() || line.front() < '0' || line.front() > '9') continue;
    const std::size_t number = std::stoul(std::string(line));
    if (number < next) {
      ++tally.doubled;
    } else {
      tally.lost += number - next;
      next = number + 1;
    }
  }
  tally.lost += last + 1 - next;
}

// Kills daemons while `command` prints its lines; each time after some more has been recorded.
void kill_during(const std::string& command, std::size_t last, std::size_t step,
                 std::mt19937& random, Tally& tally) {
  const Sandbox sandbox;
  const std::string file = sandbox / "kill.cast";
  PtyDriver terminal(sandbox, {"asciinema", "rec", "-q", "--return", "-c", command, file});
  pid_t killed = 0;
  for (std::size_t kill = 0; kill < kKillsPerSession && terminal.running(); ++kill) {
    const std::uintmax_t wanted = size_of(file) + random_number(random, 1, step);
    pid_t daemon = 0;
    REQUIRE(terminal.read_until([&] {
      daemon = sandbox.daemon_pid();
      return daemon != 0 && daemon != killed && size_of(file) >= wanted;
    }));
    if (!terminal.running() || daemon == 0 || daemon == killed) break;
    ::kill(daemon, SIGKILL);
    killed = daemon;
    ++tally.kills;
  }
  const test::Outcome outcome = terminal.wait();
  INFO(sandbox.log());
  CHECK(outcome.status == 7);
  count_lines(test::read_cast(file).output(), last, tally);
}

void check(const Tally& tally) {
  MESSAGE(tally.kills, " kills, ", tally.lost, " lines lost, ", tally.doubled, " doubled");
  CHECK(tally.kills >= kSessions * kKillsPerSession / 2);
  CHECK(tally.lost == 0);
  CHECK(tally.doubled == 0);
}

void kill_at_full_speed() {
  std::mt19937 random = test::seeded_random();
  Tally tally;
  for (std::size_t i = 0; i < kSessions; ++i) {
    kill_during("seq 1 300000; exit 7", 300'000, 500'000, random, tally);
  }
  check(tally);
}

TEST_CASE("kill -9 while a program writes as fast as it can, 1") { kill_at_full_speed(); }
TEST_CASE("kill -9 while a program writes as fast as it can, 2") { kill_at_full_speed(); }

void kill_at_a_persons_pace() {
  std::mt19937 random = test::seeded_random();
  Tally tally;
  for (std::size_t i = 0; i < kSessions; ++i) {
    kill_during(
        "i=0; while [ $i -lt 400 ]; do i=$((i + 1)); echo $i; [ $((i % 4)) = 0 ] && sleep 0.004; "
        "done; exit 7",
        400, 3000, random, tally);
  }
  check(tally);
}

TEST_CASE("kill -9 while a program writes now and then, 1") { kill_at_a_persons_pace(); }
TEST_CASE("kill -9 while a program writes now and then, 2") { kill_at_a_persons_pace(); }

}  // namespace
}  // namespace asciinemad
