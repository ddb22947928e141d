// What must not reach other users, other programs and the terminal.

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "client/daemon_link.h"
#include "tests/support/cast.h"
#include "tests/support/pty_driver.h"
#include "tests/support/sandbox.h"

namespace asciinemad {
namespace {

using test::eventually;
using test::Outcome;
using test::PtyDriver;
using test::read_cast;
using test::Sandbox;

constexpr unsigned kNobody = 65534;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// Records with a private daemon, after one warning with `reason`.
void records_privately(const Sandbox& sandbox, const std::string& reason) {
  const Outcome outcome = sandbox.run({"asciinema", "rec", "-c", "printf hello", "a.cast"});
  CAPTURE(outcome.err);
  CHECK(outcome.status == 0);
  CHECK(read_cast(sandbox / "a.cast").output() == "hello");
  CHECK(contains(outcome.err, reason + "; recording with a private asciinemad\r\n"));
  CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 5);
}

// A socket that another user listens on, in a directory that is ours.
Fd listen_as_nobody(const std::string& path) {
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, path.c_str());
  REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  // Whoever calls listen() is who the peers see.
  REQUIRE(::seteuid(kNobody) == 0);
  const int rc = ::listen(socket.get(), 10);
  REQUIRE(::seteuid(0) == 0);
  REQUIRE(rc == 0);
  return socket;
}

// Nobody in the queue of `listening` has sent anything.
bool was_told_nothing(int listening) {
  REQUIRE(set_nonblocking(listening, true).ok());
  bool silent = true;
  for (;;) {
    const Fd peer(::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!peer) return silent;
    std::array<char, 4096> buffer;
    const Result<Received> received = receive_with_fds(peer.get(), buffer);
    silent = silent && received.ok() && received->size == 0 && received->fds.empty();
  }
}

TEST_CASE("another user's daemon is told nothing and given nothing") {
  if (!test::is_root()) {
    MESSAGE("skipped: needs root to listen as another user");
    return;
  }
  Sandbox sandbox;
  const std::string path = sandbox.dir() / "run/theirs";
  const Fd theirs = listen_as_nobody(path);
  sandbox.environment["ASCIINEMAD_SOCKET"] = path;
  records_privately(sandbox, "the daemon at " + path + " belongs to uid 65534");
  for (const char* verb : {"status", "stop"}) {
    CHECK(sandbox.run({"asciinema", "daemon", verb}).status == 1);
  }
  CHECK(was_told_nothing(theirs.get()));
}

TEST_CASE("nothing is made in another user's runtime directory") {
  if (!test::is_root()) {
    MESSAGE("skipped: needs root to give a directory away");
    return;
  }
  const Sandbox sandbox;
  const std::string directory = sandbox.dir() / "run";
  REQUIRE(::chown(directory.c_str(), kNobody, kNobody) == 0);
  const Outcome outcome = sandbox.run({"asciinema", "rec", "-c", "printf hello", "a.cast"});
  CAPTURE(outcome.err);
  CHECK(contains(outcome.err, directory + ": is owned by uid 65534"));
  CHECK(contains(outcome.err, "; recording with a private asciinemad\r\n"));
  CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 5);
  CHECK(read_cast(sandbox / "a.cast").output() == "hello");
  CHECK(std::filesystem::is_empty(directory));
}

// OSC 0 sets the window's title; C1 control characters do such things, too.
const std::string kEvilName =
    "a\x1b]0;evil\x07\xc2\x9d"
    "0;evil\xc2\x9c\x9b"
    "31m.cast";

void check_harmless(const std::string& shown) {
  CAPTURE(shown);
  CHECK(contains(shown, "0;evil"));
  CHECK_FALSE(contains(shown, "\x1b]"));
  CHECK_FALSE(contains(shown, "\x07"));
  CHECK_FALSE(contains(shown, "\xc2\x9d"));
  CHECK_FALSE(contains(shown, "\x9b"));
}

TEST_CASE("messages show no escape sequences of the file's name") {
  const Sandbox sandbox;
  const std::vector<std::string> command = {"asciinema", "rec", "-c", "true", kEvilName};
  PtyDriver terminal(sandbox, command);
  terminal.expect("saved to a?]0;evil?");
  CHECK(terminal.wait().status == 0);
  check_harmless(terminal.screen());
  const Outcome again = sandbox.run(command);
  CHECK(again.status == 1);
  check_harmless(again.err);
  REQUIRE(::unlink((sandbox / kEvilName).c_str()) == 0);
  std::filesystem::create_directory(sandbox / kEvilName);
  const Outcome directory = sandbox.run(command);
  CHECK(contains(directory.err, "is a directory"));
  check_harmless(directory.err);
}

TEST_CASE("the daemon's own words on the screen show no escape sequences of the file's name") {
  const Sandbox sandbox;
  std::filesystem::create_symlink("/dev/full", sandbox / kEvilName);
  PtyDriver terminal(sandbox, {"asciinema", "rec", "-q", "-c", "echo one; read x", kEvilName});
  terminal.expect("INCOMPLETE, the session goes on");
  terminal.send("\r");
  terminal.expect("recording is INCOMPLETE");
  CHECK(terminal.wait().status == 1);
  check_harmless(terminal.screen());
}

TEST_CASE("daemon status shows no escape sequences of a session") {
  const Sandbox sandbox;
  PtyDriver terminal(
      sandbox, {"asciinema", "rec", "-q", "-c", "echo ready; read x # \x1b]0;evil\x07", kEvilName});
  terminal.expect("ready");
  const Outcome status = sandbox.run({"asciinema", "daemon", "status"});
  CHECK(status.status == 0);
  CHECK(contains(status.out, "?]0;evil?)"));
  check_harmless(status.out);
  terminal.send("\r");
  CHECK(terminal.wait().status == 0);
}

TEST_CASE("usage errors and the socket's path show no escape sequences") {
  Sandbox sandbox;
  // As a shell writes `rec *` out where somebody made such a file.
  for (const std::vector<std::string>& argv : {std::vector<std::string>{"asciinema", kEvilName},
                                               {"asciinema", "--" + kEvilName},
                                               {"asciinema", "rec", "a.cast", kEvilName},
                                               {"asciinema", "rec", "-i", kEvilName, "a.cast"},
                                               {"asciinema", "daemon", kEvilName},
                                               {"asciinema", "daemon", "stop", kEvilName}}) {
    CAPTURE(argv.size());
    const Outcome outcome = sandbox.run(argv);
    CHECK(outcome.status == 2);
    check_harmless(outcome.err);
  }
  sandbox.environment["ASCIINEMAD_SOCKET"] = sandbox.dir() / ("run/" + kEvilName + "/socket");
  REQUIRE(sandbox.run({"asciinema", "daemon", "start"}).status == 0);
  const Outcome status = sandbox.run({"asciinema", "daemon", "status"});
  CHECK(status.status == 0);
  check_harmless(status.out);
}

// Whoever holds it could give the private daemon orders.
TEST_CASE("a notification command does not get the private daemon's socket") {
  Sandbox sandbox;
  sandbox.environment["XDG_RUNTIME_DIR"] = "/dev/null";
  sandbox.configure("[notifications]\ncommand = ls -l /proc/self/fd >>" + (sandbox / "notes") +
                    "; echo end >>" + (sandbox / "notes") + "\n");
  PtyDriver terminal(sandbox, {"asciinema", "rec", "-q", "-c", "echo ready; read x", "a.cast"});
  terminal.expect("ready");
  terminal.send("\x1c");
  REQUIRE(eventually([&] { return contains(sandbox.read("notes"), "end\n"); }));
  const std::string descriptors = sandbox.read("notes");
  CAPTURE(descriptors);
  CHECK(contains(descriptors, " 2 -> "));
  for (const char* kind : {"socket:", "/dev/ptmx", "/dev/tty", "a.cast", "anon_inode:"}) {
    CHECK_FALSE(contains(descriptors, kind));
  }
  terminal.send("\r");
  CHECK(terminal.wait().status == 0);
}

}  // namespace
}  // namespace asciinemad
