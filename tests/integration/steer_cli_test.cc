// asciinema mark, send, status, events...: what is asked of the daemon, and what users are told.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "common/fd.h"
#include "tests/support/fake_daemon.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"

namespace asciinemad {
namespace {

using test::FakeDaemon;
using test::Outcome;
using test::Sandbox;

using Argv = std::vector<std::string>;

constexpr std::uint16_t kProtocol = wire::kProtocolSurvival;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// `asciinema WORDS` with pipes for its output.
class Client {
 public:
  Client(const Sandbox& sandbox, Argv words, int in = test::Launch::kNull) {
    words.insert(words.begin(), "asciinema");
    Result<Pipe> out = make_pipe();
    Result<Pipe> err = make_pipe();
    REQUIRE(out.ok());
    REQUIRE(err.ok());
    test::Launch launch = sandbox.launch(std::move(words));
    launch.in = in;
    launch.out = out->write_end.get();
    launch.err = err->write_end.get();
    process_.emplace(launch);
    out_ = std::move(out->read_end);
    err_ = std::move(err->read_end);
  }

  // What it prints next.
  std::string read_line() {
    while (!contains(printed_, "\n")) printed_ += test::read_bytes(out_.get(), 1);
    const std::size_t end = printed_.find('\n') + 1;
    std::string line = printed_.substr(0, end);
    printed_.erase(0, end);
    return line;
  }
  void close_out() { out_.reset(); }
  void signal(int signum) const { process_->signal(signum); }
  // `out` is the rest of it.
  Outcome wait() {
    Outcome outcome;
    outcome.out = std::move(printed_);
    if (out_) outcome.out += test::read_until_end(out_.get());
    outcome.err = test::read_until_end(err_.get());
    outcome.status = process_->wait().status;
    return outcome;
  }

 private:
  std::optional<test::Process> process_;
  Fd out_;
  Fd err_;
  std::string printed_;  // and not returned yet
};

wire::StatusReply some_status() {
  wire::SessionInfo build;
  build.session = "aaaa2222";
  build.name = "build";
  build.path = "/x/a.cast";
  build.command = "make";
  build.started_at_ms = 1'700'000'000'000;
  wire::PlaybackInfo playback;
  playback.playback = "cccc2222";
  playback.name = "c.cast";
  wire::StatusReply status;
  status.uptime_us = 10'000'000;
  status.sessions = {build};
  status.playbacks = {playback};
  return status;
}

TEST_CASE("a marker takes one question") {
  Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  const auto marks = [&](const Argv& words, const std::string& session) {
    Client client(sandbox, words);
    daemon.greet(kProtocol);
    const auto steer = daemon.receive<wire::Steer>();
    daemon.reply(wire::Ok{});
    CHECK(steer.session == session);
    const auto* mark = std::get_if<wire::steer::Mark>(&steer.action);
    REQUIRE(mark != nullptr);
    CHECK(mark->label == "step 1");
    const Outcome outcome = client.wait();
    CHECK(outcome.status == 0);
    CHECK(outcome.out.empty());
    CHECK(outcome.err.empty());
  };
  marks({"mark", "-S", "abcdefgh", "step 1"}, "abcdefgh");
  sandbox.environment["ASCIINEMA_SESSION"] = "bbbb2222";
  marks({"mark", "step 1"}, "bbbb2222");
  marks({"mark", "step 1", "--session=abcdefgh"}, "abcdefgh");
}

TEST_CASE(
    "what can be a recording or a playback: the session around it, else what the daemon has") {
  Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  for (const char* id : {"build", "aaaa2222", "aa"}) {
    Client client(sandbox, {"pause", "-S", id});
    daemon.greet(kProtocol);
    daemon.receive<wire::GetStatus>();
    daemon.reply(some_status());
    const auto steer = daemon.receive<wire::Steer>();
    CHECK(steer.session == "aaaa2222");
    CHECK(std::holds_alternative<wire::steer::Pause>(steer.action));
    daemon.reply(wire::Ok{});
    CHECK(client.wait().status == 0);
  }
  {
    Client client(sandbox, {"pause", "-S", "c.cast"});
    daemon.greet(kProtocol);
    daemon.receive<wire::GetStatus>();
    daemon.reply(some_status());
    CHECK(daemon.receive<wire::Control>().playback == "cccc2222");
    daemon.reply(wire::Ok{});
    CHECK(client.wait().status == 0);
  }
  sandbox.environment["ASCIINEMA_SESSION"] = "bbbb2222";
  Client client(sandbox, {"pause"});
  daemon.greet(kProtocol);
  CHECK(daemon.receive<wire::Steer>().session == "bbbb2222");
  daemon.reply(wire::Ok{});
  CHECK(client.wait().status == 0);
}

TEST_CASE("a recording that has ended") {
  Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  {
    Client client(sandbox, {"mark", "-S", "cccc2222"});
    daemon.greet(kProtocol);
    daemon.receive<wire::Steer>();
    daemon.reply(wire::ErrorReply{wire::ErrorCode::no_session, "no such session"});
    for (int i = 0; i < 2; ++i) {  // for the daemon's age, and for what could be meant
      daemon.receive<wire::GetStatus>();
      daemon.reply(some_status());
    }
    const Outcome outcome = client.wait();
    CHECK(outcome.status == 1);
    CHECK(outcome.err == "asciinema: cccc2222 is a playback, not a recording\r\n");
  }
  sandbox.environment["ASCIINEMA_SESSION"] = "bbbb2222";
  for (const char* verb : {"mark", "pause", "stop"}) {
    Client client(sandbox, {verb});
    daemon.greet(kProtocol);
    daemon.receive<wire::Steer>();
    daemon.reply(wire::ErrorReply{wire::ErrorCode::no_session, "no such session"});
    daemon.receive<wire::GetStatus>();
    daemon.reply(some_status());
    const Outcome outcome = client.wait();
    CHECK(outcome.status == 3);
    CHECK(
        outcome.err ==
        "asciinema: the session bbbb2222 ($ASCIINEMA_SESSION) is not being recorded any more\r\n");
  }
}

TEST_CASE("a session that is on its way from one daemon to the next") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  Client client(sandbox, {"mark", "-S", "aaaa2222"});
  daemon.greet(kProtocol);
  daemon.receive<wire::Steer>();
  daemon.reply(wire::ErrorReply{wire::ErrorCode::elsewhere, "about to end"});
  daemon.greet(kProtocol);
  wire::StatusReply status = some_status();
  status.uptime_us = 1000;
  for (int i = 0; i < 3; ++i) {
    daemon.receive<wire::Steer>();
    daemon.reply(wire::ErrorReply{wire::ErrorCode::no_session, "no such session"});
    daemon.receive<wire::GetStatus>();
    daemon.reply(status);
  }
  daemon.receive<wire::Steer>();
  daemon.reply(wire::Ok{});
  CHECK(client.wait().status == 0);
}

TEST_CASE("a daemon that dies may have done what it was asked for") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  {
    Client client(sandbox, {"mark", "-S", "aaaa2222"});
    daemon.greet(kProtocol);
    daemon.receive<wire::Steer>();
    daemon.hang_up();
    const Outcome outcome = client.wait();
    CHECK(outcome.status == 4);
    CHECK(outcome.err ==
          "asciinema: asciinemad died before it answered; it may have done it or not\r\n");
  }
  Client client(sandbox, {"title", "-S", "aaaa2222", "tests"});
  for (int i = 0; i < 3; ++i) {
    daemon.greet(kProtocol);
    daemon.receive<wire::Steer>();
    daemon.hang_up();
  }
  daemon.greet(kProtocol);
  daemon.receive<wire::Steer>();
  daemon.reply(wire::Ok{});
  CHECK(client.wait().status == 0);
}

TEST_CASE("status and attach wait for a session that may still come to a new daemon") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  for (const Argv& words : {Argv{"status", "-S", "build"}, {"events", "-S", "build"}}) {
    Client client(sandbox, words);
    daemon.greet(kProtocol);
    wire::StatusReply status = some_status();
    status.uptime_us = 1000;
    status.sessions.clear();
    for (int i = 0; i < 3; ++i) {
      daemon.receive<wire::GetStatus>();
      daemon.reply(status);
    }
    daemon.receive<wire::GetStatus>();
    daemon.reply(some_status());
    if (words.front() == "events") {
      daemon.receive<wire::WatchSessions>();
      daemon.reply(wire::ErrorReply{wire::ErrorCode::no_session, "it has ended"});
      CHECK(client.wait().status == 3);
    } else {
      CHECK(client.wait().status == 0);
    }
  }
}

TEST_CASE("refused, or by a daemon that is too old") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  for (const std::uint16_t protocol : {kProtocol, std::uint16_t{1}}) {
    Client client(sandbox, {"mark", "-S", "abcdefgh"});
    daemon.greet(protocol);
    daemon.receive<wire::Steer>();
    // Nobody waits for what an old one says.
    if (protocol == kProtocol) {
      daemon.reply(wire::ErrorReply{wire::ErrorCode::busy, "not while paused"});
    }
    const Outcome outcome = client.wait();
    CHECK(outcome.status == 1);
    CHECK(contains(outcome.err,
                   protocol == kProtocol ? "not while paused" : "asciinema daemon restart"));
  }
}

TEST_CASE("standard input is typed, however long it is") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  std::string text;
  while (text.size() < 200'000) text += std::to_string(text.size()) + "\n";
  sandbox.write("input", text);
  const Fd input(::open((sandbox / "input").c_str(), O_RDONLY | O_CLOEXEC));
  Client client(sandbox, {"send", "-S", "build", "-"}, input.get());
  daemon.greet(kProtocol);
  daemon.receive<wire::GetStatus>();
  daemon.reply(some_status());
  std::string typed;
  while (typed.size() < text.size()) {
    const auto steer = daemon.receive<wire::Steer>();
    const auto* send = std::get_if<wire::steer::Send>(&steer.action);
    REQUIRE(send != nullptr);
    CHECK(send->bytes.size() <= 65536);
    typed += send->bytes;
    daemon.reply(wire::Ok{});
  }
  CHECK(typed == text);
  CHECK(client.wait().status == 0);
}

TEST_CASE("usage errors") {
  const Sandbox sandbox;
  for (const auto& [words, message] :
       {std::pair<Argv, std::string>{{"mark", "two", "labels"}, "unrecognized arguments: labels"},
        {{"mark", "-x"}, "unrecognized arguments: -x"},
        {{"send"}, "the following arguments are required: TEXT"},
        {{"send", "--keys"}, "the following arguments are required: KEY"},
        {{"send", "--keys", "Entre"}, "did you mean 'Enter'?"},
        {{"resize", "80"}, "is not a size such as 80x24"},
        {{"status", "x"}, "unrecognized arguments: x"},
        {{"events", "-S"}, "argument -S/--session: expected one argument"}}) {
    Argv argv = words;
    argv.insert(argv.begin(), "asciinema");
    const Outcome outcome = sandbox.run(argv);
    CAPTURE(outcome.err);
    CHECK(outcome.status == 2);
    CHECK(outcome.err.starts_with("usage: asciinema " + words.front() + " "));
    CHECK(contains(outcome.err, message));
  }
}

TEST_CASE("status: all about one") {
  Sandbox sandbox;
  sandbox.environment["TZ"] = "UTC";
  FakeDaemon daemon(sandbox);
  const auto status = [&](const Argv& words) {
    Client client(sandbox, words);
    daemon.greet(kProtocol);
    daemon.receive<wire::GetStatus>();
    daemon.reply(some_status());
    return client.wait();
  };
  CHECK(status({"status", "-S", "build"}).out ==
        "recording aaaa2222\n"
        "  name:         build\n"
        "  state:        recording, detached\n"
        "  time:         0:00\n"
        "  size:         80x24\n"
        "  file:         /x/a.cast\n"
        "  command:      make\n"
        "  markers:      0\n"
        "  started:      2023-11-14 22:13:20\n");
  CHECK(contains(status({"status", "-S", "build", "--json"}).out, "\"attached\": false"));
  CHECK(contains(status({"status", "-S", "c.cast"}).out, "playback cccc2222\n"));
  CHECK(status({"status"}).status == 3);
  sandbox.environment["ASCIINEMA_SESSION"] = "aaaa2222";
  CHECK(status({"status"}).status == 0);
  sandbox.environment["ASCIINEMA_SESSION"] = "bbbb2222";
  CHECK(status({"status"}).status == 3);
}

TEST_CASE("ls tells of recordings that were repaired") {
  Sandbox sandbox;
  sandbox.environment["TZ"] = "UTC";
  FakeDaemon daemon(sandbox);
  wire::StatusReply status;
  status.recovered = {{"/x/\x1b.cast", 1'700'000'000'000, 5}, {"/y.cast", 1'600'000'000'000, 0}};
  for (const auto& [words, expected] :
       {std::pair<Argv, std::string>{{"ls"},
                                     "repaired after a crash: /x/?.cast (started 2023-11-14 "
                                     "22:13:20, 5 B cut off)\n"
                                     "cut short when the machine went down: /y.cast (started "
                                     "2020-09-13 12:26:40)\n"},
        {{"ls", "--json"},
         "[\n{\"kind\": \"recovered\", \"file\": \"/x/\\u001b.cast\", \"started_at\": "
         "1700000000.000, \"cut_bytes\": 5},\n{\"kind\": \"recovered\", \"file\": \"/y.cast\", "
         "\"started_at\": 1600000000.000, \"cut_bytes\": 0}\n]\n"}}) {
    Client client(sandbox, words);
    daemon.greet(kProtocol);
    daemon.receive<wire::GetStatus>();
    daemon.reply(status);
    CHECK(client.wait().out == expected);
  }
}

wire::SessionEvent event(decltype(wire::SessionEvent::what) what,
                         const std::string& session = "aaaa2222") {
  wire::SessionEvent event;
  event.session = session;
  event.at_ms = 1000;
  event.what = std::move(what);
  return event;
}

std::string line(const std::string& name, const std::string& kind, const std::string& session) {
  return "{\"event\": \"" + name + "\", \"kind\": \"" + kind + "\", \"session\": \"" + session +
         "\", \"at\": 1.000, \"time\": 0.000000}\n";
}

// Answers what `events` asks first.
void begin_events(FakeDaemon& daemon, bool uploads, std::uint32_t pid = 1) {
  daemon.greet(kProtocol, pid);
  if (uploads) {
    daemon.receive<wire::WatchUploads>();
    daemon.reply(wire::ErrorReply{wire::ErrorCode::elsewhere, "another daemon has them"});
  }
  const auto watch = daemon.receive<wire::WatchSessions>();
  CHECK(watch.present);
  CHECK(watch.session.empty());
  daemon.reply(wire::Ok{});
}

TEST_CASE("events come one by one, until a signal") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  for (const int signum : {SIGINT, SIGTERM}) {
    Client client(sandbox, {"events", "--follow-from-now"});
    begin_events(daemon, true);
    daemon.send(0, event(wire::event::PresentPlayback{}, "cccc2222"));
    daemon.send(0, event(wire::event::Present{}));
    daemon.send(0, event(wire::event::Paused{}));
    CHECK(client.read_line() == line("paused", "recording", "aaaa2222"));
    daemon.send(0, event(wire::event::Paused{}, "cccc2222"));
    CHECK(client.read_line() == line("paused", "playback", "cccc2222"));
    client.signal(signum);
    const Outcome outcome = client.wait();
    CHECK(outcome.status == 0);
    CHECK(outcome.out.empty());
    CHECK(outcome.err.empty());
  }
}

TEST_CASE("uploads are told when their state changes, not for every byte") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  Client client(sandbox, {"events"});
  begin_events(daemon, true);
  wire::UploadInfo upload;
  upload.number = 1;
  upload.state = wire::UploadState::uploading;
  daemon.send(0, upload);
  upload.sent_bytes = 10;
  daemon.send(0, upload);
  upload.state = wire::UploadState::done;
  daemon.send(0, upload);
  std::string out = client.read_line();
  out += client.read_line();
  client.signal(SIGTERM);
  out += client.wait().out;
  CHECK(contains(out, "\"state\": \"uploading\""));
  CHECK(contains(out, "\"state\": \"done\""));
  CHECK(out.find("uploading") == out.rfind("uploading"));
}

TEST_CASE("events end when nobody reads them any more, also while nothing happens") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  Client client(sandbox, {"events", "--no-uploads"});
  begin_events(daemon, false);
  daemon.send(0, event(wire::event::Paused{}));
  CHECK(client.read_line() == line("paused", "recording", "aaaa2222"));
  client.close_out();
  CHECK(client.wait().status == 0);
}

TEST_CASE("a signal ends events that nobody reads") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  Client client(sandbox, {"events", "--no-uploads"});
  begin_events(daemon, false);
  for (int i = 0; i < 16; ++i) {
    daemon.send(0, event(wire::event::Marker{std::string(8000, 'x')}));
  }
  CHECK(contains(client.read_line(), "\"marker\""));
  client.signal(SIGTERM);
  CHECK(client.wait().status == 0);
}

TEST_CASE("events go on with the next daemon, and tell what a stalled reader has missed") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  Client client(sandbox, {"events", "--no-uploads"});
  begin_events(daemon, false, 1);
  for (const auto& [pid, lost] :
       {std::pair<std::uint32_t, bool>{2, false}, {2, true}, {3, false}}) {
    daemon.send(0, event(wire::event::Paused{}));
    CHECK(client.read_line() == line("paused", "recording", "aaaa2222"));
    daemon.hang_up();
    begin_events(daemon, false, pid);
    const std::string reconnected = client.read_line();
    CHECK(reconnected.starts_with("{\"event\": \"reconnected\", \"at\": "));
    CHECK(contains(reconnected, "\"lost\": true") == lost);
  }
  client.signal(SIGINT);
  CHECK(client.wait().status == 0);
}

TEST_CASE("events of one session, until it ends") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  Client client(sandbox, {"events", "-S", "build", "--follow-from-now"});
  daemon.greet(kProtocol);
  daemon.receive<wire::GetStatus>();
  daemon.reply(some_status());
  CHECK(daemon.receive<wire::WatchSessions>().session == "aaaa2222");
  daemon.reply(wire::Ok{});
  daemon.send(0, event(wire::event::Exited{}));
  const Outcome outcome = client.wait();
  CHECK(outcome.status == 0);
  CHECK(contains(outcome.out, "\"exited\""));
}

TEST_CASE("events of a session that the next daemon has not taken over yet") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  Client client(sandbox, {"events", "-S", "build", "--follow-from-now"});
  daemon.greet(kProtocol, 1);
  daemon.receive<wire::GetStatus>();
  daemon.reply(some_status());
  daemon.receive<wire::WatchSessions>();
  daemon.reply(wire::Ok{});
  daemon.hang_up();
  daemon.greet(kProtocol, 2);
  daemon.receive<wire::WatchSessions>();
  daemon.reply(wire::ErrorReply{wire::ErrorCode::no_session, "no such session"});
  daemon.greet(kProtocol, 2);
  daemon.receive<wire::WatchSessions>();
  daemon.reply(wire::Ok{});
  daemon.send(0, event(wire::event::Exited{}));
  const Outcome outcome = client.wait();
  CHECK(outcome.status == 0);
  CHECK(contains(outcome.out, "\"reconnected\""));
  CHECK_FALSE(contains(outcome.out, "\"lost\""));
}

TEST_CASE("events of nothing") {
  const Sandbox sandbox;
  CHECK(sandbox.run({"asciinema", "events"}).status == 4);
  CHECK(sandbox.run({"asciinema", "status"}).status == 4);
  CHECK(sandbox.run({"asciinema", "mark"}).status == 4);
  FakeDaemon daemon(sandbox);
  Client client(sandbox, {"events", "-S", "nobody"});
  daemon.greet(kProtocol);
  daemon.receive<wire::GetStatus>();
  daemon.reply(some_status());
  CHECK(client.wait().status == 3);
}

}  // namespace
}  // namespace asciinemad
