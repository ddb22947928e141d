// Where no shared daemon can be had, a private one records, and one warning says why.

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <string>

#include "client/daemon_link.h"
#include "proto/codec.h"
#include "proto/framing.h"
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

// Records with a private daemon, which is gone afterwards; the one warning tells `reason`.
void check_private(const Sandbox& sandbox, const std::string& reason) {
  const Outcome outcome = sandbox.run({"asciinema", "rec", "-c", "printf hello", "a.cast"});
  CAPTURE(outcome.err);
  CHECK(outcome.status == 0);
  CHECK(read_cast(sandbox / "a.cast").output() == "hello");
  const std::string end = "; recording with a private asciinemad\r\n";
  REQUIRE(contains(outcome.err, end));
  CHECK(contains(outcome.err, reason));
  CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 5);
  CHECK(test::eventually([&] {
    const std::vector<pid_t> left = test::orphans();
    return std::all_of(left.begin(), left.end(),
                       [](pid_t pid) { return test::stat_field(pid, 3) == "T"; });
  }));
}

// Listens on the sandbox's socket and is no asciinemad that this client can use.
class FakeDaemon {
 public:
  explicit FakeDaemon(const Sandbox& sandbox)
      : listening_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    REQUIRE(::mkdir((sandbox.dir() / "run/asciinemad").c_str(), 0700) == 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, sandbox.socket_path().c_str());
    REQUIRE(::bind(listening_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
    REQUIRE(::listen(listening_.get(), 10) == 0);
  }

  // Takes one client and answers its first message.
  void answer(const std::string& bytes) {
    REQUIRE(test::deadline_in().wait(listening_.get(), POLLIN));
    peer_.reset(::accept(listening_.get(), nullptr, nullptr));
    REQUIRE(static_cast<bool>(peer_));
    wire::FrameParser parser;
    while (hello_.empty()) {
      std::array<char, 4096> buffer{};
      const ssize_t n = ::read(peer_.get(), buffer.data(), buffer.size());
      REQUIRE(n > 0);
      parser.append({buffer.data(), static_cast<std::size_t>(n)});
      auto message = parser.next();
      REQUIRE(message.ok());
      if (message->has_value()) hello_ = **message;
    }
    REQUIRE(write_all(peer_.get(), bytes, 1000).ok());
  }
  void hang_up() { peer_.reset(); }
  const std::string& hello() const { return hello_; }

 private:
  Fd listening_;
  Fd peer_;
  std::string hello_;
};

std::string encoded(const wire::Reply& reply) {
  const Result<std::string> bytes = wire::encode(reply);
  REQUIRE(bytes.ok());
  return *bytes;
}

TEST_CASE("a socket path that is too long") {
  Sandbox sandbox;
  const std::string directory = sandbox.dir() / ("run/" + std::string(100, 'd'));
  REQUIRE(::mkdir(directory.c_str(), 0700) == 0);
  sandbox.environment["XDG_RUNTIME_DIR"] = directory;
  check_private(sandbox, "bytes long, the limit is 107");
}

TEST_CASE("a runtime directory that is not there and cannot be made") {
  Sandbox sandbox;
  sandbox.environment["XDG_RUNTIME_DIR"] = sandbox.write("file", "x");
  check_private(sandbox, "Not a directory");
}

TEST_CASE("a runtime directory of somebody else") {
  if (!test::is_root()) {
    MESSAGE("skipped: needs root to give a directory away");
    return;
  }
  const Sandbox sandbox;
  const std::string directory = sandbox.dir() / "run/asciinemad";
  REQUIRE(::mkdir(directory.c_str(), 0700) == 0);
  REQUIRE(::chown(directory.c_str(), 65534, 65534) == 0);
  check_private(sandbox, "is owned by uid 65534");
}

TEST_CASE("a runtime directory that others can enter") {
  const Sandbox sandbox;
  const std::string directory = sandbox.dir() / "run/asciinemad";
  REQUIRE(::mkdir(directory.c_str(), 0700) == 0);
  REQUIRE(::chmod(directory.c_str(), 0755) == 0);
  check_private(sandbox, "is accessible to others (mode 0755)");
}

TEST_CASE("a relative ASCIINEMAD_SOCKET") {
  Sandbox sandbox;
  sandbox.environment["ASCIINEMAD_SOCKET"] = "here";
  check_private(sandbox, "is not an absolute path");
}

TEST_CASE("a daemon of another protocol version") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  PtyDriver terminal(sandbox, {"asciinema", "rec", "-c", "printf hello", "a.cast"});
  daemon.answer(encoded({1, wire::ErrorReply{wire::ErrorCode::version,
                                             "asciinemad 99.0 speaks protocol versions 99 to 99, "
                                             "not 1 to 1"}}));
  terminal.expect("asciinemad 99.0 speaks protocol versions 99 to 99");
  terminal.expect("recording with a private asciinemad");
  CHECK(terminal.wait().status == 0);
  CHECK(read_cast(sandbox / "a.cast").output() == "hello");
  const auto request = wire::decode_request(daemon.hello());
  REQUIRE(request.ok());
  const auto* hello = std::get_if<wire::Hello>(&request->body);
  REQUIRE(hello != nullptr);
  CHECK(hello->protocol_min == wire::kProtocolMin);
  CHECK(hello->protocol_max == wire::kProtocolMax);
}

TEST_CASE("something else that listens on the socket") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  PtyDriver terminal(sandbox, {"asciinema", "rec", "-c", "printf hello", "a.cast"});
  daemon.answer(std::string(64, '\xFF'));
  terminal.expect("recording with a private asciinemad");
  CHECK(terminal.wait().status == 0);
  CHECK(read_cast(sandbox / "a.cast").output() == "hello");
}

TEST_CASE("a daemon that refuses the session") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  PtyDriver terminal(sandbox, {"asciinema", "rec", "-c", "printf hello", "a.cast"});
  daemon.answer(encoded({1, wire::HelloReply{1, "asciinemad 99.0", 1}}) +
                encoded({2, wire::ErrorReply{wire::ErrorCode::busy, "too many sessions"}}));
  terminal.expect("too many sessions; recording with a private asciinemad");
  terminal.expect("hello");
  CHECK(terminal.wait().status == 0);
  CHECK(read_cast(sandbox / "a.cast").output() == "hello");
  // Descriptors that it was given and never looked at are in the connection.
  daemon.hang_up();
  CHECK(test::eventually([] { return test::orphans().empty(); }));
}

TEST_CASE("a daemon that hangs") {
  const Sandbox sandbox;
  REQUIRE(sandbox.run({"asciinema", "daemon", "start"}).status == 0);
  const pid_t daemon = sandbox.daemon_pid();
  REQUIRE(::kill(daemon, SIGSTOP) == 0);
  CHECK(test::eventually([&] { return test::stat_field(daemon, 3) == "T"; }));
  const std::string number = std::to_string(daemon);
  check_private(sandbox, "asciinemad (process " + number + ") does not answer (kill -9 " + number);
  REQUIRE(::kill(daemon, SIGCONT) == 0);
  CHECK(sandbox.run({"asciinema", "rec", "-q", "-c", "true", "b.cast"}).status == 0);
  CHECK(sandbox.daemon_pid() == daemon);
}

TEST_CASE("a private daemon serves a whole terminal session") {
  Sandbox sandbox;
  sandbox.environment["XDG_RUNTIME_DIR"] = "/dev/null";
  PtyDriver terminal(sandbox,
                     {"asciinema", "rec", "-c", "echo ready; read x; echo got $x", "a.cast"});
  terminal.expect("ready");
  const termios during = terminal.settings();
  CHECK(test::is_raw(during));
  terminal.resize({101, 31});
  terminal.send("\x1csecret\x1c\r");
  terminal.expect("got secret");
  CHECK(terminal.wait().status == 0);
  CHECK(contains(read_cast(sandbox / "a.cast").output(), "got secret"));
  CHECK(test::eventually([] { return test::orphans().empty(); }));
}

}  // namespace
}  // namespace asciinemad
