// asciinema play, ls and the commands that steer: options, errors, exit statuses, and the client's
// side of a playback. The daemon is the test.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/support/fake_daemon.h"
#include "tests/support/pty_driver.h"
#include "tests/support/sandbox.h"

namespace asciinemad {
namespace {

using test::FakeDaemon;
using test::is_raw;
using test::Outcome;
using test::PtyDriver;
using test::same_settings;
using test::Sandbox;
using Trust = wire::Play::Trust;
using How = wire::PlaybackFinished::How;
using Argv = std::vector<std::string>;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

Argv with(Argv argv, const Argv& more) {
  argv.insert(argv.end(), more.begin(), more.end());
  return argv;
}

// `asciinema play` without a terminal; what it prints goes to pipes.
class PipedClient {
 public:
  PipedClient(const Sandbox& sandbox, Argv argv, int in = test::Launch::kNull) {
    Result<Pipe> out = make_pipe();
    Result<Pipe> err = make_pipe();
    REQUIRE(out.ok());
    REQUIRE(err.ok());
    test::Launch launch = sandbox.launch(std::move(argv));
    launch.in = in;
    launch.out = out->write_end.get();
    launch.err = err->write_end.get();
    process_.emplace(launch);
    out_ = std::move(out->read_end);
    err_ = std::move(err->read_end);
  }

  int out() const { return out_.get(); }
  void close_out() { out_.reset(); }
  void signal(int signum) const { process_->signal(signum); }
  Outcome wait() {
    Outcome outcome;
    if (out_) outcome.out = test::read_until_end(out_.get());
    outcome.err = test::read_until_end(err_.get());
    outcome.status = process_->wait().status;
    return outcome;
  }

 private:
  std::optional<test::Process> process_;
  Fd out_;
  Fd err_;
};

// A playback up to the daemon's `playing`.
wire::Play begin(FakeDaemon& daemon) {
  daemon.greet();
  wire::Play play = daemon.receive<wire::Play>();
  daemon.reply(wire::Playing{"abcdefgh"});
  return play;
}

void finish(FakeDaemon& daemon, wire::PlaybackFinished finished = {}) {
  daemon.fds().clear();
  daemon.send(0, std::move(finished));
}

wire::Play played(const Sandbox& sandbox, FakeDaemon& daemon, const Argv& argv,
                  int in = test::Launch::kNull) {
  PipedClient client(sandbox, with({"asciinema", "play"}, argv), in);
  wire::Play play = begin(daemon);
  finish(daemon);
  const Outcome outcome = client.wait();
  CAPTURE(outcome.err);
  CHECK(outcome.status == 0);
  CHECK(outcome.err.empty());
  return play;
}

TEST_CASE("play: usage errors") {
  const Sandbox sandbox;
  sandbox.write("a.cast", "{}");
  const std::vector<std::pair<Argv, std::string>> cases = {
      {{}, "the following arguments are required: filename"},
      {{""}, "argument filename: is empty"},
      {{"a.cast", "b.cast"}, "unrecognized arguments: b.cast"},
      {{"-s", "0", "a.cast"}, "argument -s/--speed: \"0\" is not a positive number"},
      {{"-i", "x", "a.cast"}, "argument -i/--idle-time-limit: \"x\""},
      {{"--out-fmt", "gif", "a.cast"}, "argument --out-fmt: invalid choice: \"gif\""},
      {{"--stream", "x", "a.cast"}, "argument --stream: invalid choice: \"x\""},
      {{"--start-at", "1:60", "a.cast"}, "argument --start-at: \"1:60\" is not a time"},
      {{"a.cast", "-s"}, "argument -s: expected one argument"},
      {{"--nonsense", "a.cast"}, "unrecognized or ambiguous option: --nonsense\n"},
      {{"--strema=i", "a.cast"},
       "unrecognized or ambiguous option: --strema=i, did you mean --stream?\n"},
      {{"--follow", "-l", "a.cast"}, "--follow and --loop exclude each other"},
      {{"--follow", "--start-at", "5", "a.cast"}, "--follow and --start-at exclude each other"},
  };
  for (const auto& [argv, message] : cases) {
    const Outcome outcome = sandbox.run(with({"asciinema", "play"}, argv));
    CAPTURE(outcome.err);
    CHECK(outcome.status == 2);
    CHECK(outcome.err.starts_with("usage: asciinema play "));
    CHECK(contains(outcome.err, "\nasciinema play: error: " + message));
  }
  CHECK(sandbox.daemon_pid() == 0);
}

TEST_CASE("play: the help, whatever the configuration says") {
  const Sandbox sandbox;
  sandbox.configure("[play]\nspeed = nonsense\n");
  const Outcome help = sandbox.run({"asciinema", "play", "--help"});
  CHECK(help.status == 0);
  for (const char* text : {"--pause-on-markers", "space ", "q, Ctrl-C", "right, left"}) {
    CHECK(contains(help.out, text));
  }
  const Outcome outcome = sandbox.run({"asciinema", "play", "a.cast"});
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.err, "[play] speed: \"nonsense\" is not a positive number"));
}

TEST_CASE("play: what is no recording is refused before a daemon starts") {
  const Sandbox sandbox;
  REQUIRE(::mkdir((sandbox / "folder").c_str(), 0700) == 0);
  for (const auto& [argv, message] :
       {std::pair<Argv, std::string>{{"none.cast"}, "none.cast: No such file or directory"},
        {{"--follow", "none.cast"}, "none.cast: No such file or directory"},
        {{"folder"}, "folder: Is a directory"},
        {{"ftp://me:secret@host/x"},
         "ftp://host/x: only http, https, ipfs and dweb addresses can be fetched"},
        {{"none/a.cast"}, "none/a.cast: No such file or directory"}}) {
    const Outcome outcome = sandbox.run(with({"asciinema", "play"}, argv));
    CHECK(outcome.status == 1);
    CHECK(outcome.err == "asciinema: playback failed: " + message + "\r\n");
  }
  CHECK(sandbox.daemon_pid() == 0);
  PtyDriver terminal(sandbox, {"asciinema", "play", "-"});
  terminal.expect("playback failed: standard input: is a terminal, not a recording");
  CHECK(terminal.wait().status == 1);
}

TEST_CASE("play: what the daemon is asked for") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  sandbox.write("a.cast", "{}");
  sandbox.configure(
      "[play]\nspeed = 3\nidle_time_limit = 4\npause_key = p\nstep_key = C-s\n"
      "next_marker_key = none\n");
  wire::Play play = played(sandbox, daemon, {"a.cast"});
  CHECK(play.name == "a.cast");
  CHECK(play.speed == 3);
  CHECK(play.idle_time_limit_s == 4);
  CHECK_FALSE(play.loop);
  CHECK_FALSE(play.pause_on_markers);
  CHECK_FALSE(play.follow);
  CHECK(play.follow_session.empty());
  CHECK_FALSE(play.resize_terminal);
  CHECK(play.start_at_us == 0);
  CHECK(play.output == wire::Play::Output::screen);
  CHECK(play.stream == wire::Play::Stream::standard);
  CHECK(play.pause_key == "p");
  CHECK(play.step_key == "C-s");
  CHECK(play.next_marker_key.empty());
  CHECK(play.size == wire::WindowSize{80, 24, 0, 0});
  CHECK_FALSE(play.terminal.has_input);
  CHECK(play.terminal.has_output);
  CHECK(play.terminal.saved_termios.empty());

  play = played(sandbox, daemon,
                {"-ml", "a.cast", "-s", ".5", "-i2", "--out-fmt=asciicast", "--stream", "i",
                 "--start-at", "1:01:30.5", "-r"});
  CHECK(play.speed == 0.5);
  CHECK(play.idle_time_limit_s == 2);
  CHECK(play.loop);
  CHECK(play.pause_on_markers);
  CHECK(play.resize_terminal);
  CHECK(play.output == wire::Play::Output::asciicast_v2);
  CHECK(play.stream == wire::Play::Stream::input);
  CHECK(play.start_at_us == 3690500000);

  CHECK(played(sandbox, daemon, {"--stream", "o", "a.cast"}).stream == wire::Play::Stream::output);
  CHECK(played(sandbox, daemon, {"--follow", "a.cast"}).follow);
}

TEST_CASE("play: only files of one's own are trusted") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  const Fd file(::open(sandbox.write("a.cast", "{}").c_str(), O_RDONLY | O_CLOEXEC));
  CHECK(played(sandbox, daemon, {"a.cast"}).trust == Trust::local);
  CHECK(played(sandbox, daemon, {sandbox / "a.cast"}).trust == Trust::local);
  CHECK(played(sandbox, daemon, {"a.cast", "--trust"}).trust == Trust::trusted);
  for (const char* name : {"-", "/dev/stdin", "/proc/self/fd/0"}) {
    CAPTURE(name);
    CHECK(played(sandbox, daemon, {name}, file.get()).trust == Trust::untrusted);
  }
  CHECK(played(sandbox, daemon, {"-", "--trust"}, file.get()).trust == Trust::trusted);
}

TEST_CASE("play: the recording and standard output reach the daemon") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  sandbox.write("a.cast", "the recording");
  PipedClient client(sandbox, {"asciinema", "play", "a.cast"});
  begin(daemon);
  REQUIRE(daemon.fds().size() == 2);
  CHECK(test::read_until_end(daemon.fds()[0].get()) == "the recording");
  const std::string shown(300'000, 'x');
  Fd output = std::move(daemon.fds()[1]);
  CHECK((::fcntl(output.get(), F_GETFL) & O_NONBLOCK) != 0);
  CHECK((::fcntl(client.out(), F_GETFL) & O_NONBLOCK) == 0);
  std::string_view rest = shown;
  std::string seen;
  while (!rest.empty()) {
    REQUIRE(write_all(output.get(), rest.substr(0, 1000), 5000).ok());
    rest.remove_prefix(std::min<std::size_t>(1000, rest.size()));
    seen += test::read_bytes(client.out(), 1000);
  }
  REQUIRE(write_all(output.get(), "the end", 5000).ok());
  output.reset();
  finish(daemon);
  const Outcome outcome = client.wait();
  CHECK(seen == shown);
  CHECK(outcome.out == "the end");
  CHECK(outcome.status == 0);
}

TEST_CASE("play: a reader that is slow gets everything") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  sandbox.write("a.cast", "{}");
  PipedClient client(sandbox, {"asciinema", "play", "a.cast"});
  begin(daemon);
  // More than fits into the reader's pipe.
  const std::string shown(100'000, 'x');
  REQUIRE(write_all(daemon.fds().back().get(), shown, 5000).ok());
  finish(daemon);
  const Outcome outcome = client.wait();
  CHECK(outcome.out == shown);
  CHECK(outcome.status == 0);
}

TEST_CASE("play: a reader that has gone ends the playback, quietly") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  sandbox.write("a.cast", "{}");
  PipedClient client(sandbox, {"asciinema", "play", "a.cast"});
  begin(daemon);
  client.close_out();
  REQUIRE(write_all(daemon.fds().back().get(), "hello", 5000).ok());
  daemon.receive<wire::Stop>();
  finish(daemon, {How::failed, "the terminal is gone", {}});
  const Outcome outcome = client.wait();
  CHECK(outcome.status == 0);
  CHECK(outcome.err.empty());
}

TEST_CASE("play: a full disk is an error") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  sandbox.write("a.cast", "{}");
  PipedClient client(sandbox, {"sh", "-c", "exec asciinema play a.cast >/dev/full"});
  begin(daemon);
  REQUIRE(write_all(daemon.fds().back().get(), "hello", 5000).ok());
  daemon.receive<wire::Stop>();
  finish(daemon);
  const Outcome outcome = client.wait();
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.err, "playback failed: standard output: No space left on device"));
}

TEST_CASE("play: how it ends") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  sandbox.write("a.cast", "{}");
  const auto end = [&](wire::PlaybackFinished finished) {
    PipedClient client(sandbox, {"asciinema", "play", "a.cast"});
    begin(daemon);
    finish(daemon, std::move(finished));
    return client.wait();
  };
  Outcome outcome = end({How::ended, "", {"line 3: cut", "line 9: what's \x1b]0;this?"}});
  CHECK(outcome.status == 0);
  CHECK(outcome.err ==
        "asciinema: a.cast: line 3: cut\r\nasciinema: a.cast: line 9: what's ?]0;this?\r\n");
  outcome = end({How::interrupted, "", {}});
  CHECK(outcome.status == 1);
  CHECK(outcome.err.empty());
  outcome = end({How::failed, "line 1: not a recording", {}});
  CHECK(outcome.status == 1);
  CHECK(outcome.err == "asciinema: playback failed: a.cast: line 1: not a recording\r\n");
}

TEST_CASE("play: what the daemon makes no sense of is not tried elsewhere") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  sandbox.write("a.cast", "{}");
  for (const wire::ErrorCode code : {wire::ErrorCode::invalid, wire::ErrorCode::no_session}) {
    PipedClient client(sandbox, {"asciinema", "play", "a.cast"});
    daemon.greet();
    daemon.receive<wire::Play>();
    daemon.reply(wire::ErrorReply{code, "that makes no sense"});
    const Outcome outcome = client.wait();
    CHECK(outcome.status == 1);
    CHECK(outcome.err == "asciinema: playback failed: that makes no sense\r\n");
    CHECK(outcome.out.empty());
  }
}

TEST_CASE("play: a daemon that can't is replaced by a private one") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  sandbox.write("a.cast",
                "{\"version\": 2, \"width\": 80, \"height\": 24}\n[0, \"o\", \"shown\"]\n");
  using Code = wire::ErrorCode;
  for (const Code code : {Code::busy, Code::limit, Code::unsupported, Code::internal}) {
    PipedClient client(sandbox, {"asciinema", "play", "a.cast"});
    daemon.greet();
    daemon.receive<wire::Play>();
    daemon.reply(wire::ErrorReply{code, "not now"});
    const Outcome outcome = client.wait();
    CHECK(outcome.status == 0);
    CHECK(outcome.err == "asciinema: not now; playing with a private asciinemad\r\n");
    CHECK(outcome.out == "shown");
  }
}

TEST_CASE("play: a session does not follow itself") {
  const Sandbox sandbox;
  PtyDriver terminal(sandbox, {"asciinema", "rec", "-q", "-c",
                               "asciinema play --follow live.cast; echo status=$?", "live.cast"});
  terminal.expect("asciinema: playback failed: this is the terminal that is being recorded there");
  CHECK_FALSE(contains(terminal.expect("status=1"), "private"));
  CHECK(terminal.wait().status == 0);
}

TEST_CASE("play: signals end it") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  sandbox.write("a.cast", "{}");
  for (const auto& [signum, status] : {std::pair<int, int>{SIGINT, 1},
                                       {SIGTERM, 128 + SIGTERM},
                                       {SIGHUP, 128 + SIGHUP},
                                       {SIGQUIT, 128 + SIGQUIT}}) {
    const auto& shown_signum = signum;  // clang captures no structured binding
    CAPTURE(shown_signum);
    PipedClient client(sandbox, {"asciinema", "play", "a.cast"});
    begin(daemon);
    client.signal(signum);
    daemon.receive<wire::Stop>();
    finish(daemon);
    const Outcome outcome = client.wait();
    CHECK(outcome.status == status);
    CHECK(outcome.err.empty());
  }
}

// A terminal on which a shell plays a.cast.
struct Scene {
  explicit Scene(const std::string& arguments)
      : daemon(sandbox),
        terminal(sandbox,
                 {"sh", "-c", "read go; asciinema play " + arguments + "; echo back=$?; read end"}),
        before(terminal.settings()) {
    sandbox.write("a.cast", "{}");
    terminal.resize({100, 30});
    terminal.send("go\r");
    play = begin(daemon);
    during = terminal.settings();
  }

  void expect_back(int status) {
    terminal.expect("back=" + std::to_string(status));
    CHECK(same_settings(terminal.settings(), before));
  }

  Sandbox sandbox;
  FakeDaemon daemon;
  PtyDriver terminal;
  termios before;
  termios during{};
  wire::Play play;
};

TEST_CASE("play: the terminal is raw meanwhile, and its keys are the daemon's") {
  for (const char* arguments :
       {"a.cast", "- <a.cast", "a.cast >out", "a.cast </dev/null >/dev/null", "a.cast | cat"}) {
    CAPTURE(arguments);
    Scene scene(arguments);
    CHECK(is_raw(scene.during));
    CHECK(scene.play.size.cols == 100);
    CHECK(scene.play.size.rows == 30);
    CHECK(scene.play.terminal.input_is_terminal);
    CHECK(scene.play.terminal.saved_termios ==
          std::string_view(reinterpret_cast<const char*>(&scene.before), sizeof(scene.before)));
    REQUIRE(scene.daemon.fds().size() == 3);
    scene.terminal.send(" ");
    CHECK(test::read_bytes(scene.daemon.fds()[1].get(), 1) == " ");
    finish(scene.daemon);
    scene.expect_back(0);
  }
}

TEST_CASE("play: a job in the background that shows nothing there leaves the terminal alone") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  sandbox.write("a.cast", "{}");
  PtyDriver terminal(
      sandbox, {"bash", "-c", "set -m; asciinema play a.cast >out & read line; wait; echo back"});
  const wire::Play play = begin(daemon);
  CHECK_FALSE(play.terminal.has_input);
  CHECK_FALSE(is_raw(terminal.settings()));
  finish(daemon);
  terminal.send("\r");
  terminal.expect("back");
  CHECK(terminal.wait().status == 0);
}

TEST_CASE("play: a daemon that has died leaves a clean terminal") {
  Scene scene("a.cast");
  scene.daemon.send(0, wire::ScreenUndo{"<first>"});
  scene.daemon.send(0, wire::ScreenUndo{"<undone>"});
  scene.daemon.die();
  const std::string screen = scene.terminal.expect("playback failed: asciinemad has died\x1b[0m");
  CHECK(contains(screen, "<undone>"));
  CHECK_FALSE(contains(screen, "<first>"));
  scene.expect_back(1);
}

TEST_CASE("play: a daemon that has died, and standard output is a pipe") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  sandbox.write("a.cast", "{}");
  PipedClient client(sandbox, {"asciinema", "play", "a.cast"});
  begin(daemon);
  daemon.send(0, wire::ScreenUndo{"<undone>"});
  REQUIRE(write_all(daemon.fds().back().get(), "shown", 5000).ok());
  daemon.die();
  const Outcome outcome = client.wait();
  CHECK(outcome.out == "shown<undone>");
  CHECK(outcome.status == 1);
}

TEST_CASE("play: a stopped client takes the terminal back") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  sandbox.write("a.cast", "{}");
  for (const std::string redirection : {"", " >out"}) {
    CAPTURE(redirection);
    PtyDriver terminal(sandbox, {"bash", "-c",
                                 "set -m; sh -c 'echo $$ >pid; exec asciinema play a.cast'" +
                                     redirection + "; echo stopped; read line; fg; echo back=$?"});
    const termios before = terminal.settings();
    begin(daemon);
    CHECK(is_raw(terminal.settings()));
    REQUIRE(::kill(std::stoi(sandbox.read("pid")), SIGTSTP) == 0);
    daemon.receive<wire::ReleaseTerminal>();
    daemon.reply(wire::Ok{});
    terminal.expect("stopped");
    CHECK(same_settings(terminal.settings(), before));
    terminal.send("\r");
    const auto attach = daemon.receive<wire::AttachTerminal>();
    CHECK(attach.terminal.input_is_terminal);
    REQUIRE(daemon.fds().size() == 2);
    daemon.reply(wire::Ok{});
    CHECK(is_raw(terminal.settings()));
    REQUIRE(write_all(daemon.fds()[1].get(), "shown again", 5000).ok());
    finish(daemon);
    if (redirection.empty()) terminal.expect("shown again");
    terminal.expect("back=0");
    if (!redirection.empty()) CHECK(sandbox.read("out") == "shown again");
    CHECK(terminal.wait().status == 0);
  }
}

TEST_CASE("play: addresses are fetched, with the environment's proxies") {
  Sandbox sandbox;
  sandbox.environment["http_proxy"] = "http://proxy:1";
  sandbox.environment["HTTP_PROXY"] = "http://evil:1";
  sandbox.environment["ALL_PROXY"] = "http://all:2";
  sandbox.environment["NO_PROXY"] = "localhost";
  sandbox.environment["SSL_CERT_FILE"] = "/certificates";
  sandbox.environment["IPFS_GATEWAY"] = "https://gateway";
  sandbox.configure("[play]\nmax_download = 2\n");
  FakeDaemon daemon(sandbox);
  const Fd file(::open(sandbox.write("body", "fetched").c_str(), O_RDONLY | O_CLOEXEC));
  PipedClient client(sandbox, {"asciinema", "play", "HTTPS://me:secret@host/a.cast"});
  daemon.greet();
  const auto fetch = daemon.receive<wire::Fetch>();
  CHECK(fetch.url == "HTTPS://me:secret@host/a.cast");
  CHECK(fetch.max_bytes == 2 << 20);
  CHECK(fetch.http_proxy == "http://proxy:1");
  CHECK(fetch.https_proxy == "http://all:2");
  CHECK(fetch.no_proxy == "localhost");
  CHECK(fetch.ca_file == "/certificates");
  CHECK(fetch.ca_directory.empty());
  CHECK(fetch.ipfs_gateway == "https://gateway");
  const int fd = file.get();
  daemon.reply(wire::Fetched{"https://host/a.cast", 7}, {&fd, 1});
  const wire::Play play = begin(daemon);
  CHECK(play.name == "https://host/a.cast");
  CHECK(play.trust == Trust::untrusted);
  CHECK(test::read_until_end(daemon.fds().front().get()) == "fetched");
  finish(daemon);
  CHECK(client.wait().status == 0);
}

TEST_CASE("play: an address can't be followed") {
  const Sandbox sandbox;
  const Outcome outcome = sandbox.run({"asciinema", "play", "--follow", "http://me:secret@host/x"});
  CHECK(outcome.status == 1);
  CHECK(outcome.err ==
        "asciinema: playback failed: http://host/x: only files and sessions can be followed\r\n");
  CHECK(sandbox.daemon_pid() == 0);
}

TEST_CASE("play: an address that can't be fetched") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  PipedClient client(sandbox, {"asciinema", "play", "ipfs:/x"});
  daemon.greet();
  daemon.receive<wire::Fetch>();
  daemon.reply(wire::ErrorReply{wire::ErrorCode::invalid, "ipfs:/x: 404 Not Found"});
  const Outcome outcome = client.wait();
  CHECK(outcome.status == 1);
  CHECK(outcome.err == "asciinema: playback failed: ipfs:/x: 404 Not Found\r\n");
}

TEST_CASE("play: an answer whose descriptor did not come") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  PipedClient client(sandbox, {"asciinema", "play", "http://host/a.cast"});
  daemon.greet();
  daemon.receive<wire::Fetch>();
  daemon.send(2, wire::Fetched{"http://host/a.cast", 7}, {}, 1);
  const Outcome outcome = client.wait();
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.err, "a descriptor that asciinemad sent did not come"));
}

TEST_CASE("play: a fetch says what it waits for, and Ctrl-C cancels it") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  PtyDriver terminal(sandbox, {"asciinema", "play", "http://me:secret@host/a.cast"});
  daemon.greet();
  daemon.receive<wire::Fetch>();
  CHECK_FALSE(contains(terminal.expect("fetching http://host/a.cast..."), "secret"));
  terminal.send("\x03");
  CHECK(daemon.is_left());
  CHECK(terminal.wait().status == 1);
  CHECK_FALSE(contains(terminal.screen(), "failed"));
}

wire::StatusReply some_status() {
  wire::StatusReply status;
  status.uptime_us = 10'000'000;
  status.software = "asciinemad 99.0";
  wire::SessionInfo recorded;
  recorded.session = "aaaa2222";
  recorded.command = "sh -c \"x\"";
  recorded.path =
      "/tmp/\x1b"
      "a.cast";
  recorded.duration_us = 61'500'000;
  recorded.size = {90, 25, 0, 0};
  recorded.name = "build";
  recorded.title = "The build";
  recorded.attached = true;
  recorded.markers = 3;
  recorded.terminal = "/dev/pts/7";
  recorded.started_at_ms = 1'700'000'000'000;
  wire::SessionInfo paused;
  paused.session = "aabb2222";
  paused.command = "sh";
  paused.path = "b.cast";
  paused.paused = true;
  paused.duration_us = 5;
  paused.size = {80, 24, 0, 0};
  paused.lost_bytes = 7;
  status.sessions = {recorded, paused};
  status.playbacks = {{"cccc2222",
                       "/home/me/c.cast",
                       3'661'000'000,
                       7'200'000'000,
                       2,
                       false,
                       false,
                       {80, 24, 0, 0}},
                      {"ccdd2222", "d.cast", 0, 0, 1, true, false, {80, 24, 0, 0}},
                      {"eeee2222", "e\xff.cast", 1'000'001, 0, 1, false, true, {80, 24, 0, 0}}};
  return status;
}

// Runs `argv` and answers its question for the status.
Outcome asked(const Sandbox& sandbox, FakeDaemon& daemon, Argv argv,
              wire::StatusReply status = some_status()) {
  PipedClient client(sandbox, std::move(argv));
  daemon.greet();
  daemon.receive<wire::GetStatus>();
  daemon.reply(std::move(status));
  return client.wait();
}

TEST_CASE("ls: a line for each recording and playback") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  const std::string lines =
      "recording  aaaa2222  build  90x25  1:01             recording          /tmp/?a.cast  (sh -c "
      "\"x\")\n"
      "recording  aabb2222         80x24  0:00             paused INCOMPLETE  b.cast  (sh)\n"
      "playback   cccc2222         80x24  1:01:01/2:00:00  playing x2         /home/me/c.cast\n"
      "playback   ccdd2222         80x24  0:00             paused             d.cast\n"
      "playback   eeee2222         80x24  0:01             following          e\xef\xbf\xbd.cast\n";
  CHECK(asked(sandbox, daemon, {"asciinema", "ls"}).out == lines);
  const Outcome empty = asked(sandbox, daemon, {"asciinema", "ls"}, {});
  CHECK(empty.status == 0);
  CHECK(empty.out.empty());
  CHECK(empty.err.empty());
  const Outcome status = asked(sandbox, daemon, {"asciinema", "daemon", "status"});
  CHECK(contains(status.out, "\nsessions: 2\n  recording  aaaa2222  "));
  CHECK(contains(status.out, "\nplaybacks: 3\n  playback  cccc2222  "));
}

TEST_CASE("ls --json") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  CHECK(asked(sandbox, daemon, {"asciinema", "ls", "--json"}, {}).out == "[]\n");
  const Outcome outcome = asked(sandbox, daemon, {"asciinema", "ls", "--json"});
  CHECK(outcome.status == 0);
  CHECK(
      outcome.out ==
      "[\n"
      "{\"kind\": \"recording\", \"id\": \"aaaa2222\", \"state\": \"recording\", \"time\": "
      "61.500000, \"cols\": 90, \"rows\": 25, \"lost_bytes\": 0, \"file\": "
      "\"/tmp/\\u001ba.cast\", \"command\": \"sh -c \\\"x\\\"\", \"name\": \"build\", \"title\": "
      "\"The build\", \"attached\": true, \"detachable\": false, \"markers\": 3, \"terminal\": "
      "\"/dev/pts/7\", \"started_at\": 1700000000.000},\n"
      "{\"kind\": \"recording\", \"id\": \"aabb2222\", \"state\": \"paused\", \"time\": 0.000005, "
      "\"cols\": 80, \"rows\": 24, \"lost_bytes\": 7, \"file\": \"b.cast\", \"command\": "
      "\"sh\", \"name\": null, \"title\": null, \"attached\": null, \"detachable\": null, "
      "\"markers\": 0, \"terminal\": null, \"started_at\": null},\n"
      "{\"kind\": \"playback\", \"id\": \"cccc2222\", \"state\": \"playing\", \"time\": "
      "3661.000000, \"duration\": 7200.000000, \"speed\": 2, \"following\": false, \"cols\": 80, "
      "\"rows\": 24, \"file\": \"/home/me/c.cast\"},\n"
      "{\"kind\": \"playback\", \"id\": \"ccdd2222\", \"state\": \"paused\", \"time\": 0.000000, "
      "\"duration\": null, \"speed\": 1, \"following\": false, \"cols\": 80, \"rows\": 24, "
      "\"file\": \"d.cast\"},\n"
      "{\"kind\": \"playback\", \"id\": \"eeee2222\", \"state\": \"following\", \"time\": "
      "1.000001, \"duration\": null, \"speed\": 1, \"following\": true, \"cols\": 80, \"rows\": "
      "24, \"file\": \"e\xef\xbf\xbd.cast\"}\n"
      "]\n");
}

TEST_CASE("ls and control without a daemon") {
  const Sandbox sandbox;
  for (const Argv& argv : {Argv{"ls"}, {"ls", "--json"}, {"pause"}, {"seek", "5"}}) {
    const Outcome outcome = sandbox.run(with({"asciinema"}, argv));
    CHECK(outcome.status == 4);
    CHECK(outcome.out.empty());
    CHECK(contains(outcome.err, "no asciinemad runs at " + sandbox.socket_path()));
  }
  CHECK(sandbox.daemon_pid() == 0);
}

TEST_CASE("control: usage errors") {
  const Sandbox sandbox;
  for (const auto& [argv, message] :
       {std::pair<Argv, std::string>{{"pause", "x"}, "unrecognized arguments: x"},
        {{"seek"}, "the following arguments are required: TIME"},
        {{"seek", "1", "2"}, "unrecognized arguments: 2"},
        {{"seek", "101%"}, "argument TIME: \"101%\" is not a time"},
        {{"seek", "--5"}, "unrecognized arguments: --5"},
        {{"speed", "0"}, "argument FACTOR: \"0\" is not a positive number"},
        {{"marker", "last"}, "invalid choice: \"last\""},
        {{"step", "--forth"}, "unrecognized arguments: --forth"},
        {{"stop", "-S"}, "argument -S/--session: expected one argument"}}) {
    const Outcome outcome = sandbox.run(with({"asciinema"}, argv));
    CAPTURE(outcome.err);
    CHECK(outcome.status == 2);
    CHECK(outcome.err.starts_with("usage: asciinema " + argv.front() + " [-h] [-S ID]"));
    CHECK(contains(outcome.err, "\nasciinema " + argv.front() + ": error: " + message));
  }
  CHECK(contains(sandbox.run({"asciinema", "seek", "-h"}).out, "usage: asciinema seek "));
}

// What `argv` asks of the only playback there is.
wire::Control steered(const Sandbox& sandbox, FakeDaemon& daemon, const Argv& argv) {
  wire::StatusReply status;
  status.uptime_us = 10'000'000;
  status.playbacks = {some_status().playbacks.front()};
  PipedClient client(sandbox, with({"asciinema"}, argv));
  daemon.greet();
  daemon.receive<wire::GetStatus>();
  daemon.reply(status);
  wire::Control control = daemon.receive<wire::Control>();
  daemon.reply(wire::Ok{});
  CHECK(client.wait().status == 0);
  CHECK(control.playback == "cccc2222");
  return control;
}

TEST_CASE("control: each verb") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  const auto action = [&](const Argv& argv) { return steered(sandbox, daemon, argv).action; };
  CHECK(std::holds_alternative<wire::control::Pause>(action({"pause"})));
  CHECK(std::holds_alternative<wire::control::Resume>(action({"resume"})));
  CHECK(std::holds_alternative<wire::control::Resume>(action({"resu"})));
  CHECK(std::holds_alternative<wire::control::Toggle>(action({"toggle"})));
  CHECK(std::holds_alternative<wire::control::Step>(action({"step"})));
  CHECK(std::holds_alternative<wire::control::StepBack>(action({"step", "--back"})));
  CHECK(std::holds_alternative<wire::control::NextMarker>(action({"marker", "next"})));
  CHECK(std::holds_alternative<wire::control::PreviousMarker>(action({"marker", "previous"})));
  CHECK(std::holds_alternative<wire::control::Stop>(action({"stop"})));
  CHECK(std::get<wire::control::SetSpeed>(action({"speed", "1.5"})).speed == 1.5);
  CHECK(std::get<wire::control::SeekTo>(action({"seek", "1:30.5"})).at_us == 90'500'000);
  CHECK(std::get<wire::control::SeekBy>(action({"seek", "-5"})).by_us == -5'000'000);
  CHECK(std::get<wire::control::SeekBy>(action({"seek", "-.5"})).by_us == -500'000);
  CHECK(std::get<wire::control::SeekBy>(action({"seek", "+1:00"})).by_us == 60'000'000);
  CHECK(std::get<wire::control::SeekToFraction>(action({"seek", "50%"})).fraction == 0.5);
}

TEST_CASE("control: which playback") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  for (const auto& [wanted, id] : {std::pair<std::string, std::string>{"ccdd2222", "ccdd2222"},
                                   {"cccc", "cccc2222"},
                                   {"e", "eeee2222"},
                                   {"c.cast", "cccc2222"},
                                   {"/home/me/c.cast", "cccc2222"}}) {
    const auto& shown_wanted = wanted;  // clang captures no structured binding
    CAPTURE(shown_wanted);
    PipedClient client(sandbox, {"asciinema", "pause", "-S", wanted});
    daemon.greet();
    daemon.receive<wire::GetStatus>();
    daemon.reply(some_status());
    CHECK(daemon.receive<wire::Control>().playback == id);
    daemon.reply(wire::Ok{});
    CHECK(client.wait().status == 0);
  }
  for (const auto& [argv, status, message] :
       {std::tuple<Argv, int, std::string>{{}, 3, "several recordings are being made or played"},
        {{"-S", "cc"}, 3, "cc means several playbacks"},
        {{"--session=nobody"}, 3, "there is no session or playback nobody"},
        {{"-Saaaa"}, 1, "the asciinemad that runs is too old for that"}}) {
    const Outcome outcome = asked(sandbox, daemon, with({"asciinema", "stop"}, argv));
    CAPTURE(outcome.err);
    CHECK(outcome.status == status);
    CHECK(contains(outcome.err, message));
    CHECK(contains(outcome.err, " ccdd2222 ") == contains(message, "several"));
  }
  const Outcome nothing = asked(sandbox, daemon, {"asciinema", "stop"}, {});
  CHECK(nothing.status == 3);
  CHECK(contains(nothing.err, "nothing is being recorded or played"));
}

TEST_CASE("control: refused, or too late") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  for (const auto& [code, status] :
       {std::pair{wire::ErrorCode::invalid, 1}, std::pair{wire::ErrorCode::no_session, 3}}) {
    PipedClient client(sandbox, {"asciinema", "seek", "-S", "cccc", "5"});
    daemon.greet();
    daemon.receive<wire::GetStatus>();
    daemon.reply(some_status());
    daemon.receive<wire::Control>();
    daemon.reply(wire::ErrorReply{code, "not now"});
    const Outcome outcome = client.wait();
    CHECK(outcome.status == status);
    CHECK(outcome.err == "asciinema: not now\r\n");
  }
}

TEST_CASE("follow: a session by its id, or the beginning of it") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  for (const char* id : {"aaaa2222", "aab"}) {
    PipedClient client(sandbox, {"asciinema", "play", "--follow", id});
    daemon.greet();
    daemon.receive<wire::GetStatus>();
    daemon.reply(some_status());
    const auto play = daemon.receive<wire::Play>();
    daemon.reply(wire::Playing{"abcdefgh"});
    CHECK(play.follow);
    CHECK(play.follow_session == (id[2] == 'a' ? "aaaa2222" : "aabb2222"));
    CHECK(play.trust == Trust::local);
    CHECK(daemon.fds().size() == 1);
    finish(daemon);
    CHECK(client.wait().status == 0);
  }
  Outcome outcome = asked(sandbox, daemon, {"asciinema", "play", "--follow", "aa"});
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.err, "aa: several sessions' ids begin like that"));
  outcome = asked(sandbox, daemon, {"asciinema", "play", "--follow", "zz"});
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.err, "zz: No such file or directory"));
}

TEST_CASE("follow: only the daemon that records a session can show it") {
  const Sandbox sandbox;
  FakeDaemon daemon(sandbox);
  PipedClient client(sandbox, {"asciinema", "play", "--follow", "aaaa2222"});
  daemon.greet();
  daemon.receive<wire::GetStatus>();
  daemon.reply(some_status());
  daemon.receive<wire::Play>();
  daemon.reply(wire::ErrorReply{wire::ErrorCode::busy, "too many playbacks"});
  const Outcome outcome = client.wait();
  CHECK(outcome.status == 1);
  CHECK(outcome.err == "asciinema: playback failed: too many playbacks\r\n");
}

TEST_CASE("shortened commands mean those of asciinema 2") {
  const Sandbox sandbox;
  for (const auto& [word, verb] : {std::pair<std::string, std::string>{"r", "rec"},
                                   {"re", "rec"},
                                   {"reco", "rec"},
                                   {"p", "play"},
                                   {"pl", "play"},
                                   {"c", "cat"},
                                   {"ca", "cat"},
                                   {"co", "convert"},
                                   {"pa", "pause"},
                                   {"l", "ls"}}) {
    const auto& shown_word = word;  // clang captures no structured binding
    CAPTURE(shown_word);
    CHECK(sandbox.run({"asciinema", word, "-h"}).out.starts_with("usage: asciinema " + verb + " "));
  }
  const Outcome outcome = sandbox.run({"asciinema", "s"});
  CHECK(outcome.status == 2);
  CHECK(
      contains(outcome.err, "'s' is ambiguous: status, shell-init, stop, send, step, seek, speed"));
}

}  // namespace
}  // namespace asciinemad
