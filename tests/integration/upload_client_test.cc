// `asciinema upload` with a daemon that does what a script says.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/pty_driver.h"
#include "tests/support/sandbox.h"
#include "tests/support/upload_scene.h"

namespace asciinemad {
namespace {

using test::Client;
using test::Outcome;
using test::PtyDriver;
using test::Sandbox;
using Scene = test::UploadScene;
using wire::UploadState;
using Argv = std::vector<std::string>;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("upload: usage errors") {
  const Sandbox sandbox;
  for (const auto& [argv, message] : std::vector<std::pair<Argv, std::string>>{
           {{}, "the following arguments are required: filename"},
           {{""}, "argument filename: is empty"},
           {{"a", "b"}, "unrecognized arguments: b"},
           {{"--visibility", "secret", "a"}, "argument --visibility: \"secret\" is not public"},
           {{"--title", std::string(1025, 'x'), "a"}, "argument -t/--title: is longer than 1024"},
           {{"--wait", "--background", "a"}, "--wait and --background exclude each other"}}) {
    Argv all = {"asciinema", "upload"};
    all.insert(all.end(), argv.begin(), argv.end());
    const Outcome outcome = sandbox.run(all);
    CAPTURE(outcome.err);
    CHECK(outcome.status == 2);
    CHECK(contains(outcome.err, "\nasciinema upload: error: " + message));
  }
}

TEST_CASE("upload: what cannot be read is refused before a daemon starts") {
  const Sandbox sandbox;
  REQUIRE(::mkdir((sandbox / "folder").c_str(), 0700) == 0);
  for (const auto& [file, reason] :
       {std::pair<std::string, std::string>{"none.cast", "No such file or directory"},
        {"folder", "Is a directory"}}) {
    const Outcome outcome = sandbox.run({"asciinema", "upload", file});
    CHECK(outcome.status == 1);
    CHECK(outcome.err == "asciinema: upload failed: open " + file + ": " + reason + "\r\n");
  }
  CHECK(sandbox.daemon_pid() == 0);
  PtyDriver terminal(sandbox, {"asciinema", "upload", "-"});
  terminal.expect("upload failed: open standard input: is a terminal");
  CHECK(terminal.wait().status == 1);
}

TEST_CASE("upload: the daemon gets the recording and the caller's settings") {
  Scene scene;
  scene.sandbox.environment["USER"] = "somebody";
  scene.sandbox.environment["http_proxy"] = "http://proxy";
  scene.sandbox.configure("[upload]\nkeep_days = 1\nkeep_size = 3\n");
  Client client(scene.sandbox, {"upload", "--title", "T", "--visibility", "unlisted", "a.cast"});
  const wire::Upload upload = scene.enqueue({"one\x1b", "two"});
  CHECK(upload.name == "a.cast");
  CHECK(upload.title == "T");
  CHECK(upload.visibility == wire::Visibility::unlisted);
  CHECK(upload.server.url == "https://me:pw@example.com:8443/x");
  CHECK(upload.server.user == "somebody");
  CHECK(upload.server.install_id == "an-id");
  CHECK(upload.server.http_proxy == "http://proxy");
  CHECK(upload.interactive);
  CHECK(upload.watch);
  CHECK(upload.keep_for_s == 86400);
  CHECK(upload.keep_bytes == 3145728);
  REQUIRE(scene.daemon.fds().size() == 1);
  CHECK(test::read_until_end(scene.daemon.fds()[0].get()) == "the recording");

  scene.tell(scene.info(UploadState::uploading));
  wire::UploadInfo done = scene.info(UploadState::done);
  done.message = "View at:\n\n    https://example.com/a/1\x1b\n";
  done.warning = "be warned";
  scene.tell(done);
  const Outcome outcome = client.wait();
  CHECK(outcome.status == 0);
  CHECK(outcome.out.empty());
  CHECK(outcome.err ==
        "asciinema: one?\r\nasciinema: two\r\nasciinema: be warned\r\n"
        "View at:\n\n    https://example.com/a/1?\n\n");
}

TEST_CASE("upload: without a message the address is printed, and doubts are told") {
  Scene scene;
  wire::UploadInfo done = scene.info(UploadState::done);
  SUBCASE("address") {
    done.url = "https://example.com/a/1";
    done.ambiguous = true;
  }
  SUBCASE("nothing") {}
  Client client(scene.sandbox, {"upload", "a.cast"});
  scene.enqueue();
  scene.tell(done);
  const Outcome outcome = client.wait();
  CHECK(outcome.status == 0);
  if (done.url.empty()) {
    CHECK(outcome.err == "asciinema: uploaded; the server gave no address\r\n");
  } else {
    CHECK(contains(outcome.err, "the server may have it twice\r\nhttps://example.com/a/1\n"));
  }
}

TEST_CASE("upload: standard input goes along as it is") {
  Scene scene;
  Result<Pipe> pipe = make_pipe();
  REQUIRE(pipe.ok());
  Client client(scene.sandbox, {"upload", "--background", "-"}, pipe->read_end.get());
  pipe->read_end.reset();
  const wire::Upload upload = scene.enqueue();
  CHECK(upload.name == "standard input");
  CHECK_FALSE(upload.watch);
  CHECK_FALSE(upload.interactive);
  REQUIRE(scene.daemon.fds().size() == 1);
  CHECK((::fcntl(scene.daemon.fds()[0].get(), F_GETFL) & O_NONBLOCK) == 0);
  const Outcome outcome = client.wait();
  CHECK(outcome.status == 0);
  CHECK(outcome.err == "asciinema: queued as #12\r\n");
}

TEST_CASE("upload: what fails is explained") {
  Scene scene;
  wire::UploadInfo upload = scene.info(UploadState::failed);
  upload.reason = "not \x1b valid";
  upload.attempts = 1;
  std::string expected = "asciinema: upload failed: not ? valid\r\n";
  SUBCASE("for good") {
    upload.advice = "try something else";
    expected += "asciinema: try something else\r\n";
  }
  SUBCASE("until somebody acts") {
    upload.state = UploadState::held;
    upload.advice = "run `asciinema auth`";
    expected += "asciinema: run `asciinema auth`\r\nasciinema: it is held as #12\r\n";
  }
  SUBCASE("for now") {
    upload.state = UploadState::queued;
    expected += "asciinema: queued as #12, will be retried; see `asciinema uploads`\r\n";
  }
  SUBCASE("since somebody cancelled it") {
    upload.state = UploadState::cancelled;
    expected = "asciinema: upload failed: #12 was cancelled\r\n";
  }
  Client client(scene.sandbox, {"upload", "a.cast"});
  scene.enqueue();
  scene.tell(upload);
  const Outcome outcome = client.wait();
  CHECK(outcome.status == 1);
  CHECK(outcome.err == expected);
}

TEST_CASE("upload: --wait stays, and says each reason once") {
  Scene scene;
  Client client(scene.sandbox, {"upload", "--wait", "a.cast"});
  scene.enqueue();
  wire::UploadInfo failed = scene.info(UploadState::queued);
  for (const char* reason : {"refused", "refused", "reset"}) {
    ++failed.attempts;
    failed.reason = reason;
    scene.tell(failed);
    scene.tell(scene.info(UploadState::uploading));
  }
  wire::UploadInfo done = scene.info(UploadState::done);
  done.url = "u";
  scene.tell(done);
  const Outcome outcome = client.wait();
  CHECK(outcome.status == 0);
  CHECK(outcome.err ==
        "asciinema: refused; it is tried again\r\nasciinema: reset; it is tried again\r\nu\n");
}

TEST_CASE("upload: what the daemon refuses") {
  Scene scene;
  Client client(scene.sandbox, {"upload", "a.cast"});
  scene.welcome();
  scene.daemon.receive<wire::Upload>();
  std::string expected = "asciinema: upload failed: a.cast: so\r\n";
  SUBCASE("for good") { scene.daemon.reply(wire::ErrorReply{wire::ErrorCode::invalid, "so"}); }
  SUBCASE("for now") {
    scene.daemon.reply(wire::ErrorReply{wire::ErrorCode::internal, "so"});
    expected += "asciinema: retry later by running: asciinema upload a.cast\r\n";
  }
  const Outcome outcome = client.wait();
  CHECK(outcome.status == 1);
  CHECK(outcome.err == expected);
}

TEST_CASE("upload: an old daemon is told apart from a failure") {
  Scene scene;
  Client client(scene.sandbox, {"upload", "a.cast"});
  scene.daemon.greet();
  scene.daemon.receive<wire::ListUploads>();
  scene.daemon.reply(wire::ErrorReply{wire::ErrorCode::unsupported, "unknown"});
  const Outcome outcome = client.wait();
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.err, "too old to upload; replace it by `asciinema daemon restart`"));
}

TEST_CASE("upload: the daemon that has the queue is asked") {
  Scene scene;
  Client client(scene.sandbox, {"upload", "--background", "a.cast"});
  scene.daemon.greet();
  scene.daemon.receive<wire::ListUploads>();
  scene.daemon.reply(
      wire::ErrorReply{wire::ErrorCode::elsewhere, "not here", scene.sandbox.socket_path()});
  scene.enqueue();
  CHECK(client.wait().status == 0);
}

TEST_CASE("upload: a daemon that is just ending has the queue no longer") {
  Scene scene;
  Client client(scene.sandbox, {"upload", "--background", "a.cast"});
  scene.daemon.greet();
  scene.daemon.receive<wire::ListUploads>();
  scene.daemon.reply(
      wire::ErrorReply{wire::ErrorCode::elsewhere, "not here", scene.sandbox.dir() / "run/gone"});
  scene.enqueue();
  CHECK(client.wait().status == 0);
}

TEST_CASE("upload: the queue may change hands while it is asked") {
  Scene scene;
  Client client(scene.sandbox, {"upload", "--background", "a.cast"});
  scene.welcome();
  scene.daemon.receive<wire::Upload>();
  scene.daemon.reply(wire::ErrorReply{wire::ErrorCode::elsewhere, "not here any more", ""});
  scene.enqueue();
  CHECK(client.wait().status == 0);
}

TEST_CASE("upload: an interrupted client leaves the upload in the queue") {
  Scene scene;
  int signum = SIGINT;
  SUBCASE("Ctrl-C") {}
  SUBCASE("kill") { signum = SIGTERM; }
  Client client(scene.sandbox, {"upload", "a.cast"});
  scene.enqueue({"seen"});
  test::read_bytes(client.err(), std::string("asciinema: seen\r\n").size());
  client.signal(signum);
  const Outcome outcome = client.wait();
  CHECK(outcome.status == 128 + signum);
  CHECK(outcome.err ==
        "asciinema: a.cast is queued as #12 and will be uploaded in the background\r\n");
}

TEST_CASE("upload: a file that is being queued is waited for, unless the user insists") {
  Scene scene;
  Client client(scene.sandbox, {"upload", "a.cast"});
  scene.welcome();
  scene.daemon.receive<wire::Upload>();
  client.signal(SIGINT);
  SUBCASE("once") {
    scene.daemon.reply(wire::Queued{12, {}});
    const Outcome outcome = client.wait();
    CHECK(outcome.status == 130);
    CHECK(contains(outcome.err, "a.cast is queued as #12 and will be uploaded"));
  }
  SUBCASE("twice") {
    client.signal(SIGTERM);
    CHECK(scene.daemon.is_left());
    const Outcome outcome = client.wait();
    CHECK(outcome.status > 128);
    CHECK(outcome.err == "asciinema: upload failed: interrupted, it is not queued\r\n");
  }
}

TEST_CASE("upload: a pipe that is being queued is given up at once") {
  Scene scene;
  Result<Pipe> pipe = make_pipe();
  REQUIRE(pipe.ok());
  Client client(scene.sandbox, {"upload", "-"}, pipe->read_end.get());
  scene.welcome();
  scene.daemon.receive<wire::Upload>();
  client.signal(SIGINT);
  CHECK(scene.daemon.is_left());
  const Outcome outcome = client.wait();
  CHECK(outcome.status == 130);
  CHECK(contains(outcome.err, "it is not queued"));
}

TEST_CASE("upload: progress is shown on a terminal, and gone at the end") {
  Scene scene;
  PtyDriver terminal(scene.sandbox, {"asciinema", "upload", "a.cast"});
  scene.enqueue();
  wire::UploadInfo sending = scene.info(UploadState::uploading);
  sending.sent_bytes = 6;
  scene.tell(sending);
  terminal.expect("\r 46%  [=");
  terminal.expect("6 B of 13 B");
  wire::UploadInfo done = scene.info(UploadState::done);
  done.url = "https://example.com/a/1";
  scene.tell(done);
  terminal.expect("\r\x1b[Khttps://example.com/a/1\r\n");
  CHECK(terminal.wait().status == 0);
}

}  // namespace
}  // namespace asciinemad
