// What the end of a daemon may cost is counted and told; what it must not cost is not lost.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/live_session.h"

namespace asciinemad {
namespace {

using test::contains;
using test::eventually;
using test::LiveSession;
using test::PtyDriver;
using test::Sandbox;

// More than the pipe takes and less than would stop the program.
constexpr const char* kFillsThePipe = "seq 1 30000; echo ready; read x";

struct SlowReader {
  explicit SlowReader(const Sandbox& sandbox) {
    REQUIRE(::mkfifo((sandbox / "fifo").c_str(), 0600) == 0);
    fd.reset(::open((sandbox / "fifo").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    REQUIRE(fd);
  }
  Fd fd;
};

TEST_CASE("what a pipe's queue loses with its daemon is counted, and told at the end") {
  const Sandbox sandbox;
  const SlowReader reader(sandbox);
  PtyDriver terminal(sandbox, {"asciinema", "rec", "-c", kFillsThePipe, sandbox / "fifo"});
  terminal.expect("ready\r\n");
  test::kill_daemon(sandbox);
  REQUIRE(eventually([&] { return test::returns(sandbox) == 1; }));
  terminal.send("\r");
  const std::string rest = test::read_until_end(reader.fd.get());
  const test::Outcome outcome = terminal.wait();
  CHECK(outcome.status == 1);
  CHECK(contains(terminal.screen(), "INCOMPLETE"));
  CHECK(contains(terminal.screen(), "asciinemad died before all was written"));
  // Behind the line that was cut the next one begins anew.
  const std::size_t last = rest.rfind('\n', rest.size() - 2);
  REQUIRE(last != std::string::npos);
  CHECK(rest[last + 1] == '[');
}

std::uint64_t lost_bytes(const Sandbox& sandbox) {
  const std::string json = sandbox.run({"asciinema", "ls", "--json"}).out;
  constexpr std::string_view kKey = "\"lost_bytes\": ";
  const std::size_t at = json.find(kKey);
  REQUIRE(at != std::string::npos);
  return std::stoull(json.substr(at + kKey.size()));
}

TEST_CASE("a second kill neither forgets the first one's loss nor counts it again") {
  const Sandbox sandbox;
  const SlowReader reader(sandbox);
  PtyDriver terminal(sandbox, {"asciinema", "rec", "-c", kFillsThePipe, sandbox / "fifo"});
  terminal.expect("ready\r\n");
  test::kill_daemon(sandbox);
  REQUIRE(eventually([&] { return test::returns(sandbox) == 1; }));
  const std::uint64_t first = lost_bytes(sandbox);
  CHECK(first > 10'000);
  test::kill_daemon(sandbox);
  REQUIRE(eventually([&] { return test::returns(sandbox) == 2; }));
  // The line that began anew waits, too.
  const std::uint64_t second = lost_bytes(sandbox);
  CHECK(second >= first);
  CHECK(second <= first + 1'000);
  terminal.send("\r");
  test::read_until_end(reader.fd.get());
  CHECK(terminal.wait().status == 1);
}

TEST_CASE("a hand-over counts what its pipe's reader has not taken") {
  const Sandbox sandbox;
  const SlowReader reader(sandbox);
  PtyDriver terminal(sandbox, {"asciinema", "rec", "-c", kFillsThePipe, sandbox / "fifo"});
  terminal.expect("ready\r\n");
  CHECK(sandbox.run({"asciinema", "daemon", "restart"}).status == 0);
  REQUIRE(eventually([&] { return test::returns(sandbox) == 1; }));
  terminal.send("\r");
  test::read_until_end(reader.fd.get());
  CHECK(terminal.wait().status == 1);
  CHECK(contains(terminal.screen(), "INCOMPLETE"));
}

TEST_CASE("restarts on purpose are no crash loop") {
  const Sandbox sandbox;
  LiveSession session(sandbox);
  for (std::size_t i = 1; i <= 8; ++i) {
    CHECK(sandbox.run({"asciinema", "daemon", "restart"}).status == 0);
    REQUIRE(eventually([&] { return test::returns(sandbox) == i; }));
    session.type("line");
  }
  CHECK(test::count_of(session.end().output(), "got line.\r\n") == 8);
}

TEST_CASE("discard takes nothing back of a standard output that others may have written to") {
  const Sandbox sandbox;
  sandbox.write("notes", "precious\n");
  const test::Outcome outcome =
      sandbox.run_shell("asciinema rec -q -c 'asciinema discard; echo \"refused $?\"' - >>notes");
  CHECK(outcome.status == 0);
  const std::string notes = sandbox.read("notes");
  CHECK(notes.starts_with("precious\n"));
  CHECK(contains(notes, "refused 1"));
}

TEST_CASE("a session whose name was taken meanwhile goes on without it") {
  const Sandbox sandbox;
  LiveSession session(sandbox, {"--name", "build"});
  const pid_t shim = std::stoi(test::stat_field(session.command(), 4));
  {
    const test::NoNewDaemon none(sandbox);
    ::kill(shim, SIGSTOP);  // slower than the next one who uses the name
    test::kill_daemon_at_once(sandbox);
  }
  const test::Outcome started =
      sandbox.run({"asciinema", "rec", "-d", "--name", "build", "-c", "cat", sandbox / "b.cast"});
  ::kill(shim, SIGCONT);
  CHECK(started.status == 0);
  session.type("still here");
  CHECK(sandbox.run({"asciinema", "stop", "-S", "build"}).status == 0);
  CHECK(contains(session.end().output(), "still here"));
}

TEST_CASE("what was detached on purpose survives a kill, and then its next client's death") {
  const Sandbox sandbox;
  LiveSession session(sandbox);
  const pid_t command = session.command();
  CHECK(sandbox.run({"asciinema", "detach"}).status == 0);
  CHECK(session.terminal().wait().status == 0);
  test::kill_daemon(sandbox);
  REQUIRE(eventually([&] { return test::takeovers(sandbox) == 1; }));
  {
    PtyDriver again(sandbox, {"asciinema", "attach"});
    REQUIRE(again.read_until([&] { return contains(sandbox.log(), ": attached"); }));
    again.signal(SIGKILL);
    REQUIRE(eventually([&] { return contains(sandbox.log(), "the client is gone"); }));
  }
  CHECK_FALSE(test::is_gone(command));
  CHECK(sandbox.run({"asciinema", "stop"}).status == 0);
}

// A client that is stopped while its session ends without it, with another daemon than it had.
class MissedEnd {
 public:
  MissedEnd(const Sandbox& sandbox, const std::string& name, std::vector<std::string> arguments)
      : terminal_(sandbox, command_line(name, std::move(arguments))) {
    terminal_.expect("ready\r\n");
    terminal_.signal(SIGSTOP);
    REQUIRE(eventually([&] { return test::stat_field(terminal_.pid(), 3) == "T"; }));
  }

  test::Outcome go_on() {
    terminal_.signal(SIGCONT);
    return terminal_.wait();
  }

 private:
  static std::vector<std::string> command_line(const std::string& name,
                                               std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"asciinema", "rec", "--name", name});
    return arguments;
  }

  PtyDriver terminal_;
};

TEST_CASE("a client that was stopped while its session ended hears what became of the recording") {
  Sandbox sandbox;
  sandbox.environment["ASCIINEMA_API_URL"] = "http://127.0.0.1:1";
  const SlowReader reader(sandbox);
  const char* const waits = "echo ready; read x";
  MissedEnd incomplete(sandbox, "incomplete", {"-c", kFillsThePipe, sandbox / "fifo"});
  MissedEnd discarded(sandbox, "discarded", {"-c", waits, "b.cast"});
  MissedEnd queued(sandbox, "queued", {"--upload", "-c", waits, "c.cast"});
  test::kill_daemon(sandbox);
  REQUIRE(eventually([&] { return test::takeovers(sandbox) == 3; }));
  test::read_bytes(reader.fd.get(), 20'000);
  CHECK(sandbox.run({"asciinema", "pause", "-S", "queued"}).status == 0);
  // Each waits for its client until it is clear that none comes.
  test::Process stop(sandbox.launch({"asciinema", "stop", "-S", "incomplete"}));
  test::Process discard(sandbox.launch({"asciinema", "discard", "-S", "discarded"}));
  test::Process stop_queued(sandbox.launch({"asciinema", "stop", "-S", "queued"}));
  for (test::Process* process : {&stop, &discard, &stop_queued}) {
    CHECK(process->wait(20'000).status == 0);
  }

  test::Outcome outcome = incomplete.go_on();
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.out, "recording is INCOMPLETE: "));
  CHECK(contains(outcome.out, "asciinemad died before all was written"));
  CHECK_FALSE(contains(outcome.out, "asciicast saved"));
  outcome = discarded.go_on();
  CHECK(outcome.status == 0);
  CHECK(contains(outcome.out, "recording discarded"));
  CHECK_FALSE(contains(outcome.out, "asciicast saved"));
  outcome = queued.go_on();
  CHECK(outcome.status == 0);
  CHECK(contains(outcome.out, "asciicast saved to "));
  CHECK(contains(outcome.out, "recording was still paused at the end"));
  CHECK(contains(outcome.out, "the recording is queued for upload"));
  CHECK(contains(sandbox.run({"asciinema", "uploads"}).out, "c.cast"));
}

TEST_CASE("a client that was stopped while another one took its session leaves soon") {
  const Sandbox sandbox;
  PtyDriver terminal(sandbox, {"asciinema", "rec", "--name", "taken", "-c", LiveSession::kShowLines,
                               sandbox / "a.cast"});
  terminal.expect("ready\r\n");
  terminal.signal(SIGSTOP);
  test::kill_daemon(sandbox);
  REQUIRE(eventually([&] { return test::takeovers(sandbox) == 1; }));
  PtyDriver other(sandbox, {"asciinema", "attach", "--force", "taken"});
  other.expect("ready");
  terminal.signal(SIGCONT);
  terminal.expect("detached (", 8000);
  terminal.expect("the session goes on: asciinema attach taken");
  CHECK(terminal.wait().status == 0);
  other.send("end\r");
  CHECK(other.wait().status == 0);
}

}  // namespace
}  // namespace asciinemad
