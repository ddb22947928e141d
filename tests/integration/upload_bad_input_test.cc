// What bad files, full disks and damaged queues get.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "common/fd.h"
#include "tests/support/upload_sandbox.h"

namespace asciinemad {
namespace {

using test::contains;
using test::ListedUpload;
using test::Outcome;
using test::Process;
using test::UploadSandbox;
namespace faults = test::faults;

constexpr const char* kHeader = "{\"version\": 2, \"width\": 80, \"height\": 24}\n";

// What the queue's directory has, but for its database.
std::vector<std::string> queued_files(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(directory, none)) {
    const std::string name = entry.path().filename();
    if (name.find(".cast") != std::string::npos || name.find(".json") != std::string::npos) {
      names.push_back(name);
    }
  }
  return names;
}

struct Queue : UploadSandbox {
  Queue() { sandbox.write("a.cast", content); }

  // Nothing is in the queue, not even half.
  void expect_nothing_queued() const {
    CHECK(list().empty());
    // What is given up is removed by a thread.
    CHECK(test::eventually([&] { return queued_files(queue_directory()).empty(); }));
    CHECK(server.requests() == 0);
  }
  // Enqueues so that it stays there.
  void enqueue_for_later() {
    server.inject(faults::answer("503 Busy", "Retry-After: 3600\r\n"));
    enqueue("a.cast");
    const std::string number = list().back().number();
    REQUIRE(test::eventually(
        [&] { return show(number).get("attempts") == "1" && show(number).state() == "queued"; }));
  }
  Outcome run_python(const std::string& script) const {
    return sandbox.run({"python3", "-c", script, queue_directory() + "/queue.db"});
  }

  const std::string content = test::make_recording(5000);
};

TEST_CASE("upload: what is no recording is refused, and nothing is queued") {
  const Queue f;
  for (const auto& [content, reason] : std::vector<std::pair<std::string, std::string>>{
           {"", "it is empty"},
           {"hello\n", "not an asciicast"},
           {std::string(100'000, '\0'), "not an asciicast"},
           {"{\"version\": 4, \"width\": 80, \"height\": 24}\n[1, \"o\", \"\"]\n", "version 4"},
           {kHeader, "it has no events"},
           {std::string(kHeader) + "[1, \"o\"]\n[2, \"o\", \"a\"]\n", "line 2"},
           {std::string(kHeader) + "[1, \"o\", \"a\"]\ngarbage\n[2, \"o\", \"a\"]\n", "line 3"}}) {
    const std::string& bad = content;
    CAPTURE(bad);
    f.sandbox.write("bad.cast", bad);
    const Outcome outcome = f.upload({"bad.cast"});
    CAPTURE(outcome.err);
    CHECK(outcome.status == 1);
    CHECK(contains(outcome.err, "upload failed: "));
    CHECK(contains(outcome.err, reason));
    CHECK_FALSE(contains(outcome.err, "retry later"));
    const Outcome piped = f.upload({"-"}, bad.empty() ? "\n" : bad);
    CHECK(piped.status == 1);
  }
  f.expect_nothing_queued();
}

TEST_CASE("upload: what cannot be read is refused") {
  const Queue f;
  CHECK(contains(f.upload({"none.cast"}).err, "open none.cast: No such file or directory"));
  CHECK(contains(f.upload({"."}).err, "open .: Is a directory"));
  CHECK(f.upload({"/dev/null"}).status == 1);
  if (!test::is_root()) {
    REQUIRE(::chmod((f.sandbox / "a.cast").c_str(), 0) == 0);
    CHECK(contains(f.upload({"a.cast"}).err, "open a.cast: Permission denied"));
  }
  f.expect_nothing_queued();
}

TEST_CASE("upload: server addresses that make no sense") {
  Queue f;
  for (const char* url : {"http://", "https:///path", "ftp://example.org", "example.org",
                          "gopher:x", "http://exa mple.org", "http://h:99999", "http://[::1"}) {
    CAPTURE(url);
    f.sandbox.environment["ASCIINEMA_API_URL"] = url;
    const Outcome outcome = f.upload({"a.cast"});
    CAPTURE(outcome.err);
    CHECK(outcome.status == 1);
    CHECK(contains(outcome.err, "asciinema: "));
    CHECK_FALSE(contains(outcome.err, "queued"));
  }
  f.sandbox.environment["ASCIINEMA_API_URL"] = f.server.url();
  f.expect_nothing_queued();
}

TEST_CASE("upload: a client that is killed while a pipe is being copied leaves nothing") {
  const Queue f;
  REQUIRE(::mkfifo((f.sandbox / "fifo").c_str(), 0600) == 0);
  Process client(f.sandbox.launch({"asciinema", "upload", "fifo"}));
  {
    const Fd writer(::open((f.sandbox / "fifo").c_str(), O_WRONLY | O_CLOEXEC));
    REQUIRE(write_all(writer.get(), f.content, test::kWaitMs).ok());
    REQUIRE(test::eventually([&] { return !queued_files(f.queue_directory()).empty(); }));
    client.signal(SIGKILL);
    client.wait();
    f.expect_nothing_queued();
  }
}

TEST_CASE("upload: a pipe whose writer dies in the middle of a line") {
  const Queue f;
  const Outcome outcome = f.upload({"-"}, f.content + "[99.5, \"o\", \"ab");
  CHECK(outcome.status == 0);
  CHECK(contains(outcome.err, "is incomplete and will not be uploaded"));
  CHECK((f.stored() == std::vector<std::string>{f.content}));
}

TEST_CASE("upload: a file that shrinks while it is copied is what it then is, or refused") {
  const Queue f;
  for (int i = 0; i < 20; ++i) {
    const std::string large = test::make_recording(8'000'000);
    const std::string path = f.sandbox.write("large.cast", large);
    Process client(f.sandbox.launch({"asciinema", "upload", "large.cast"}));
    std::filesystem::resize_file(path, static_cast<std::uintmax_t>(i) * 400'000);
    client.wait();
    std::filesystem::remove(path);
    for (const std::string& content : f.stored()) {
      REQUIRE((large.starts_with(content) && content.ends_with("]\n")));
    }
  }
  for (const ListedUpload& upload : f.list()) CHECK(upload.state() == "done");
}

TEST_CASE("upload: a full disk leaves nothing half queued") {
  if (!test::can_unshare_mounts()) {
    MESSAGE("skipped: needs to mount a file system");
    return;
  }
  const Queue f;
  f.sandbox.write("large.cast", test::make_recording(4'000'000));
  std::filesystem::create_directories(f.sandbox.dir() / "state");
  const Outcome outcome = f.sandbox.run(
      test::with_own_mounts("mount -t tmpfs -o size=2m none \"$XDG_STATE_HOME\" || exit 9\n"
                            "asciinema upload large.cast; echo status=$?\n"
                            "asciinema uploads; ls \"$XDG_STATE_HOME\"/asciinema/queue\n"
                            "asciinema upload a.cast; echo status=$?\n"
                            "asciinema daemon stop --force\n"));
  CAPTURE(outcome.err);
  CHECK(contains(outcome.err, "No space left on device"));
  CHECK(contains(outcome.err, "there are no uploads"));
  CHECK(contains(outcome.out, "status=1\n"));
  CHECK_FALSE(contains(outcome.out, ".cast"));
  CHECK(contains(outcome.out, "status=0\n"));
  CHECK((f.stored() == std::vector<std::string>{f.content}));
}

TEST_CASE("upload: a damaged database is moved aside and made anew, and the user is told") {
  for (const bool newer : {false, true}) {
    CAPTURE(newer);
    Queue f;
    f.enqueue_for_later();
    f.enqueue_for_later();
    f.kill_daemon();
    const std::string database = f.queue_directory() + "/queue.db";
    REQUIRE(std::filesystem::exists(database));
    if (newer) {
      const Outcome changed = f.run_python(
          "import sqlite3, sys\n"
          "c = sqlite3.connect(sys.argv[1]); c.execute('PRAGMA user_version = 99'); c.commit()");
      REQUIRE_MESSAGE(changed.status == 0, changed.err);
    } else {
      std::filesystem::remove(database + "-wal");
      f.sandbox.dir().write("state/asciinema/queue/queue.db", std::string(8192, 'x'));
    }
    const Outcome listed = f.uploads({});
    CHECK(listed.status == 0);
    CHECK(contains(listed.err, "queue.db.damaged-1"));
    CHECK(f.uploads({"wait"}).status == 0);
    CHECK((f.stored() == std::vector<std::string>(2, f.content)));
    CHECK(std::filesystem::exists(database + ".damaged-1"));
    // The server was not known to have one before.
    const Outcome next = f.upload({"a.cast"});
    CHECK(next.status == 0);
    CHECK(f.list().back().number() == "3");
  }
}

TEST_CASE("upload: a clock that was set back makes nothing wait longer") {
  Queue f;
  f.server.inject(faults::answer("503 Busy", "Retry-After: 3\r\n"));
  f.enqueue("a.cast");
  REQUIRE(test::eventually(
      [&] { return f.server.requests() >= 1 && f.show("1").state() != "uploading"; }));
  f.kill_daemon();
  // As if it was then ten years later.
  const Outcome changed = f.run_python(
      "import sqlite3, sys\n"
      "c = sqlite3.connect(sys.argv[1])\n"
      "c.execute('UPDATE items SET next_attempt_at_ms = next_attempt_at_ms + 315360000000,"
      " changed_at_ms = changed_at_ms + 315360000000, queued_at_ms = queued_at_ms + "
      "315360000000')\n"
      "c.commit()");
  REQUIRE_MESSAGE(changed.status == 0, changed.err);
  CHECK(f.uploads({"wait"}).status == 0);
  CHECK(f.server.uploads().size() == 1);
}

TEST_CASE("upload: another daemon of the same user has the queue") {
  const Queue f;
  f.enqueue("a.cast");
  CHECK(f.reaches("1", "done"));
  // With a run-time directory of its own, as a container or another session may have.
  const Outcome outcome =
      f.sandbox.run_shell("mkdir -m 700 run2 && XDG_RUNTIME_DIR=$PWD/run2 asciinema upload a.cast");
  CAPTURE(outcome.err);
  CHECK(outcome.status == 0);
  CHECK(f.list().size() == 2);
  CHECK(f.server.uploads().size() == 2);
}

}  // namespace
}  // namespace asciinemad
