// `asciinema events` of a whole session, and of a playback.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>

#include <string>
#include <string_view>
#include <vector>

#include "common/fd.h"
#include "tests/support/detached_session.h"

namespace asciinemad {
namespace {

using test::contains;
using test::eventually;
using test::kShowLines;
using test::Process;
using test::PtyDriver;
using test::Sandbox;

// The value of a member that is a string.
std::string text_of(std::string_view line, const std::string& key) {
  const std::string before = "\"" + key + "\": \"";
  const std::size_t found = line.find(before);
  if (found == std::string_view::npos) return {};
  const std::size_t begin = found + before.size();
  return std::string(line.substr(begin, line.find('"', begin) - begin));
}

// What `asciinema events ARGUMENT...` prints.
class Events {
 public:
  explicit Events(const Sandbox& sandbox, std::vector<std::string> arguments)
      : sandbox_(sandbox), process_(launch(sandbox, std::move(arguments))) {}

  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    const std::string all = sandbox_.read("events");
    for (std::size_t begin = 0, end = 0; (end = all.find('\n', begin)) != std::string::npos;
         begin = end + 1) {
      lines.push_back(all.substr(begin, end - begin));
    }
    return lines;
  }
  std::string names() const {
    std::string names;
    for (const std::string& line : lines()) names += text_of(line, "event") + " ";
    return names;
  }
  // Waits until the last one is of that name; returns it.
  std::string until(const std::string& name) const {
    INFO("events: ", names());
    REQUIRE_MESSAGE(eventually([&] { return names().ends_with(name + " "); }), name);
    return lines().back();
  }
  void signal(int signum) const { process_.signal(signum); }
  int wait() { return process_.wait().status; }

 private:
  static test::Launch launch(const Sandbox& sandbox, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"sh", "-c", "exec asciinema events \"$@\" >events", "-"});
    return sandbox.launch(std::move(arguments));
  }

  const Sandbox& sandbox_;
  Process process_;
};

TEST_CASE("events of a whole session") {
  const Sandbox sandbox;
  REQUIRE(sandbox.run({"asciinema", "daemon", "start"}).status == 0);
  // Something that is there already shows that the events are watched.
  const test::DetachedSession other(sandbox);
  Events events(sandbox, {"--no-uploads"});
  events.until("present");
  PtyDriver terminal(sandbox, {"asciinema", "rec", "--name", "demo", "-c", kShowLines, "b.cast"});
  terminal.expect("ready\r\n");
  CHECK(contains(events.until("started"), "\"attached\": true"));
  const auto steer = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "asciinema");
    words.insert(words.begin() + 2, {"-S", "demo"});
    CHECK(sandbox.run(words).status == 0);
  };
  steer({"pause"});
  events.until("paused");
  steer({"resume"});
  events.until("resumed");
  steer({"mark", "a \"label\""});
  CHECK(contains(events.until("marker"), "\"label\": \"a \\\"label\\\"\""));
  steer({"resize", "90x20"});
  CHECK(contains(events.until("resized"), "\"cols\": 90, \"rows\": 20"));
  steer({"title", "a title"});
  CHECK(text_of(events.until("titled"), "title") == "a title");
  steer({"detach"});
  events.until("detached");
  CHECK(terminal.wait().status == 0);
  {
    PtyDriver again(sandbox, {"asciinema", "attach", "demo"});
    again.expect("ready");
    events.until("attached");
    again.send("end\r");
    CHECK(again.wait().status == 0);
  }
  CHECK(contains(events.until("exited"), "\"exit_status\": 0"));
  CHECK(events.names() ==
        "present started paused resumed marker resized titled detached resized attached exited ");
  const std::vector<std::string> lines = events.lines();
  for (std::size_t i = 1; i < lines.size(); ++i) {
    CAPTURE(lines[i]);
    CHECK(text_of(lines[i], "kind") == "recording");
    CHECK(text_of(lines[i], "name") == "demo");
    CHECK(text_of(lines[i], "session") == text_of(lines[1], "session"));
  }
  CHECK(text_of(lines[0], "session") == other.id());
  events.signal(SIGINT);
  CHECK(events.wait() == 0);
}

TEST_CASE("events of one session end with it, and those of another are not told") {
  const Sandbox sandbox;
  const test::DetachedSession session(sandbox);
  const std::string other = test::start_detached(sandbox, {"-c", kShowLines, "b.cast"});
  Events events(sandbox, {"-S", session.id().substr(0, 6)});
  events.until("present");
  CHECK(sandbox.run({"asciinema", "mark", "-S", other, "elsewhere"}).status == 0);
  CHECK(sandbox.run({"asciinema", "discard", "-S", session.id()}).status == 0);
  CHECK(events.wait() == 0);
  CHECK(events.names() == "present exited ");
  CHECK(contains(events.lines().back(), "\"discarded\": true"));
}

TEST_CASE("events go on with the next daemon") {
  const Sandbox sandbox;
  const test::DetachedSession session(sandbox);
  Events events(sandbox, {"-S", session.id()});
  events.until("present");
  ::kill(sandbox.daemon_pid(), SIGKILL);
  REQUIRE(eventually([&] { return contains(events.names(), "reconnected"); }));
  session.send("end\r");
  CHECK(events.wait() == 0);
  CHECK(events.names().ends_with("exited "));
}

TEST_CASE("events of a playback") {
  const Sandbox sandbox;
  sandbox.write("a.cast", test::recording_of({{0, "o", "begin"}, {1000, "o", "end"}}));
  REQUIRE(sandbox.run({"asciinema", "daemon", "start"}).status == 0);
  const std::string other = test::start_detached(sandbox, {"-c", kShowLines, "b.cast"});
  Events events(sandbox, {"--no-uploads"});
  events.until("present");
  PtyDriver player(sandbox, {"asciinema", "play", "a.cast"});
  player.expect("begin");
  const std::string started = events.until("started");
  const std::string id = text_of(started, "session");
  CHECK(text_of(started, "kind") == "playback");
  CHECK(text_of(started, "path") == "a.cast");
  CHECK(sandbox.run({"asciinema", "pause", "-S", id}).status == 0);
  events.until("paused");
  CHECK(sandbox.run({"asciinema", "resume", "-S", id}).status == 0);
  events.until("resumed");
  CHECK(sandbox.run({"asciinema", "stop", "-S", id}).status == 0);
  CHECK(contains(events.until("ended"), "\"how\": \"ended\""));
  CHECK(player.wait().status == 0);
  CHECK(events.names() == "present started paused resumed ended ");
  for (std::size_t i = 1; i < events.lines().size(); ++i) {
    CHECK(text_of(events.lines()[i], "kind") == "playback");
  }
  events.signal(SIGTERM);
  CHECK(events.wait() == 0);
}

}  // namespace
}  // namespace asciinemad
