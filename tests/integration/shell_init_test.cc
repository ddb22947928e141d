// `asciinema shell-init`: shells that have themselves recorded.

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "common/clock.h"
#include "tests/support/cast.h"
#include "tests/support/pty_driver.h"
#include "tests/support/sandbox.h"

namespace asciinemad {
namespace {

using test::Outcome;
using test::PtyDriver;
using test::read_cast;
using test::Sandbox;

// What a shell may take to come up without being recorded, on a machine that is busy; the snippet
// waits for at most a tenth of it.
constexpr std::uint64_t kPlainShellUs = 3'000'000;

constexpr const char* kNotRecorded = "; this shell is not recorded";

std::vector<std::string> recordings(const Sandbox& sandbox) {
  std::vector<std::string> paths;
  std::error_code none;
  for (const auto& entry :
       std::filesystem::directory_iterator(sandbox.dir() / "state/asciinema/recordings", none)) {
    paths.push_back(entry.path());
  }
  return paths;
}

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t n = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++n;
  return n;
}

// A user whose shells have the snippet in their start-up files.
class User {
 public:
  User() {
    sandbox.dir().write("home/.bashrc", "eval \"$(asciinema shell-init bash)\"\nPS1='ready> '\n");
    // Login shells have a PATH of their own.
    sandbox.dir().write("home/.bash_profile",
                        "PATH=" + test::build_root() + ":$PATH\n. ~/.bashrc\n");
    sandbox.dir().write("home/.zshrc", "eval \"$(asciinema shell-init zsh)\"\nPS1='ready> '\n");
    std::filesystem::create_directory(sandbox.dir() / "config/fish");
    sandbox.dir().write("config/fish/config.fish",
                        "asciinema shell-init fish | source\nset fish_greeting\n"
                        "function fish_prompt; echo 'ready> '; end\n");
    sandbox.environment["SHELL"] = "/bin/bash";
  }

  std::string only_recording() const {
    const std::vector<std::string> paths = recordings(sandbox);
    REQUIRE(paths.size() == 1);
    return paths[0];
  }

  Sandbox sandbox;
};

bool is_installed(const Sandbox& sandbox, const std::string& program) {
  if (sandbox.run({"sh", "-c", "command -v " + program}).status == 0) return true;
  MESSAGE("skipped: " << program << " is not installed");
  return false;
}

TEST_CASE("a shell on a terminal is recorded, once, and its exit status is the shell's") {
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    CAPTURE(shell);
    const User user;
    if (!is_installed(user.sandbox, shell)) continue;
    PtyDriver terminal(user.sandbox, {shell});
    terminal.expect("ready> ");
    terminal.send(shell == "fish" ? "echo in-(math 40+2)\r" : "echo in-$((40+2))\r");
    terminal.expect("in-42");
    terminal.send("exit 7\r");
    CHECK(terminal.wait().status == 7);
    CHECK(count(terminal.screen(), "asciinema: ") == 0);
    CHECK(count(terminal.screen(), "\nexit\r\n") <= 1);
    CHECK(count(read_cast(user.only_recording()).output(), "in-42") == 1);
  }
}

TEST_CASE("shells within a recorded one are not recorded again") {
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    CAPTURE(shell);
    const User user;
    if (!is_installed(user.sandbox, shell)) continue;
    PtyDriver terminal(user.sandbox, {"bash"});
    terminal.expect("ready> ");
    // As sudo, which keeps next to nothing; only the terminal tells.
    for (const std::string& command :
         {shell,
          "env -i HOME=$HOME PATH=$PATH TERM=$TERM XDG_RUNTIME_DIR=$XDG_RUNTIME_DIR "
          "XDG_CONFIG_HOME=$XDG_CONFIG_HOME XDG_STATE_HOME=$XDG_STATE_HOME " +
              shell + " -i"}) {
      terminal.send(command + "\r");
      terminal.expect("ready> ");
      terminal.send("exit 0\r");
      terminal.expect("ready> ");
    }
    terminal.send("exit 3\r");
    CHECK(terminal.wait().status == 3);
    CHECK(count(terminal.screen(), kNotRecorded) == 0);
    user.only_recording();
  }
}

TEST_CASE("shells in a terminal multiplexer within a recorded shell are not recorded again") {
  const User user;
  if (!is_installed(user.sandbox, "tmux")) return;
  PtyDriver terminal(user.sandbox, {"bash"});
  terminal.expect("ready> ");
  terminal.send("tmux -S " + user.sandbox / "tmux" + " -f /dev/null new-session bash\r");
  terminal.expect("ready> ");
  terminal.send("echo in-$((40+2))\r");
  terminal.expect("in-42");
  terminal.send("exit\r");
  terminal.expect("[exited]");
  terminal.send("exit\r");
  CHECK(terminal.wait().status == 0);
  user.only_recording();
}

TEST_CASE("a variable that has outlived its session keeps no shell from being recorded") {
  User user;
  user.sandbox.environment["ASCIINEMA_SESSION"] = "abcd2345";
  user.sandbox.environment["ASCIINEMA_REC"] = "1";
  user.sandbox.environment["ASCIINEMA_PLAIN_SHELL"] = "1";
  PtyDriver terminal(user.sandbox, {"bash"});
  terminal.expect("ready> ");
  terminal.send("exit\r");
  CHECK(terminal.wait().status == 0);
  user.only_recording();
}

TEST_CASE("a login shell stays one, and arguments arrive as they are") {
  const User user;
  PtyDriver terminal(user.sandbox,
                     {"bash", "-c", "exec -a -bash bash -O dotglob -s \"it's\" 'a  b' ''"});
  terminal.expect("ready> ");
  terminal.send("shopt -q login_shell dotglob; echo \"login=$?\"; printf '<%s>' \"$@\" $#\r");
  terminal.expect("login=0");
  terminal.expect("<it's><a  b><><3>");
  terminal.send("exit 5\r");
  CHECK(terminal.wait().status == 5);
  user.only_recording();
}

TEST_CASE("reading the start-up file again changes nothing") {
  const User user;
  PtyDriver terminal(user.sandbox, {"bash"});
  terminal.expect("ready> ");
  terminal.send("kept=42; . ~/.bashrc; echo still-$kept\r");
  terminal.expect("still-42");
  terminal.send("exit\r");
  CHECK(terminal.wait().status == 0);
  user.only_recording();
}

TEST_CASE("what a program runs is left alone, and so is who does not want it") {
  User user;
  CHECK(user.sandbox.run({"bash", "-ic", "echo $-"}).status == 0);
  CHECK(user.sandbox.run({"bash", "-i"}, "exit 4\n").status == 4);
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    CAPTURE(shell);
    if (!is_installed(user.sandbox, shell)) continue;
    PtyDriver command(user.sandbox, {shell, "-ic", "echo done; exit 6"});
    CHECK(command.wait().status == 6);
  }
  for (const auto& [variable, value] :
       {std::pair<std::string, std::string>{"TERM", "dumb"}, {"ASCIINEMA_NO_REC", "1"}}) {
    const std::string shown_variable = variable;
    CAPTURE(shown_variable);
    user.sandbox.environment[variable] = value;
    PtyDriver terminal(user.sandbox, {"bash"});
    terminal.expect("ready> ");
    terminal.send("exit 5\r");
    CHECK(terminal.wait().status == 5);
    user.sandbox.environment["TERM"] = "xterm-256color";
  }
  CHECK(recordings(user.sandbox).empty());
}

// Starts a shell that can't be recorded and uses it.
void expect_plain_shell(const Sandbox& sandbox, const std::string& shell) {
  CAPTURE(shell);
  const std::uint64_t started_at_us = SystemClock().now_us();
  PtyDriver terminal(sandbox, {shell});
  terminal.expect(kNotRecorded);
  terminal.expect("ready> ");
  CHECK(SystemClock().now_us() - started_at_us < kPlainShellUs);
  terminal.send("echo guard=\"$ASCIINEMA_PLAIN_SHELL\"rec=\"$ASCIINEMA_REC\".\r");
  terminal.expect("guard=rec=.");
  terminal.send("exit 7\r");
  CHECK(terminal.wait().status == 7);
  CHECK(count(terminal.screen(), kNotRecorded) == 1);
}

TEST_CASE("without a daemon there is a plain shell") {
  User user;
  const std::string directory = user.sandbox / "bin";
  std::filesystem::create_directory(directory);
  std::filesystem::copy_file(test::build_root() + "/asciinema", directory + "/asciinema");
  user.sandbox.environment["PATH"] = directory + ":/usr/bin:/bin";
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    if (is_installed(user.sandbox, shell)) expect_plain_shell(user.sandbox, shell);
  }
  CHECK(recordings(user.sandbox).empty());
}

TEST_CASE("with a daemon that hangs there is a plain shell") {
  const User user;
  REQUIRE(user.sandbox.run({"asciinema", "daemon", "start"}).status == 0);
  const pid_t daemon = user.sandbox.daemon_pid();
  REQUIRE(daemon > 0);
  REQUIRE(::kill(daemon, SIGSTOP) == 0);
  expect_plain_shell(user.sandbox, "bash");
  ::kill(daemon, SIGCONT);
  CHECK(recordings(user.sandbox).empty());
}

// It is found out when the first shell is gone already.
TEST_CASE("without a library there is a plain shell") {
  const User user;
  std::filesystem::create_directory(user.sandbox.dir() / "state/asciinema");
  user.sandbox.dir().write("state/asciinema/recordings", "no directory");
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    if (is_installed(user.sandbox, shell)) expect_plain_shell(user.sandbox, shell);
  }
  // The next one may try again.
  PtyDriver terminal(user.sandbox, {"bash"});
  const std::string library = user.sandbox.dir() / "state/asciinema/recordings";
  terminal.expect("the library can't be used: use directory " + library +
                  ": it is not a directory" + kNotRecorded);
  terminal.expect("ready> ");
  std::filesystem::remove(user.sandbox.dir() / "state/asciinema/recordings");
  terminal.send("bash\r");
  terminal.expect("ready> ");
  terminal.send("exit\r");
  terminal.expect("ready> ");
  terminal.send("exit\r");
  CHECK(terminal.wait().status == 0);
  user.only_recording();
}

TEST_CASE("on a full disk there is a plain shell") {
  if (!test::can_unshare_mounts()) {
    MESSAGE("skipped: needs to mount a file system");
    return;
  }
  const User user;
  const std::string library = user.sandbox.dir() / "state/asciinema/recordings";
  std::filesystem::create_directories(library);
  ::chmod(library.c_str(), 0700);
  PtyDriver terminal(user.sandbox,
                     test::with_own_mounts("mount -t tmpfs -o size=4k,mode=700 none " + library +
                                           " && head -c 1m /dev/zero >" + library +
                                           "/ballast; bash; echo status=$?"));
  terminal.expect("No space left on device");
  terminal.expect(kNotRecorded);
  terminal.expect("ready> ");
  terminal.send("ls " + library + " | wc -l; exit 7\r");
  terminal.expect("1");
  terminal.expect("status=7");
  CHECK(terminal.wait().status == 0);
}

TEST_CASE("closing the window ends a recorded shell") {
  const User user;
  PtyDriver terminal(user.sandbox, {"bash"});
  terminal.expect("ready> ");
  terminal.close();
  terminal.wait();
  CHECK(test::eventually([&] { return user.sandbox.leftovers().empty(); }));
  read_cast(user.only_recording());
}

TEST_CASE("the snippet is printed for the shells that are known") {
  const Sandbox sandbox;
  CHECK(sandbox.run({"asciinema", "shell-init", "fish"}).status == 0);
  CHECK(sandbox.run({"asciinema", "shell-init"}).status == 2);
  const Outcome other = sandbox.run({"asciinema", "shell-init", "ksh"});
  CHECK(other.status == 2);
  CHECK(other.out.empty());
  CHECK(sandbox.run({"asciinema", "shell-init", "bash", "zsh"}).status == 2);
}

}  // namespace
}  // namespace asciinemad
