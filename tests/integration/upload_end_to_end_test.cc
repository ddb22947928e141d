// `asciinema upload`, its daemon and a server.

#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/pty_driver.h"
#include "tests/support/upload_sandbox.h"

namespace asciinemad {
namespace {

using test::ApiServer;
using test::contains;
using test::Exchange;
using test::Outcome;
using test::PtyDriver;
using test::StoredUpload;
using test::UploadSandbox;
namespace faults = test::faults;

// Uploads are served when the test says so.
class Gate {
 public:
  ApiServer::Fault fault() const {
    return [opened = opened_](ApiServer& server, Exchange& exchange) {
      // Not for ever, since a test may have failed before it opened the gate.
      opened.wait_for(std::chrono::milliseconds(test::kTestCaseMs));
      server.serve(exchange);
    };
  }
  void open() { open_.set_value(); }

 private:
  std::promise<void> open_;
  std::shared_future<void> opened_ = open_.get_future().share();
};

TEST_CASE("upload: what the server says is printed, and it has the recording") {
  const UploadSandbox f;
  const std::string content = test::make_recording(5'000'000);
  f.sandbox.write("a.cast", content);
  const Outcome outcome = f.upload({"a.cast"});
  CHECK(outcome.status == 0);
  const std::vector<StoredUpload> uploads = f.server.uploads();
  REQUIRE(uploads.size() == 1);
  CHECK((uploads[0].content == content));
  CHECK(uploads[0].install_id == UploadSandbox::kInstallId);
  CHECK(uploads[0].key.size() == 36);
  CHECK(contains(outcome.err, "View the recording at:\n\n    " + uploads[0].url + "\n"));
  CHECK(f.server.objections().empty());

  const test::ListedUpload listed = f.show("1");
  CHECK(listed.state() == "done");
  CHECK(listed.get("url") == uploads[0].url);
  CHECK(listed.get("ambiguous") == "false");
  CHECK(listed.get("attempts") == "1");
  CHECK(listed.get("bytes") == std::to_string(content.size()));
}

TEST_CASE("upload: the original may go as soon as it is queued") {
  UploadSandbox f;
  const std::string content = test::make_recording(300'000);
  f.sandbox.write("a.cast", content);
  Gate gate;
  f.server.inject(gate.fault());
  const Outcome outcome = f.upload({"--background", "a.cast"});
  CHECK(outcome.status == 0);
  CHECK(outcome.err == "asciinema: queued as #1\r\n");
  std::filesystem::remove(f.sandbox / "a.cast");
  gate.open();
  CHECK(f.uploads({"wait"}).status == 0);
  CHECK((f.stored() == std::vector<std::string>{content}));
}

TEST_CASE("upload: title and visibility") {
  UploadSandbox f;
  f.sandbox.write("a.cast", test::make_recording(100));
  CHECK(f.upload({"--title", "na\xc3\xafve \"title\"", "--visibility", "unlisted", "a.cast"})
            .status == 0);
  const std::vector<StoredUpload> uploads = f.server.uploads();
  REQUIRE(uploads.size() == 1);
  CHECK(uploads[0].path == "/api/v1/recordings");
  CHECK(uploads[0].title == "na\xc3\xafve \"title\"");
  CHECK(uploads[0].visibility == "unlisted");

  f.server.switch_newer_api_off();
  const Outcome titled = f.upload({"-t", "title", "a.cast"});
  CHECK(titled.status == 0);
  CHECK(contains(titled.err, "the server takes no titles, so this one was not sent"));
  CHECK(f.server.uploads().size() == 2);

  // What is meant for few must not be seen by all.
  const Outcome hidden = f.upload({"--visibility", "private", "a.cast"});
  CHECK(hidden.status == 1);
  CHECK(contains(hidden.err, "the server has no API that takes a visibility"));
  CHECK(f.server.uploads().size() == 2);
  CHECK(f.server.objections().empty());
}

TEST_CASE("upload: from standard input, packed, and cut short") {
  const UploadSandbox f;
  const std::string content = test::make_recording(200'000);
  CHECK(f.upload({"-"}, content).status == 0);
  f.sandbox.write("a.cast", content);
  CHECK(f.sandbox.run_shell("asciinema upload - <a.cast").status == 0);
  CHECK(f.sandbox.run_shell("gzip -k a.cast && asciinema upload a.cast.gz").status == 0);
  f.sandbox.write("cut.cast", content + "[9999.5, \"o\", \"he");
  const Outcome cut = f.upload({"cut.cast"});
  CHECK(cut.status == 0);
  CHECK(contains(cut.err, "the last one, is incomplete and will not be uploaded"));
  CHECK((f.stored() == std::vector<std::string>(4, content)));
}

TEST_CASE("upload: when the network is down it is queued and retried") {
  UploadSandbox f;
  f.sandbox.environment["ASCIINEMA_API_URL"] =
      "http://127.0.0.1:" + std::to_string(test::closed_port());
  f.sandbox.write("a.cast", test::make_recording(100));
  const Outcome outcome = f.upload({"a.cast"});
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.err, "upload failed: "));
  CHECK(contains(outcome.err, "Connection refused"));
  CHECK(contains(outcome.err, "queued as #1, will be retried"));
  CHECK(f.show("1").get("ambiguous") == "false");
  CHECK(f.uploads({"cancel", "1"}).status == 0);

  f.sandbox.environment["ASCIINEMA_API_URL"] = f.server.url();
  f.server.inject(faults::answer("503 Service Unavailable"));
  const Outcome second = f.upload({"a.cast"});
  CHECK(second.status == 1);
  CHECK(contains(second.err, "queued as #2, will be retried"));
  // Without anybody's help.
  CHECK(f.reaches("2", "done"));
  CHECK(f.server.uploads().size() == 1);
}

TEST_CASE("upload: --wait stays until it is decided") {
  UploadSandbox f;
  f.sandbox.write("a.cast", test::make_recording(100));
  f.server.inject(faults::answer("503 Service Unavailable"));
  f.server.inject(faults::reset_at(0));
  const Outcome outcome = f.upload({"--wait", "a.cast"});
  CHECK(outcome.status == 0);
  CHECK(contains(outcome.err, "(503); it is tried again"));
  CHECK(contains(outcome.err, f.server.url("/a/1")));

  f.server.inject(faults::answer("503 Service Unavailable"));
  f.server.inject(faults::answer("403 Forbidden"));
  const Outcome refused = f.upload({"--wait", "a.cast"});
  CHECK(refused.status == 1);
  CHECK(contains(refused.err, "upload failed: the server does not allow this upload (403)"));
}

TEST_CASE("upload: Ctrl-C asks nothing and leaves it queued") {
  UploadSandbox f;
  const std::string content = test::make_recording(100);
  f.sandbox.write("a.cast", content);
  Gate gate;
  f.server.inject(gate.fault());
  PtyDriver terminal(f.sandbox, {"asciinema", "upload", "a.cast"});
  REQUIRE(test::eventually([&] { return f.server.requests() == 1; }));
  terminal.send("\x03");
  terminal.expect("a.cast is queued as #1 and will be uploaded in the background");
  CHECK(terminal.wait().status == 128 + SIGINT);
  gate.open();
  CHECK(f.uploads({"wait", "1"}).status == 0);
  CHECK((f.stored() == std::vector<std::string>{content}));
}

TEST_CASE("upload: the client sees it through although daemons are killed") {
  constexpr int kKills = 3;
  UploadSandbox f;
  const std::string content = test::make_recording(100);
  f.sandbox.write("a.cast", content);
  f.server.inject(faults::stay_mute(), kKills);
  PtyDriver terminal(f.sandbox, {"asciinema", "upload", "a.cast"});
  for (std::size_t i = 1; i <= kKills; ++i) {
    REQUIRE(test::eventually([&] { return f.server.requests() == i; }));
    f.kill_daemon();
  }
  terminal.expect(f.server.url("/a/1"));
  CHECK(terminal.wait().status == 0);
  CHECK((f.stored() == std::vector<std::string>{content}));
}

TEST_CASE("upload: the next daemon goes on with what was queued") {
  UploadSandbox f;
  std::vector<std::string> contents;
  f.server.choose_faults([] { return faults::stay_mute(); });
  for (std::uint64_t i = 0; i < 5; ++i) {
    contents.push_back(test::make_recording(1000, i));
    f.enqueue(f.sandbox.write("a.cast", contents.back()));
  }
  std::sort(contents.begin(), contents.end());
  REQUIRE(test::eventually([&] { return f.server.requests() == 2; }));
  f.kill_daemon();
  f.server.heal();
  CHECK(f.uploads({"wait"}).status == 0);
  CHECK((f.stored() == contents));
  CHECK(f.list().size() == 5);
}

TEST_CASE("upload: a daemon that is told to end waits for an answer that is due") {
  UploadSandbox f;
  f.sandbox.write("a.cast", test::make_recording(1000));
  Gate gate;
  f.server.inject(gate.fault());
  f.enqueue("a.cast");
  REQUIRE(test::eventually([&] { return f.server.requests() == 1; }));
  const pid_t pid = f.sandbox.daemon_pid();
  REQUIRE(pid > 0);
  ::kill(pid, SIGTERM);
  gate.open();
  REQUIRE(test::eventually([&] { return f.sandbox.daemon_pid() == 0; }));
  CHECK(f.uploads({"wait"}).status == 0);
  CHECK(f.server.uploads().size() == 1);
  CHECK(f.show("1").get("ambiguous") == "false");
}

}  // namespace
}  // namespace asciinemad
