// Clients that go without a word, at the worst moment.

#include <doctest/doctest.h>
#include <signal.h>

#include <string>

#include "tests/support/guest.h"
#include "tests/support/sandbox.h"

namespace asciinemad {
namespace {

using test::eventually;
using test::Guest;
using test::Sandbox;
using test::Stopped;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

pid_t start_daemon(const Sandbox& sandbox) {
  REQUIRE(sandbox.run({"asciinema", "daemon", "start"}).status == 0);
  const pid_t daemon = sandbox.daemon_pid();
  REQUIRE(daemon != 0);
  return daemon;
}

// The kernel then reports an error on the daemon's socket before what is left to read.
TEST_CASE("a client that dies with unread answers, its last requests unread, too") {
  Sandbox sandbox;
  sandbox.environment["ASCIINEMAD_IDLE_EXIT"] = "1";
  const pid_t daemon = start_daemon(sandbox);
  {
    Guest guest(sandbox);
    guest.start();
    guest.client.send(77, wire::GetStatus{});
    guest.client.send(78, wire::GetStatus{});
    REQUIRE(eventually([&] { return contains(sandbox.log(), "request 78 kind"); }));
    const Stopped stopped(daemon);
    guest.client.send(79, wire::GetStatus{});
    guest.client.close();
    guest.shim.reset();
  }
  CHECK(eventually([&] { return contains(sandbox.log(), "ended after"); }));
  CHECK(eventually([&] { return test::orphans().empty(); }));
  CHECK(contains(sandbox.log(), "asciinemad ends"));
}

// Its client may have lost patience and record the same file with a private daemon.
TEST_CASE("a start whose client has gone meanwhile is not carried out") {
  const Sandbox sandbox;
  const pid_t daemon = start_daemon(sandbox);
  Guest guest(sandbox);
  {
    const Stopped stopped(daemon);
    guest.ask_to_start();
    guest.client.close();
  }
  // The shim's link closes: the daemon has looked at the request.
  CHECK(test::read_until_end(guest.shim.get()).empty());
  CHECK(sandbox.read("guest.cast").empty());
  test::Peer peer(sandbox);
  peer.greet();
  CHECK(peer.status().sessions.empty());
}

}  // namespace
}  // namespace asciinemad
