// Sessions without a terminal: starting them, attaching to them and leaving them again.

#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/detached_session.h"

namespace asciinemad {
namespace {

using test::Attached;
using test::contains;
using test::DetachedSession;
using test::eventually;
using test::kShowLines;
using test::left_on;
using test::Outcome;
using test::PtyDriver;
using test::same_settings;
using test::Sandbox;

Outcome attach(const Sandbox& sandbox, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"asciinema", "attach"});
  return sandbox.run(std::move(arguments));
}

// On a terminal: what it says before it fails.
Outcome attach_on_terminal(const Sandbox& sandbox, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"asciinema", "attach"});
  return PtyDriver(sandbox, std::move(arguments)).wait();
}

TEST_CASE("rec -d: prints an id, returns at once and needs no terminal") {
  const Sandbox sandbox;
  const Outcome outcome = sandbox.run({"asciinema", "rec", "-d", "-c", kShowLines, "a.cast"});
  CHECK(outcome.status == 0);
  REQUIRE(outcome.out.size() == 9);
  const std::string id = outcome.out.substr(0, 8);
  CHECK(outcome.out[8] == '\n');
  CHECK(std::all_of(id.begin(), id.end(),
                    [](char c) { return (c >= 'a' && c <= 'z') || (c >= '2' && c <= '7'); }));
  CHECK(contains(outcome.err, "asciinema attach " + id));
  CHECK(contains(sandbox.run({"asciinema", "ls"}).out, "detached"));
  CHECK(contains(sandbox.run({"asciinema", "ls", "--json"}).out, "\"attached\": false"));
  CHECK(contains(sandbox.run({"asciinema", "status", "-S", id}).out,
                 "state:        recording, detached\n"));
  CHECK(sandbox.run({"asciinema", "stop", "-S", id}).status == 0);
}

TEST_CASE("attach: the screen, what is typed, hotkeys, detach, and all that again") {
  const Sandbox sandbox;
  sandbox.configure("[record]\nadd_marker_key = C-b\n");
  const DetachedSession session(sandbox);
  session.has_recorded("ready");
  for (const std::string number : {"1", "2"}) {
    Attached terminal(sandbox, session.id());
    CHECK(session.attached());
    if (number == "2") CHECK(contains(terminal.screen(), "got shown1."));
    terminal.type_line("shown" + number);
    terminal.send("\x02\x1c");
    terminal.type_line("secret" + number);
    terminal.send("\x1c");
    terminal.type_line("later" + number);
    CHECK(sandbox.run({"asciinema", "detach", "-S", session.id()}).status == 0);
    const Outcome outcome = terminal.wait();
    CHECK(outcome.status == 0);
    CHECK(contains(outcome.out, "asciinema: detached from " + session.id() +
                                    "; return with: asciinema attach " + session.id()));
    session.becomes_detached();
  }
  Attached terminal(sandbox, session.id());
  terminal.send("end\r");
  const Outcome outcome = terminal.wait();
  CHECK(outcome.status == 0);
  CHECK(contains(outcome.out, "asciinema: recording finished"));
  const test::Cast cast = session.cast();
  CHECK(cast.output() == "ready\r\ngot shown1.\r\ngot later1.\r\ngot shown2.\r\ngot later2.\r\n");
  CHECK(cast.of("m").size() == 2);
}

TEST_CASE("detach_key, alone and after a prefix, leaves a session that rec has begun") {
  for (const auto& [config, key] :
       {std::pair<std::string, std::string>{"detach_key = C-x\n", "\x18"},
        {"prefix_key = C-a\ndetach_key = d\n",
         "\x01"
         "d"}}) {
    const std::string keys = "[record]\n" + config;
    CAPTURE(keys);
    const Sandbox sandbox;
    sandbox.configure(keys);
    PtyDriver terminal(sandbox, {"asciinema", "rec", "-c", kShowLines, "a.cast"});
    terminal.expect("ready\r\n");
    terminal.send("one\r");
    terminal.expect("got one.\r\n");
    terminal.send(key);
    terminal.expect("the session goes on: asciinema attach ");
    CHECK(terminal.wait().status == 0);

    PtyDriver again(sandbox, {"asciinema", "attach"});
    again.expect("got one.");
    again.send("two\r");
    again.expect("got two.\r\n");
    again.send(key);
    CHECK(again.wait().status == 0);
    CHECK(sandbox.run({"asciinema", "send", "end\r"}).status == 0);
    CHECK(eventually([&] { return sandbox.run({"asciinema", "status"}).status == 3; }));
    CHECK(test::read_cast(sandbox / "a.cast").output() == "ready\r\ngot one.\r\ngot two.\r\n");
  }
}

TEST_CASE("closing the window detaches: of rec --detach, with on_disconnect, and after rec -d") {
  const Sandbox sandbox;
  for (const bool configured : {false, true}) {
    if (configured) sandbox.configure("[record]\non_disconnect = detach\n");
    std::vector<std::string> argv = {"asciinema", "rec", "--overwrite", "-c", kShowLines, "a.cast"};
    if (!configured) argv.emplace_back("--detach");
    PtyDriver window(sandbox, argv);
    window.expect("ready\r\n");
    window.close();
    window.wait();
    PtyDriver terminal(sandbox, {"asciinema", "attach"});
    terminal.expect("ready");
    terminal.send("end\r");
    CHECK(terminal.wait().status == 0);
  }
  sandbox.configure("");
  const DetachedSession session(sandbox, kShowLines, {"--overwrite"});
  {
    Attached window(sandbox, session.id());
    window.type_line("one");
    window.close();
    window.wait();
  }
  session.becomes_detached();
  Attached terminal(sandbox, session.id());
  CHECK(contains(terminal.expect("got one."), "got one."));
}

TEST_CASE("kill -9 of the one who is attached: the session goes on, the terminal is as before") {
  const Sandbox sandbox;
  const DetachedSession session(
      sandbox, "printf '\\033[?1049h\\033[?1000h\\033[?1006h\\033[?2004h\\033[?25l'; " +
                   std::string(kShowLines));
  session.has_recorded("ready");
  PtyDriver terminal(sandbox,
                     {"sh", "-c", "sh -c 'echo $$ >pid; exec asciinema attach'; echo over; cat"});
  const termios before = terminal.settings();
  terminal.expect("ready");
  terminal.send("one\r");
  terminal.expect("got one.\r\n");
  CHECK_FALSE(left_on(terminal.screen()).empty());
  ::kill(std::stoi(sandbox.read("pid")), SIGKILL);
  terminal.expect("over");
  CHECK(eventually([&] { return same_settings(terminal.settings(), before); }));
  const bool clean = terminal.read_until([&] { return left_on(terminal.screen()).empty(); });
  CAPTURE(terminal.screen());
  CHECK(clean);
  session.becomes_detached();
  session.send("two\r");
  session.has_recorded("got two.");
}

TEST_CASE("a client that dies while it is sent away: the next one stays, and can leave") {
  const Sandbox sandbox;
  // So much to be read for the screen that this takes a while.
  const DetachedSession session(sandbox, "seq 2000000; " + std::string(kShowLines));
  session.has_recorded("ready");
  {
    Attached terminal(sandbox, session.id());
    terminal.type_line("one");
    test::Process detach(sandbox.launch({"asciinema", "detach"}));
    CHECK(detach.wait().status == 0);
    terminal.signal(SIGKILL);
    terminal.wait();
  }
  session.becomes_detached();
  Attached terminal(sandbox, session.id());
  terminal.type_line("two");
  CHECK(sandbox.run({"asciinema", "detach"}).status == 0);
  CHECK(terminal.wait().status == 0);
  CHECK(sandbox.run({"asciinema", "stop"}).status == 0);
}

TEST_CASE("what the program has turned on in the terminal is off after detaching") {
  const Sandbox sandbox;
  const DetachedSession session(
      sandbox,
      "printf 'before\\r\\n\\033[?1049h\\033[?1000h\\033[?1002h\\033[?1006h\\033[?2004h\\033[?25l"
      "\\033[?1h\\033=\\033[2;5r\\033[?1004h\\033[5 q\\033[31m\\033[>1u\\033[>4;2m'; " +
          std::string(kShowLines));
  session.has_recorded("ready");
  PtyDriver terminal(sandbox, {"sh", "-c", "stty rows 24; asciinema attach; echo over; cat"});
  const termios before = terminal.settings();
  terminal.expect("ready");
  for (const char* mode : {"?1049h", "?1000", "?2004", "?25l"}) {
    CAPTURE(mode);
    CHECK(contains(terminal.screen(), mode));
  }
  CHECK(contains(left_on(terminal.screen()), "\x1b[?2004l"));
  CHECK(sandbox.run({"asciinema", "detach"}).status == 0);
  terminal.expect("over\r\n");
  CHECK(left_on(terminal.screen()).empty());
  CHECK(same_settings(terminal.settings(), before));
}

TEST_CASE("one at a time, and --force") {
  const Sandbox sandbox;
  const DetachedSession session(sandbox);
  PtyDriver first(sandbox, {"sh", "-c", "asciinema attach; echo status $?; cat"});
  const termios before = first.settings();
  first.expect("ready");
  const Outcome refused = attach_on_terminal(sandbox, {session.id()});
  CHECK(refused.status == 1);
  CHECK(contains(refused.out, "somebody is attached to " + session.id()));
  const Outcome none = attach_on_terminal(sandbox, {});
  CHECK(none.status == 3);
  CHECK(contains(none.out, "every session has a client already"));
  first.send("one\r");
  first.expect("got one.\r\n");

  Attached second(sandbox, session.id(), {"--force"});
  first.expect("another terminal has taken the session over");
  first.expect("status 0\r\n");
  CHECK(same_settings(first.settings(), before));
  second.type_line("two");
  CHECK_FALSE(contains(first.screen(), "got two."));
}

TEST_CASE("--read-only: two look on, type nothing, and see the end") {
  const Sandbox sandbox;
  const DetachedSession session(sandbox);
  Attached typist(sandbox, session.id());
  Attached first(sandbox, session.id(), {"--read-only"});
  Attached second(sandbox, session.id(), {"--read-only"});
  first.send("intruder\r");
  typist.type_line("one");
  first.expect("got one.");
  second.expect("got one.");
  second.send("q");
  CHECK(second.wait().status == 0);
  typist.type_line("two");
  first.expect("got two.");
  typist.send("end\r");
  CHECK(typist.wait().status == 0);
  CHECK(first.wait().status == 0);
  CHECK(session.cast().output() == "ready\r\ngot one.\r\ngot two.\r\n");
}

TEST_CASE("which session is meant") {
  Sandbox sandbox;
  CHECK(attach(sandbox, {}).status == 4);
  // It has the form of an id.
  const DetachedSession session(sandbox, kShowLines, {"--name", "frontend"});
  for (const std::string& name :
       {session.id(), session.id().substr(0, 5), std::string("frontend")}) {
    CAPTURE(name);
    Attached terminal(sandbox, name);
    CHECK(sandbox.run({"asciinema", "detach", "-S", name}).status == 0);
    CHECK(terminal.wait().status == 0);
  }
  const Outcome unknown = attach_on_terminal(sandbox, {"nobody"});
  CHECK(unknown.status == 3);
  CHECK(contains(unknown.out, "there is no session nobody"));
  const Outcome piped = attach(sandbox, {session.id()});
  CHECK(piped.status == 1);
  CHECK(contains(piped.err, "needs a terminal"));
  const std::string other = test::start_detached(sandbox, {"-c", kShowLines, "b.cast"});
  const Outcome several = attach_on_terminal(sandbox, {});
  CHECK(several.status == 3);
  CHECK(contains(several.out, session.id()));
  CHECK(contains(several.out, other));
  CHECK(sandbox.run({"asciinema", "stop", "-S", other}).status == 0);
  CHECK(sandbox.run({"asciinema", "stop", "-S", "frontend"}).status == 0);
  CHECK(attach_on_terminal(sandbox, {}).status == 3);
}

TEST_CASE("a session can't be shown within itself") {
  const Sandbox sandbox;
  const DetachedSession session(sandbox,
                                "asciinema attach $ASCIINEMA_SESSION; echo status $?; cat");
  session.has_recorded("can't be shown within itself");
  session.has_recorded("status 1");
}

TEST_CASE("whoever ends a session through attach is told where the recording is, and more") {
  Sandbox sandbox;
  sandbox.environment["ASCIINEMA_API_URL"] = "http://127.0.0.1:1";
  const DetachedSession session(sandbox, kShowLines, {"--name", "build", "--upload"});
  {
    Attached terminal(sandbox, "build");
    CHECK(sandbox.run({"asciinema", "detach"}).status == 0);
    CHECK(contains(terminal.wait().out,
                   "asciinema: detached from build; return with: asciinema attach build"));
  }
  Attached terminal(sandbox, "build");
  CHECK(sandbox.run({"asciinema", "pause"}).status == 0);
  terminal.send("end\r");
  const Outcome outcome = terminal.wait();
  CHECK(outcome.status == 0);
  CAPTURE(outcome.out);
  CHECK(contains(outcome.out, "recording finished"));
  CHECK(contains(outcome.out, "recording was still paused at the end"));
  CHECK(contains(outcome.out, "asciicast saved to " + (sandbox / "a.cast")));
  CHECK(contains(outcome.out, "the recording is queued for upload"));
}

TEST_CASE("whoever discards what is attached to is not told that it is saved") {
  const Sandbox sandbox;
  const DetachedSession session(sandbox);
  Attached terminal(sandbox, session.id());
  CHECK(sandbox.run({"asciinema", "discard"}).status == 0);
  const Outcome outcome = terminal.wait();
  CHECK(contains(outcome.out, "recording discarded"));
  CHECK_FALSE(contains(outcome.out, "asciicast saved"));
}

}  // namespace
}  // namespace asciinemad
