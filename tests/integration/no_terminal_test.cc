// Recording where there is no terminal: cron, CI, pipes, and hardly any environment.

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/support/cast.h"
#include "tests/support/pty_driver.h"
#include "tests/support/sandbox.h"

namespace asciinemad {
namespace {

using test::Launch;
using test::Outcome;
using test::read_cast;
using test::Sandbox;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("the recorded terminal is 80x24") {
  const Sandbox sandbox;
  REQUIRE(sandbox.run({"asciinema", "rec", "-c", "stty size; tty", "a.cast"}).status == 0);
  const test::Cast cast = read_cast(sandbox / "a.cast");
  CHECK(contains(cast.header, "\"width\": 80, \"height\": 24,"));
  CHECK(cast.output().starts_with("24 80\r\n/dev/pts/"));
}

TEST_CASE("input comes from a pipe, up to its end") {
  const Sandbox sandbox;
  const Outcome outcome =
      sandbox.run({"asciinema", "rec", "-c",
                   "stty -echo; while read x; do echo got $x; done; echo end", "a.cast"},
                  "pear\nplum\n");
  CAPTURE(outcome.err);
  REQUIRE(outcome.status == 0);
  CHECK(outcome.out.empty());
  // The input may come before the command has switched the echo off.
  const std::string output = read_cast(sandbox / "a.cast").output();
  CHECK(contains(output, "got pear\r\ngot plum\r\nend\r\n"));
}

TEST_CASE("input comes from whatever standard input is") {
  const Sandbox sandbox;
  sandbox.write("input", "pear\n");
  for (const char* redirection : {"<input", "<<<pear", "< <(echo pear)"}) {
    CAPTURE(redirection);
    const Outcome outcome = sandbox.run_shell(
        std::string("asciinema rec --overwrite -c 'cat; echo end' a.cast ") + redirection);
    CAPTURE(outcome.err);
    CHECK(outcome.status == 0);
    const std::string output = read_cast(sandbox / "a.cast").output();
    CHECK(contains(output, "pear\r\n"));
    CHECK(output.ends_with("end\r\n"));
  }
}

TEST_CASE("input comes from a socket") {
  const Sandbox sandbox;
  Result<SocketPair> pair = make_socket_pair();
  REQUIRE(pair.ok());
  Launch launch = sandbox.launch({"asciinema", "rec", "-q", "-c", "cat; echo end", "a.cast"});
  launch.in = pair->second.get();
  test::Process process(launch);
  REQUIRE(write_all(pair->first.get(), "pear\n", 1000).ok());
  REQUIRE(::shutdown(pair->first.get(), SHUT_WR) == 0);
  CHECK(process.wait().status == 0);
  CHECK(contains(read_cast(sandbox / "a.cast").output(), "pear\r\n"));
}

TEST_CASE("an input that is empty or not there at all") {
  const Sandbox sandbox;
  for (const char* redirection :
       {"</dev/null", "<&-", "<&- >&-", "<&- >&- 2>&-", "</dev/null >/dev/null 2>&1"}) {
    CAPTURE(redirection);
    const Outcome outcome = sandbox.run_shell(
        std::string("asciinema rec --overwrite -c 'cat; echo end' a.cast ") + redirection);
    CAPTURE(outcome.err);
    CHECK(outcome.status == 0);
    CHECK(read_cast(sandbox / "a.cast").output().ends_with("end\r\n"));
  }
}

TEST_CASE("a large input arrives whole") {
  const Sandbox sandbox;
  std::string input;
  for (int i = 0; i < 40'000; ++i) input += "line " + std::to_string(i) + "\n";
  sandbox.write("input", input);
  for (const char* redirection : {"<input", "< <(cat input)"}) {
    CAPTURE(redirection);
    const Outcome outcome = sandbox.run_shell(
        std::string("asciinema rec --overwrite -c 'stty -echo; echo ready; cat >copy' a.cast ") +
        redirection);
    CAPTURE(outcome.err);
    CHECK(outcome.status == 0);
    CHECK((sandbox.read("copy") == input));
  }
}

TEST_CASE("output is shown on the controlling terminal when standard input is none") {
  const Sandbox sandbox;
  Launch launch = sandbox.launch({"asciinema", "rec", "-q", "-c", "stty size; cat", "a.cast"});
  Result<Pipe> input = make_pipe();
  REQUIRE(input.ok());
  launch.in = input->read_end.get();
  test::PtyDriver terminal(launch, {101, 33});
  // In its own mode, since nothing is typed there.
  CHECK_FALSE(test::is_raw(terminal.settings()));
  terminal.expect("33 101");
  REQUIRE(write_all(input->write_end.get(), "pear\n", 1000).ok());
  terminal.expect("pear");
  input->write_end.reset();
  CHECK(terminal.wait().status == 0);
  CHECK(contains(read_cast(sandbox / "a.cast").header, "\"width\": 101, \"height\": 33,"));
}

TEST_CASE("without HOME, TERM and SHELL") {
  Sandbox sandbox;
  for (const char* name : {"HOME", "TERM", "SHELL", "XDG_CONFIG_HOME", "XDG_STATE_HOME"}) {
    sandbox.environment.erase(name);
  }
  // Not the home directory that the user database has.
  sandbox.environment["XDG_STATE_HOME"] = sandbox.dir() / "state";
  sandbox.environment["XDG_CONFIG_HOME"] = sandbox.dir() / "config";
  const Outcome outcome = sandbox.run({"asciinema", "rec", "a.cast"}, "echo $((6 * 7)).\nexit\n");
  CAPTURE(outcome.err);
  CHECK(outcome.status == 0);
  const test::Cast cast = read_cast(sandbox / "a.cast");
  CHECK(contains(cast.output(), "42."));
  CHECK_FALSE(contains(cast.header, "null"));
}

TEST_CASE("without HOME, with nothing but a PATH") {
  if (!test::can_unshare_mounts()) {
    MESSAGE("skipped: needs a /tmp and a home directory of its own");
    return;
  }
  Sandbox sandbox;
  // What the user database and the default paths lead to is covered by empty file systems, and
  // the build tree may be below.
  sandbox.environment["BUILD"] = test::build_root();
  std::vector<std::string> argv = test::with_own_mounts(
      "set -e; mkdir bin; cp $BUILD/{asciinema,asciinemad,asciinema-files} bin; "
      "mount --bind . /mnt; mount -t tmpfs none \"$(getent passwd $(id -u) | cut -d: -f6)\"; "
      "mount -t tmpfs -o mode=1777 none /tmp; cd /mnt; PATH=/mnt/bin:/usr/bin:/bin; "
      "env -i PATH=\"$PATH\" asciinema rec -c 'printf hello' a.cast; "
      "env -i PATH=\"$PATH\" asciinema daemon status; ls -ld /tmp/asciinemad-*");
  const Outcome outcome = sandbox.run(argv);
  CAPTURE(outcome.err);
  CHECK(outcome.status == 0);
  CHECK(contains(outcome.out, "socket: /tmp/asciinemad-"));
  CHECK(contains(outcome.out, "drwx------"));
  CHECK(read_cast(sandbox / "a.cast").output() == "hello");
}

}  // namespace
}  // namespace asciinemad
