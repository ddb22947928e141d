// Limits and priorities of whoever starts the daemon.

#include <doctest/doctest.h>
#include <unistd.h>

#include <list>
#include <string>

#include "tests/support/cast.h"
#include "tests/support/peer.h"
#include "tests/support/sandbox.h"

namespace asciinemad {
namespace {

using test::Outcome;
using test::Peer;
using test::read_cast;
using test::Sandbox;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++found;
  return found;
}

long cpu_ms(pid_t pid) {
  const long ticks = std::stol(test::stat_field(pid, 14)) + std::stol(test::stat_field(pid, 15));
  return ticks * 1000 / ::sysconf(_SC_CLK_TCK);
}

TEST_CASE("a daemon that is out of descriptors refuses peers, waits and recovers") {
  const Sandbox sandbox;
  REQUIRE(sandbox.run_shell("ulimit -n 40; asciinema daemon start").status == 0);
  const pid_t daemon = sandbox.daemon_pid();
  REQUIRE(daemon != 0);
  const long cpu_before_ms = cpu_ms(daemon);
  const std::size_t log_before = sandbox.log().size();
  std::list<Peer> peers;
  for (int i = 0; i < 100; ++i) peers.emplace_back(sandbox);
  CHECK(sandbox.run({"asciinema", "rec", "-q", "-c", "printf x", "private.cast"}).status == 0);
  CHECK(read_cast(sandbox / "private.cast").output() == "x");
  // Whoever was let in and said nothing is sent away after a while.
  for (Peer& peer : peers) CHECK(peer.receive_until_end(15'000).empty());
  CHECK(cpu_ms(daemon) - cpu_before_ms < 1000);
  CHECK(sandbox.log().size() - log_before < 100'000);
  CHECK(count(sandbox.log(), "no descriptor left") < 10);
  peers.clear();

  const Outcome outcome = sandbox.run({"asciinema", "rec", "-c", "printf x", "a.cast"});
  CAPTURE(outcome.err);
  CHECK(outcome.status == 0);
  CHECK_FALSE(contains(outcome.err, "private"));
  CHECK(read_cast(sandbox / "a.cast").output() == "x");
  CHECK(sandbox.daemon_pid() == daemon);
}

TEST_CASE("a soft limit on file sizes of the daemon's starter does not bind other sessions") {
  const Sandbox sandbox;
  REQUIRE(sandbox.run_shell("ulimit -S -f 8; asciinema rec -q -c true a.cast").status == 0);
  const pid_t daemon = sandbox.daemon_pid();
  REQUIRE(daemon != 0);
  const Outcome outcome =
      sandbox.run({"asciinema", "rec", "-c", "stty -opost; seq 5000; printf end", "b.cast"});
  CAPTURE(outcome.err);
  CHECK(outcome.status == 0);
  CHECK(read_cast(sandbox / "b.cast").output().ends_with("\n4999\n5000\nend"));
  CHECK(sandbox.daemon_pid() == daemon);
}

TEST_CASE("a nice caller does not start the daemon of all") {
  const Sandbox sandbox;
  const Outcome alone =
      sandbox.run({"nice", "-n", "5", "asciinema", "rec", "-c", "printf x", "a.cast"});
  CAPTURE(alone.err);
  CHECK(alone.status == 0);
  CHECK(contains(alone.err, "would be as nice (5) for everybody; recording with a private"));
  CHECK(read_cast(sandbox / "a.cast").output() == "x");
  CHECK(sandbox.daemon_pid() == 0);

  REQUIRE(sandbox.run({"asciinema", "daemon", "start"}).status == 0);
  const Outcome shared =
      sandbox.run({"nice", "-n", "5", "asciinema", "rec", "-c", "printf y", "b.cast"});
  CHECK(shared.status == 0);
  CHECK_FALSE(contains(shared.err, "private"));
  CHECK(read_cast(sandbox / "b.cast").output() == "y");
}

}  // namespace
}  // namespace asciinemad
