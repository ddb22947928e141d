// Sessions that have to end although their client, its parent or the kernel makes it hard.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/cast.h"
#include "tests/support/guest.h"
#include "tests/support/pty_driver.h"
#include "tests/support/sandbox.h"

namespace asciinemad {
namespace {

using test::eventually;
using test::Guest;
using test::Launch;
using test::Outcome;
using test::PtyDriver;
using test::read_cast;
using test::Sandbox;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

bool is_gone(pid_t pid) {
  test::orphans();  // reaps
  return test::stat_field(pid, 3).empty();
}

// Of a client that was started by `sh -c 'echo $$ >pid; exec asciinema ...'`.
pid_t written_pid(const Sandbox& sandbox) { return std::stoi(sandbox.read("pid")); }

TEST_CASE("stop --force does not wait for a stopped client whose command has ended") {
  const Sandbox sandbox;
  REQUIRE(::mkfifo((sandbox / "go").c_str(), 0600) == 0);
  PtyDriver terminal(sandbox, {"bash", "--norc", "--noprofile", "-i"});
  terminal.expect("$ ");
  terminal.send(
      "sh -c 'echo $$ >pid; exec asciinema rec -q -c \"echo ready; read x <go\" a.cast'\r");
  terminal.expect("ready\r\n");
  const pid_t daemon = sandbox.daemon_pid();
  REQUIRE(::kill(written_pid(sandbox), SIGTSTP) == 0);
  terminal.expect("Stopped");
  terminal.expect("$ ");
  REQUIRE(sandbox.run_shell("echo go >go").status == 0);
  const std::size_t exited = wire::Request{0, 0, wire::Exited{}}.body.index();
  const std::string logged = " kind " + std::to_string(exited) + " fds 0";
  REQUIRE(eventually([&] { return contains(sandbox.log(), logged); }));

  CHECK(sandbox.run({"asciinema", "daemon", "stop", "--force"}).status == 0);
  CHECK(eventually([&] { return is_gone(daemon); }));
  CHECK(read_cast(sandbox / "a.cast").output() == "ready\r\n");
  // It has been told how the session ended before the daemon went.
  terminal.send("fg; echo status=$?\r");
  terminal.expect("\nstatus=");
  CHECK(terminal.expect("\r\n") == "0\r\n");
  CHECK_FALSE(contains(terminal.screen(), "closed the connection"));
  terminal.send("exit\r");
  terminal.wait();
}

TEST_CASE("a parent that blocks or ignores the end of children") {
  for (const bool blocks : {true, false}) {
    CAPTURE(blocks);
    const Sandbox sandbox;
    Launch launch = sandbox.launch({"asciinema", "rec", "-q", "-c", "printf hello", "a.cast"});
    launch.before_exec = [blocks] {
      ::setsid();
      sigset_t children;
      sigemptyset(&children);
      sigaddset(&children, SIGCHLD);
      if (blocks) {
        ::sigprocmask(SIG_BLOCK, &children, nullptr);
      } else {
        ::signal(SIGCHLD, SIG_IGN);
      }
    };
    CHECK(test::run(launch).status == 0);
    CHECK(read_cast(sandbox / "a.cast").output() == "hello");
    CHECK(eventually([&] { return sandbox.leftovers().empty(); }));
  }
}

TEST_CASE("a client that nohup started survives the hang-up, and its session ends as always") {
  const Sandbox sandbox;
  PtyDriver terminal(sandbox, {"sh", "-c",
                               "trap '' HUP; echo $$ >pid; exec asciinema rec -q -c "
                               "'echo ready; while read x; do echo got $x; done' a.cast"});
  terminal.expect("ready");
  for (const char* line : {"one", "two"}) {
    REQUIRE(::kill(written_pid(sandbox), SIGHUP) == 0);
    terminal.send(std::string(line) + "\r");
    terminal.expect(std::string("got ") + line + "\r\n");
  }
  terminal.send("\x04");
  CHECK(terminal.wait().status == 0);
  CHECK(contains(read_cast(sandbox / "a.cast").output(), "got two\r\n"));
  CHECK(eventually([&] { return sandbox.leftovers().empty(); }));
}

// A closed terminal sends SIGHUP twice: from the kernel and from the shell.
TEST_CASE("a second hang-up does not make the client leave early") {
  const Sandbox sandbox;
  REQUIRE(::mkfifo((sandbox / "go").c_str(), 0600) == 0);
  PtyDriver terminal(sandbox,
                     {"asciinema", "rec", "-q", "-c",
                      "trap 'trap \"\" HUP; echo >hung-up; read x <go; echo bye; exit' HUP; "
                      "echo ready; while :; do read x; done",
                      "a.cast"});
  terminal.expect("ready");
  terminal.signal(SIGHUP);
  REQUIRE(eventually([&] { return sandbox.read("hung-up") == "\n"; }));
  terminal.signal(SIGHUP);
  // Opens only if the command still waits.
  Fd go;
  REQUIRE(eventually([&] {
    go.reset(::open((sandbox / "go").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    return static_cast<bool>(go);
  }));
  REQUIRE(write_all(go.get(), "go\n", 1000).ok());
  CHECK(terminal.wait().status == 128 + SIGHUP);
  CHECK(read_cast(sandbox / "a.cast").output() == "ready\r\nbye\r\n");
}

// The recorded bash leads the session, or is the job of an sh that does.
TEST_CASE("closing the window of an interactive bash leaves a final file and no jobs") {
  for (const char* command : {"bash -i", "bash -i; true"}) {
    CAPTURE(command);
    Sandbox sandbox;
    sandbox.environment["COMMAND"] = command;
    sandbox.dir().write("home/.bashrc", "PS1='inner '\n");
    PtyDriver terminal(sandbox, {"bash", "--norc", "--noprofile", "-i"});
    terminal.expect("$ ");
    terminal.send("sh -c 'echo $$ >pid; exec asciinema rec -q -c \"$COMMAND\" a.cast'\r");
    terminal.expect("inner ");
    terminal.send("sleep 1000 & echo $! >job; echo $((6 * 7)).; cat\r");
    terminal.expect("42.\r\n");
    const pid_t client = written_pid(sandbox);
    const pid_t job = std::stoi(sandbox.read("job"));
    terminal.close();
    terminal.wait();
    REQUIRE(eventually([&] { return is_gone(client); }));
    CHECK(contains(sandbox.log(), "ended after"));
    CHECK(contains(read_cast(sandbox / "a.cast").output(), "42."));
    CHECK(eventually([&] { return is_gone(job); }, 2000));
    CHECK(eventually([&] { return sandbox.leftovers().empty(); }));
  }
}

// What `slave`, which is nonblocking, takes of `wanted` bytes at once.
std::string print(int slave, std::size_t wanted) {
  std::string text(wanted, 'x');
  std::string_view rest = text;
  static_cast<void>(write_available(slave, rest));
  text.resize(text.size() - rest.size());
  return text;
}

// Reading a batch that holds exactly all there was leaves nothing that would wake the daemon.
TEST_CASE("the end comes when the terminal holds exactly a batch") {
  constexpr std::size_t kReadBytes = 4095;  // most of what a PTY mostly gives at once
  const Sandbox sandbox;
  REQUIRE(sandbox.run({"asciinema", "daemon", "start"}).status == 0);
  // The last is more than a PTY holds.
  for (const std::size_t reads : {1U, 2U, 3U, 4U, 8U}) {
    for (int round = 0; round < 5; ++round) {
      CAPTURE(reads);
      Guest guest(sandbox);
      guest.start();
      guest.client.send(3, wire::ReleaseTerminal{});  // so that the daemon does not read
      guest.client.receive();
      REQUIRE(set_nonblocking(guest.slave.get(), true).ok());
      const std::string output = print(guest.slave.get(), reads * kReadBytes);
      guest.say_exited();
      guest.client.send(4, wire::Stop{});
      guest.client.receive();
      CHECK(std::holds_alternative<wire::Finished>(guest.client.receive().body));
      CHECK((read_cast(sandbox / "guest.cast").output() == output));
    }
  }
  CHECK_FALSE(contains(sandbox.log(), "gave up waiting"));
}

TEST_CASE("200 sessions end in time with a batch of output as their last words") {
  constexpr int kAtATime = 6;
  const Sandbox sandbox;
  sandbox.write("script",
                "for i in $(seq 34); do\n"
                "  n=$((4095 << i % 3))\n"
                "  asciinema rec -q --overwrite -c \"printf %${n}s x\" $1.cast || exit\n"
                "done\n");
  std::vector<std::unique_ptr<PtyDriver>> windows;
  for (int i = 0; i < kAtATime; ++i) {
    windows.push_back(std::make_unique<PtyDriver>(
        sandbox, std::vector<std::string>{"sh", "script", std::to_string(i)}));
  }
  CHECK(eventually(
      [&] {
        bool ended = true;
        for (const auto& window : windows) {
          window->expect("");  // takes what is there
          ended = ended && !window->running();
        }
        return ended;
      },
      20'000));
  for (const auto& window : windows) CHECK(window->wait().status == 0);
  CHECK_FALSE(contains(sandbox.log(), "gave up waiting"));
}

}  // namespace
}  // namespace asciinemad
