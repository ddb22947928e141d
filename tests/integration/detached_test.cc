// What becomes of sessions while nobody is attached: their ends, and programs that ask the
// terminal.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>

#include <cstddef>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "common/fd.h"
#include "tests/support/detached_session.h"
#include "tests/support/live_session.h"
#include "tests/support/seed.h"
#include "tests/support/upload_sandbox.h"

namespace asciinemad {
namespace {

using test::contains;
using test::DetachedSession;
using test::ends;
using test::eventually;
using test::kShowLines;
using test::Outcome;
using test::Sandbox;
using test::UploadSandbox;

TEST_CASE("a session that ends while nobody is attached leaves a whole recording") {
  const Sandbox sandbox;
  const DetachedSession session(sandbox, "echo one; read x; echo two; exit 3");
  session.has_recorded("one");
  session.send("\r");
  CHECK(ends(sandbox, session.id()));
  CHECK(contains(session.cast().output(), "two\r\n"));
  CHECK(sandbox.run({"asciinema", "ls", "--json"}).out == "[]\n");
}

TEST_CASE("--upload: queued when the session ends, with the title that was given meanwhile") {
  const UploadSandbox f;
  const DetachedSession session(f.sandbox, kShowLines, {"--upload", "-t", "first"});
  session.has_recorded("ready");
  REQUIRE(f.sandbox.run({"asciinema", "title", "-S", session.id(), "second"}).status == 0);
  session.send("end\r");
  REQUIRE(ends(f.sandbox, session.id()));
  REQUIRE(eventually([&] { return f.list().size() == 1; }));
  CHECK(f.reaches("1", "done"));
  CHECK(f.show("1").get("title") == "second");
  REQUIRE(f.server.uploads().size() == 1);
  CHECK(f.server.uploads()[0].content == session.recorded());
}

// Nobody can put anything into the queue meanwhile.
class BusyQueue {
 public:
  explicit BusyQueue(const UploadSandbox& f) {
    std::filesystem::create_directories(f.queue_directory());
    std::filesystem::permissions(f.queue_directory(), std::filesystem::perms::owner_all);
    lock_.reset(
        ::open((f.queue_directory() + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    REQUIRE(::flock(lock_.get(), LOCK_EX) == 0);
  }

 private:
  Fd lock_;
};

TEST_CASE("--upload: the daemon dies or is replaced before the recording is in the queue") {
  for (const int signal : {SIGKILL, SIGTERM}) {
    CAPTURE(signal);
    const UploadSandbox f;
    const DetachedSession session(f.sandbox, kShowLines, {"--upload"});
    session.has_recorded("ready");
    {
      const BusyQueue busy(f);
      session.send("end\r");
      REQUIRE(eventually([&] { return contains(f.sandbox.log(), ": ended after"); }));
      const pid_t daemon = f.sandbox.daemon_pid();
      REQUIRE(::kill(daemon, signal) == 0);
      REQUIRE(eventually([&] { return test::is_gone(daemon); }));
    }
    CHECK(ends(f.sandbox, session.id()));
    CHECK(f.list().size() == 1);
    CHECK(f.reaches("1", "done"));
    REQUIRE(f.server.uploads().size() == 1);
    CHECK(f.server.uploads()[0].content == session.recorded());
  }
}

TEST_CASE("--upload: queued once, whenever daemons die") {
  constexpr std::size_t kRounds = 20;
  constexpr std::size_t kMaxInstant = 100;  // of a busy loop; 20 is some milliseconds
  std::mt19937 random = test::seeded_random();
  const UploadSandbox f;
  for (std::size_t i = 0; i < kRounds; ++i) {
    const std::string id = test::start_detached(f.sandbox, {"--upload", "-c", "echo hello"});
    const std::size_t instant = test::random_number(random, 0, kMaxInstant);
    for (std::size_t look = 0; look < instant; ++look) static_cast<void>(f.sandbox.log());
    f.kill_daemon();
    REQUIRE(ends(f.sandbox, id));
  }
  CHECK(eventually([&] { return f.list().size() >= kRounds; }));
  CHECK(f.list().size() == kRounds);
}

TEST_CASE("discard removes the recording") {
  const UploadSandbox f;
  const DetachedSession session(f.sandbox, kShowLines, {"--upload"});
  session.has_recorded("ready");
  CHECK(f.sandbox.run({"asciinema", "discard", "-S", session.id()}).status == 0);
  CHECK(ends(f.sandbox, session.id()));
  CHECK_FALSE(std::filesystem::exists(f.sandbox / "a.cast"));
  CHECK(f.list().empty());
}

TEST_CASE("discard leaves what was there before --append") {
  const Sandbox sandbox;
  REQUIRE(sandbox.run({"asciinema", "rec", "-q", "-c", "echo earlier", "a.cast"}).status == 0);
  const std::string earlier = sandbox.read("a.cast");
  const DetachedSession session(sandbox, kShowLines, {"--append"});
  session.has_recorded("ready");
  CHECK(sandbox.run({"asciinema", "discard", "-S", session.id()}).status == 0);
  CHECK(ends(sandbox, session.id()));
  CHECK(sandbox.read("a.cast") == earlier);
}

TEST_CASE("without a file name the recording goes to the library, and nobody is asked") {
  const Sandbox sandbox;
  const std::string id = test::start_detached(sandbox, {"-c", "echo hello"});
  CHECK(ends(sandbox, id));
  std::vector<std::string> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(sandbox.dir() / "state/asciinema/recordings")) {
    files.push_back(entry.path());
  }
  REQUIRE(files.size() == 1);
  CHECK(test::read_cast(files[0]).output() == "hello\r\n");
}

// Waits for each answer as programs do, and says what it was.
constexpr const char* kAsk =
    "stty -echo -icanon min 1 time 0\n"
    "printf '\\033[c'; IFS= read -rsd c a; echo \"DA ${a#?}.\"\n"
    "printf '\\033[5;9Hxy\\033[6n'; IFS= read -rsd R a; echo \"CPR ${a#?}.\"\n"
    "printf '\\033]11;?\\007'; IFS= read -rsd $'\\007' a; echo \"OSC ${a#?}.\"\n"
    "echo done; cat\n";

TEST_CASE("queries of a program that nobody looks at are answered at once") {
  const Sandbox sandbox;
  sandbox.write("ask", kAsk);
  const DetachedSession session(sandbox, "bash ask", {"--stdin"});
  session.has_recorded("done");
  CHECK(sandbox.run({"asciinema", "stop", "-S", session.id()}).status == 0);
  const test::Cast cast = session.cast();
  CHECK(contains(cast.output(), "DA [?62;22."));
  CHECK(contains(cast.output(), "CPR [5;11."));
  CHECK(contains(cast.output(), "OSC ]11;rgb:0000/0000/0000."));
  // Nobody has typed that.
  CHECK(cast.of("i").empty());
  CHECK(cast.events.back().time_us < 2'000'000);
}

TEST_CASE("queries in a pause are answered as well") {
  const Sandbox sandbox;
  const DetachedSession session(
      sandbox,
      "stty -echo -icanon; printf '\\033[c'; head -c 9 >identity; printf '\\033[6n'; "
      "head -c 3 >cursor; cat",
      {"--pause-at-start"});
  CHECK(eventually([&] { return sandbox.read("identity") == "\x1b[?62;22c"; }));
  CHECK(eventually([&] { return sandbox.read("cursor") == "\x1b[1"; }));
}

bool has_program(const Sandbox& sandbox, const std::string& name) {
  const bool has = sandbox.run({"which", name}).status == 0;
  if (!has) MESSAGE("skipped: ", name, " is not installed");
  return has;
}

TEST_CASE("vim starts without a terminal, and takes no answer for a key") {
  const Sandbox sandbox;
  if (!has_program(sandbox, "vim")) return;
  sandbox.write("notes.txt", "first line\nsecond line\n");
  const DetachedSession session(sandbox, "vim -Nu NONE -i NONE -n notes.txt", {"--stdin"});
  session.has_recorded("second line");
  session.has_recorded("notes.txt");
  session.send("Gothird\x1b");
  session.has_recorded("third");
  session.send(":wq\r");
  CHECK(ends(sandbox, session.id()));
  CHECK(sandbox.read("notes.txt") == "first line\nsecond line\nthird\n");
  CHECK(session.cast().data("i") == "Gothird\x1b:wq\r");
}

TEST_CASE("fish starts without a terminal") {
  const Sandbox sandbox;
  if (!has_program(sandbox, "fish")) return;
  const DetachedSession session(sandbox, "fish --no-config");
  session.send("echo six-$(math 2 x 3)\r");
  session.has_recorded("six-6");
  session.send("exit\r");
  CHECK(ends(sandbox, session.id()));
  CHECK(session.cast().events.back().time_us < 5'000'000);
}

}  // namespace
}  // namespace asciinemad
