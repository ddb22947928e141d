// The user's terminal: raw while a session runs, as it was before on every way out.

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/cast.h"
#include "tests/support/pty_driver.h"
#include "tests/support/sandbox.h"

namespace asciinemad {
namespace {

using test::eventually;
using test::is_raw;
using test::PtyDriver;
using test::read_cast;
using test::same_settings;
using test::Sandbox;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// Descriptors that lead to a terminal, by /dev/tty or its own name, PTY masters not counted.
bool has_users_terminal_open(pid_t pid) {
  std::error_code ignored;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd", ignored)) {
    const std::string target = std::filesystem::read_symlink(entry.path(), ignored);
    if (target == "/dev/pts/ptmx") continue;  // a master, where /dev/ptmx is a link
    if (target == "/dev/tty" || target.starts_with("/dev/pts/")) return true;
  }
  return false;
}

// A shell on a terminal with uncommon settings records a command; `client` is the recorder.
struct Scene {
  explicit Scene(const std::string& command) : terminal(launch(command)) {
    before = terminal.settings();
    before.c_cc[VERASE] = 0x08;
    before.c_lflag &= ~static_cast<tcflag_t>(ECHOCTL);
    terminal.change_settings(before);
    terminal.send("go\r");
    terminal.expect("ready");
    client = std::stoi(sandbox.read("pid"));
    CHECK(is_raw(terminal.settings()));
  }

  test::Launch launch(const std::string& command) const {
    test::Launch shell =
        sandbox.launch({"sh", "-c",
                        "read go; sh -c 'echo $$ >pid; exec asciinema rec -c \"$COMMAND\" a.cast'; "
                        "echo back=$?; read end"});
    shell.environment["COMMAND"] = command;
    return shell;
  }

  void expect_back(int status) {
    terminal.expect("back=" + std::to_string(status));
    CHECK(same_settings(terminal.settings(), before));
  }
  void expect_nobody_left() {
    CHECK(eventually([&] { return sandbox.leftovers().empty(); }));
  }
  void end() {
    terminal.send("\r");
    CHECK(terminal.wait().status == 0);
  }

  Sandbox sandbox;
  PtyDriver terminal;
  termios before{};
  pid_t client = 0;
};

TEST_CASE("the terminal is raw during a session and as it was before afterwards") {
  Scene scene("echo ready; read x; echo got $x");
  scene.terminal.send("pear\r");
  scene.terminal.expect("got pear");
  scene.expect_back(0);
  scene.expect_nobody_left();
  scene.end();
}

TEST_CASE("the command's terminal has the settings of the user's") {
  Scene scene("echo ready; stty -a");
  const std::string settings = scene.terminal.expect("back=0");
  CHECK(contains(settings, "erase = ^H;"));
  CHECK(contains(settings, "-echoctl"));
  scene.end();
}

TEST_CASE("the terminal is restored after an error") {
  const Sandbox sandbox;
  PtyDriver terminal(sandbox, {"/bin/sh", "-c",
                               "read go; PATH=" + test::build_root() +
                                   "; asciinema rec -c true a.cast; echo back=$?; read end"});
  const termios before = terminal.settings();
  terminal.send("go\r");
  terminal.expect("execute sh");
  terminal.expect("back=1");
  CHECK(same_settings(terminal.settings(), before));
  terminal.send("\r");
  terminal.wait();
}

TEST_CASE("signals end the session and the recording properly") {
  for (const int signum : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) {
    CAPTURE(signum);
    Scene scene("echo ready; exec cat");
    REQUIRE(::kill(scene.client, signum) == 0);
    scene.terminal.expect("asciicast saved to a.cast");
    scene.expect_back(128 + signum);
    scene.expect_nobody_left();
    CHECK(contains(read_cast(scene.sandbox / "a.cast").output(), "ready"));
    scene.end();
  }
}

TEST_CASE("the daemon restores the terminal of a client that was killed") {
  Scene scene("echo ready; exec cat");
  REQUIRE(::kill(scene.client, SIGKILL) == 0);
  scene.terminal.expect("back=137");
  CHECK(eventually([&] { return same_settings(scene.terminal.settings(), scene.before); }));
  scene.expect_nobody_left();
  CHECK_FALSE(has_users_terminal_open(scene.sandbox.daemon_pid()));
  CHECK(contains(read_cast(scene.sandbox / "a.cast").output(), "ready"));
  scene.end();
}

TEST_CASE("the client restores the terminal that a killed daemon had") {
  Scene scene("echo ready; exec cat");
  REQUIRE(::kill(scene.sandbox.daemon_pid(), SIGKILL) == 0);
  scene.terminal.send("on\r");
  scene.terminal.expect("on\r\non\r\n");
  scene.terminal.send("\x04");
  scene.expect_back(0);
  scene.expect_nobody_left();
  CHECK(contains(read_cast(scene.sandbox / "a.cast").output(), "ready\r\non\r\non\r\n"));
  scene.end();
}

TEST_CASE("the flags of the shell's descriptors stay as they are") {
  Scene scene("echo ready; read x");
  const std::string flags =
      scene.sandbox
          .run({"grep", "flags", "/proc/" + std::to_string(scene.terminal.pid()) + "/fdinfo/0"})
          .out;
  REQUIRE(flags.starts_with("flags:\t"));
  CHECK((std::stoul(flags.substr(7), nullptr, 8) & 04000U) == 0);  // O_NONBLOCK
  scene.terminal.send("\r");
  scene.expect_back(0);
  scene.end();
}

// A job-control shell with a recorder in the foreground, the recorded command being cat.
struct Job {
  Job() : terminal(sandbox, {"bash", "--norc", "--noprofile", "-i"}) {
    terminal.expect("$ ");
    terminal.send(
        "sh -c 'echo $$ >pid; exec asciinema rec -q -c \"echo ready; exec cat\" a.cast'\r");
    terminal.expect("ready\r\n");
    client = std::stoi(sandbox.read("pid"));
  }

  void stop(int signum) {
    REQUIRE(::kill(client, signum) == 0);
    terminal.expect("Stopped");
    terminal.expect("$ ");
  }
  void use_the_shell() {
    terminal.send("echo shell-$((6 * 7))\r");
    terminal.expect("shell-42\r\n");
    terminal.expect("$ ");
  }
  void go_on() {
    terminal.send("fg\r");
    CHECK(eventually([&] {
      return has_users_terminal_open(sandbox.daemon_pid()) && is_raw(terminal.settings());
    }));
    terminal.send("pear\r");
    terminal.expect("pear\r\npear\r\n");
  }
  void end() {
    terminal.send("\x04");
    terminal.expect("$ ");
    terminal.send("exit\r");
    terminal.wait();
    CHECK(contains(read_cast(sandbox / "a.cast").output(), "pear\r\npear\r\n"));
    CHECK_FALSE(contains(read_cast(sandbox / "a.cast").output(), "shell-42"));
  }

  Sandbox sandbox;
  PtyDriver terminal;
  pid_t client = 0;
};

TEST_CASE("a stopped session leaves the terminal alone until it is continued") {
  Job job;
  for (int round = 0; round < 2; ++round) {
    CHECK(has_users_terminal_open(job.sandbox.daemon_pid()));
    job.stop(SIGTSTP);
    CHECK_FALSE(has_users_terminal_open(job.sandbox.daemon_pid()));
    CHECK_FALSE(is_raw(job.terminal.settings()));
    job.use_the_shell();
    job.go_on();
  }
  job.end();
}

TEST_CASE("the session does not need a client that runs") {
  Scene scene("echo ready; while read x; do echo got $x; done");
  REQUIRE(::kill(scene.client, SIGSTOP) == 0);
  CHECK(eventually([&] { return test::stat_field(scene.client, 3) == "T"; }));
  scene.terminal.send("pear\r");
  scene.terminal.expect("got pear");
  scene.terminal.send("\x04");
  REQUIRE(::kill(scene.client, SIGCONT) == 0);
  scene.expect_back(0);
  CHECK(contains(read_cast(scene.sandbox / "a.cast").output(), "got pear"));
  scene.end();
}

TEST_CASE("a stopped session takes the window's new size when it is continued") {
  Job job;
  job.stop(SIGTSTP);
  job.terminal.resize({101, 31});
  job.go_on();
  job.end();
  const auto resizes = read_cast(job.sandbox / "a.cast").of("r");
  REQUIRE(resizes.size() == 1);
  CHECK(resizes[0].data == "101x31");
}

// Types `line` into a recorded bash and closes the window once 42 has been shown.
void close_while_running(const std::string& line) {
  const std::vector<std::vector<std::string>> programs = {
      {"asciinema", "rec", "a.cast"},
      {"sh", "-c", "asciinema rec a.cast; true"},
      {"bash", "--norc", "--noprofile", "-ic", "asciinema rec a.cast; true"}};
  for (const std::vector<std::string>& program : programs) {
    CAPTURE(program.back());
    Sandbox sandbox;
    sandbox.environment["SHELL"] = "/bin/bash";
    sandbox.dir().write("home/.bashrc", "PS1='$ '\n");
    PtyDriver terminal(sandbox, program);
    terminal.expect("$ ");
    terminal.send(line + "\r");
    terminal.expect("42.\r\n");
    terminal.close();
    terminal.wait();
    CHECK(eventually([&] { return sandbox.leftovers().empty(); }, 5000));
    CHECK(contains(read_cast(sandbox / "a.cast").output(), "42."));
  }
}

TEST_CASE("closing the terminal leaves no process behind") {
  close_while_running("echo $((6 * 7)).");
  close_while_running("echo $((6 * 7)).; cat");
}

// bash hangs its jobs up when it is hung up itself.
TEST_CASE("closing the terminal ends a shell's background jobs") {
  close_while_running("sleep 1000 & echo $((6 * 7)).; cat");
}

TEST_CASE("a command that ignores the hang-up is killed after 5 seconds") {
  using std::chrono::steady_clock;
  Scene scene("trap '' HUP; echo ready; while :; do sleep 1; done");
  const auto before = steady_clock::now();
  scene.terminal.close();
  scene.terminal.wait();
  scene.expect_nobody_left();
  CHECK(steady_clock::now() - before >= std::chrono::milliseconds(4900));
  CHECK(contains(read_cast(scene.sandbox / "a.cast").output(), "ready"));
}

TEST_CASE("a command that takes the hang-up for itself may finish its work") {
  const Sandbox sandbox;
  PtyDriver terminal(sandbox, {"asciinema", "rec", "-c",
                               "trap 'echo work done >proof; echo bye; exit' HUP; echo ready; "
                               "while :; do read x; done",
                               "a.cast"});
  terminal.expect("ready");
  terminal.close();
  terminal.wait();
  CHECK(eventually([&] { return sandbox.leftovers().empty(); }));
  CHECK(sandbox.read("proof") == "work done\n");
  CHECK(contains(read_cast(sandbox / "a.cast").output(), "bye"));
}

}  // namespace
}  // namespace asciinemad
