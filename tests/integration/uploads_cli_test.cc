// `asciinema uploads` and `auth`, with a daemon that does what a script says.

#include <doctest/doctest.h>
#include <signal.h>

#include <string>
#include <utility>
#include <variant>
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
using wire::UploadState;
using Scene = test::UploadScene;
using Argv = std::vector<std::string>;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

wire::UploadInfo upload(std::uint64_t number, UploadState state) {
  wire::UploadInfo info;
  info.number = number;
  info.state = state;
  info.name = std::to_string(number) + ".cast";
  return info;
}

// Takes the client's wish for news of all, and tells it how things stand.
void begin_news(Scene& scene, std::vector<wire::UploadInfo> uploads) {
  scene.welcome();
  CHECK(scene.daemon.receive<wire::WatchUploads>().number == 0);
  scene.daemon.reply(wire::Ok());
  CHECK(scene.daemon.receive<wire::ListUploads>() == wire::ListUploads{0, 0});
  scene.daemon.reply(wire::Uploads{std::move(uploads), false, {}});
}

TEST_CASE("uploads: usage errors") {
  const Sandbox sandbox;
  for (const auto& [argv, message] : std::vector<std::pair<Argv, std::string>>{
           {{"remove"}, "'remove' is unknown"},
           {{"wa"}, "'wa' is ambiguous: wait, watch"},
           {{"list", "1"}, "unrecognized arguments: 1"},
           {{"show"}, "which ones?"},
           {{"retry", "x"}, "'x' is not the number of an upload"},
           {{"show", "all"}, "'all' is not the number of an upload"},
           {{"cancel", "all", "1"}, "'all' is not the number of an upload"},
           {{"wait", "--json"}, "--json is for list and show"},
           {{"--nonsense"}, "unrecognized arguments: --nonsense"}}) {
    Argv all = {"asciinema", "uploads"};
    all.insert(all.end(), argv.begin(), argv.end());
    const Outcome outcome = sandbox.run(all);
    CAPTURE(outcome.err);
    CHECK(outcome.status == 2);
    CHECK(contains(outcome.err, "asciinema uploads: error: " + message));
  }
  CHECK(sandbox.daemon_pid() == 0);
}

TEST_CASE("uploads: the list comes in parts") {
  Scene scene;
  Client client(scene.sandbox, {"uploads"});
  scene.welcome();
  CHECK(scene.daemon.receive<wire::ListUploads>() == wire::ListUploads{0, 0});
  scene.daemon.reply(
      wire::Uploads{{upload(1, UploadState::queued), upload(5, UploadState::held)}, true, "told"});
  CHECK(scene.daemon.receive<wire::ListUploads>() == wire::ListUploads{5, 0});
  scene.daemon.reply(wire::Uploads{{upload(6, UploadState::cancelled)}, false, {}});
  const Outcome outcome = client.wait();
  CHECK(outcome.status == 0);
  CHECK(outcome.err == "asciinema: told\r\n");
  for (const char* text : {"#1  queued     ", "#5  held       ", "#6  cancelled  "}) {
    CHECK(contains(outcome.out, text));
  }
}

TEST_CASE("uploads: none") {
  Scene scene;
  Client client(scene.sandbox, {"uploads"});
  scene.welcome();
  scene.daemon.receive<wire::ListUploads>();
  scene.daemon.reply(wire::Uploads());
  const Outcome outcome = client.wait();
  CHECK(outcome.status == 0);
  CHECK(outcome.out.empty());
  CHECK(outcome.err == "asciinema: there are no uploads\r\n");
}

TEST_CASE("uploads: --json, and what is not there") {
  Scene scene;
  Client client(scene.sandbox, {"uploads", "show", "--json", "#3", "4"});
  scene.welcome();
  CHECK(scene.daemon.receive<wire::ListUploads>() == wire::ListUploads{0, 3});
  scene.daemon.reply(wire::Uploads{{upload(3, UploadState::queued)}, false, {}});
  CHECK(scene.daemon.receive<wire::ListUploads>() == wire::ListUploads{0, 4});
  scene.daemon.reply(wire::Uploads());
  const Outcome outcome = client.wait();
  CHECK(outcome.status == 3);
  CHECK(outcome.out.starts_with("[\n{\"number\": 3, \"state\": \"queued\", \"name\": \"3.cast\""));
  CHECK(outcome.err == "asciinema: there is no upload #4\r\n");
}

TEST_CASE("uploads: retry has the present settings, and each refusal is told") {
  Scene scene;
  Client client(scene.sandbox, {"uploads", "retry", "1", "2", "3"});
  scene.welcome();
  wire::ChangeUpload change = scene.daemon.receive<wire::ChangeUpload>();
  CHECK(change.number == 1);
  const auto* retry = std::get_if<wire::upload_change::Retry>(&change.change);
  REQUIRE(retry != nullptr);
  CHECK(retry->server.install_id == "an-id");
  CHECK(retry->server.url == "https://me:pw@example.com:8443/x");
  scene.daemon.reply(wire::Ok());
  CHECK(scene.daemon.receive<wire::ChangeUpload>().number == 2);
  scene.daemon.reply(wire::ErrorReply{wire::ErrorCode::invalid, "upload #2 is done"});
  CHECK(scene.daemon.receive<wire::ChangeUpload>().number == 3);
  scene.daemon.reply(wire::ErrorReply{wire::ErrorCode::not_found, "no such upload"});
  const Outcome outcome = client.wait();
  CHECK(outcome.status == 1);
  CHECK(outcome.err == "asciinema: upload #2 is done\r\nasciinema: there is no upload #3\r\n");
}

TEST_CASE("uploads: what `all` means") {
  const std::vector<wire::UploadInfo> uploads = {
      upload(1, UploadState::queued), upload(2, UploadState::uploading),
      upload(3, UploadState::done),   upload(4, UploadState::held),
      upload(5, UploadState::failed), upload(6, UploadState::cancelled)};
  std::string verb;
  std::vector<std::uint64_t> meant;
  SUBCASE("retry") {
    verb = "retry";
    meant = {1, 4, 5};
  }
  SUBCASE("cancel") {
    verb = "cancel";
    meant = {1, 2, 4};
  }
  SUBCASE("forget") {
    verb = "forget";
    meant = {3, 5, 6};
  }
  Scene scene;
  Client client(scene.sandbox, {"uploads", verb, "all"});
  scene.welcome();
  scene.daemon.receive<wire::ListUploads>();
  scene.daemon.reply(wire::Uploads{uploads, false, {}});
  for (const std::uint64_t number : meant) {
    CHECK(scene.daemon.receive<wire::ChangeUpload>().number == number);
    // It has gone on meanwhile, which is nobody's fault.
    scene.daemon.reply(wire::ErrorReply{wire::ErrorCode::invalid, "too late"});
  }
  const Outcome outcome = client.wait();
  CHECK(outcome.status == 0);
  CHECK(outcome.err.empty());
}

TEST_CASE("uploads: wait is for those that were there") {
  Scene scene;
  Client client(scene.sandbox, {"uploads", "wait"});
  begin_news(scene, {upload(1, UploadState::uploading), upload(2, UploadState::failed)});
  scene.tell(upload(3, UploadState::queued));
  scene.tell(upload(1, UploadState::done));
  const Outcome outcome = client.wait();
  CHECK(outcome.status == 0);
  CHECK(outcome.err.empty());
}

TEST_CASE("uploads: wait names what was not uploaded, and what is not there") {
  Scene scene;
  Client client(scene.sandbox, {"uploads", "wait", "1", "2", "7"});
  begin_news(scene, {upload(1, UploadState::done), upload(2, UploadState::queued)});
  wire::UploadInfo held = upload(2, UploadState::held);
  held.reason = "why";
  scene.tell(held);
  const Outcome outcome = client.wait();
  CHECK(outcome.status == 3);
  CHECK(outcome.err == "asciinema: #2 held 2.cast why\r\nasciinema: there is no upload #7\r\n");
}

TEST_CASE("uploads: wait and watch end with a signal") {
  for (const std::string verb : {"wait", "watch"}) {
    CAPTURE(verb);
    Scene scene;
    Client client(scene.sandbox, {"uploads", verb});
    begin_news(scene, {upload(1, UploadState::queued)});
    client.signal(SIGINT);
    CHECK(client.wait().status == (verb == "wait" ? 130 : 0));
  }
}

TEST_CASE("uploads: watch prints a line for each change") {
  Scene scene;
  Client client(scene.sandbox, {"uploads", "watch"});
  begin_news(scene, {upload(1, UploadState::done), upload(2, UploadState::queued)});
  wire::UploadInfo sending = upload(2, UploadState::uploading);
  for (sending.sent_bytes = 0; sending.sent_bytes < 3; ++sending.sent_bytes) scene.tell(sending);
  scene.tell(upload(2, UploadState::done));
  const std::string lines =
      "#2 queued 2.cast\n#2 uploading 2.cast\n#2 done 2.cast the server gave no address\n";
  CHECK(test::read_bytes(client.out(), lines.size()) == lines);
  client.signal(SIGTERM);
  CHECK(client.wait().status == 143);
}

TEST_CASE("uploads: watch draws over what it has drawn") {
  Scene scene;
  PtyDriver terminal(scene.sandbox, {"asciinema", "uploads", "watch"}, {30, 10});
  begin_news(scene, {upload(1, UploadState::done), upload(2, UploadState::queued)});
  terminal.expect("#2  queued");
  CHECK_FALSE(contains(terminal.screen(), "#1"));
  scene.tell(upload(2, UploadState::done));
  terminal.expect("\x1b[1A\r#2  done");
  CHECK_FALSE(contains(terminal.screen(), "the server gave"));  // behind the edge
  terminal.send("\x03");
  CHECK(terminal.wait().status == 0);
}

TEST_CASE("auth: prints the address, and starts no daemon") {
  Sandbox sandbox;
  sandbox.environment["ASCIINEMA_API_URL"] = "https://example.com/x";
  sandbox.environment["ASCIINEMA_INSTALL_ID"] = "an-id";
  const Outcome outcome = sandbox.run({"asciinema", "auth"});
  CHECK(outcome.status == 0);
  CHECK(outcome.out.empty());
  CHECK(contains(outcome.err, "\n\nhttps://example.com/x/connect/an-id\n\n"));
  CHECK(sandbox.daemon_pid() == 0);
}

TEST_CASE("auth: what was held is tried again") {
  Scene scene;
  Client client(scene.sandbox, {"auth"});
  scene.welcome();
  const wire::AskUploadServer question = scene.daemon.receive<wire::AskUploadServer>();
  CHECK(question.release);
  CHECK(question.server.install_id == "an-id");
  scene.daemon.reply(wire::ErrorReply{wire::ErrorCode::internal, "no"});
  const Outcome outcome = client.wait();
  CHECK(outcome.status == 0);
  CHECK(outcome.err.starts_with("To link"));
  CHECK_FALSE(contains(outcome.err, "asciinema: "));
}

TEST_CASE("auth: --status tells what the daemon knows") {
  Scene scene;
  wire::UploadServerInfo info;
  info.waiting = 3;
  info.held = 1;
  info.last_rejected_at_ms = 1'700'000'000'000;
  info.refused_bytes = 2 << 20;
  bool json = false;
  SUBCASE("people") {}
  SUBCASE("scripts") { json = true; }
  Client client(scene.sandbox, {"auth", json ? "--json" : "--status"});
  scene.welcome();
  CHECK_FALSE(scene.daemon.receive<wire::AskUploadServer>().release);
  scene.daemon.reply(info);
  const Outcome outcome = client.wait();
  CHECK(outcome.status == 0);
  CHECK(outcome.err.empty());
  if (json) {
    CHECK(outcome.out ==
          "{\"server\": \"https://example.com:8443/x\", \"install_id\": \"rejected\", "
          "\"last_success_at\": null, \"last_rejected_at\": 1700000000.000, \"waiting\": 3, "
          "\"held\": 1, \"refused_bytes\": 2097152}\n");
    return;
  }
  for (const char* line :
       {"server: https://example.com:8443/x\n", "install id: rejected ",
        "uploads: 3 waiting, 1 held\n", "too large: a recording of 2.0 MiB was refused\n"}) {
    CAPTURE(line);
    CHECK(contains(outcome.out, line));
  }
  CHECK_FALSE(contains(outcome.out, "pw"));
}

}  // namespace
}  // namespace asciinemad
