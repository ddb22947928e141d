// A disk that is full for a while.

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/cast.h"
#include "tests/support/pty_driver.h"
#include "tests/support/sandbox.h"

namespace asciinemad {
namespace {

using test::PtyDriver;
using test::Sandbox;

TEST_CASE("a full disk: recording goes on once there is space again") {
  if (!test::can_unshare_mounts()) {
    MESSAGE("skipped: needs to mount a file system");
    return;
  }
  const Sandbox sandbox;
  std::filesystem::create_directory(sandbox / "disk");
  sandbox.write("command",
                "stty -opost -echo\n"
                "echo before\n"
                "read x\n"
                "head -c 1m /dev/zero >disk/ballast 2>/dev/null\n"
                "seq 1 3000\n"
                "echo full\n"
                "read x\n"
                "rm disk/ballast\n"
                "echo after\n");
  std::vector<std::string> argv = test::with_own_mounts(
      "mount -t tmpfs -o size=64k none disk && { asciinema rec -c 'sh command' disk/a.cast; "
      "echo status=$?; cat disk/a.cast >copy.cast; }");
  PtyDriver terminal(sandbox, std::move(argv));
  terminal.expect("before");
  terminal.send("\n");
  terminal.expect("No space left on device; the recording is INCOMPLETE, the session goes on");
  terminal.expect("full");
  terminal.send("\n");
  terminal.expect("after");
  terminal.expect("recording is INCOMPLETE: ");
  const std::string missing = terminal.expect(" bytes of output are missing");
  terminal.expect("No space left on device");
  terminal.expect("status=1");
  CHECK(terminal.wait().status == 0);

  std::string expected = "before\n";
  for (int i = 1; i <= 3000; ++i) expected += std::to_string(i) + "\n";
  expected += "full\nafter\n";
  const std::string output = test::parse_cast(sandbox.read("copy.cast")).output();
  CHECK(output.starts_with("before\n"));
  CHECK(output.ends_with("after\n"));
  CHECK(output.size() < expected.size());
  CHECK(output.size() + std::stoul(missing) == expected.size());
}

}  // namespace
}  // namespace asciinemad
