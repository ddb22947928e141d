// Recordings that are shown while they are made.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/support/player.h"

namespace asciinemad {
namespace {

using test::contains;
using test::Outcome;
using test::Player;
using test::PtyDriver;
using test::recording_of;
using test::Sandbox;
using wire::PlaybackInfo;

// A session that shows each line that it gets.
class Recorded {
 public:
  explicit Recorded(const Sandbox& sandbox)
      : terminal_(sandbox, {"asciinema", "rec", "-q", "-c",
                            "stty -echo; echo ready; while read -r x && [ $x != end ]; "
                            "do echo got $x.; done",
                            "live.cast"}) {
    terminal_.expect("ready\r\n");
  }
  void type(const std::string& line) {
    terminal_.send(line + "\r");
    terminal_.expect("got " + line + ".\r\n");
  }
  void press_pause() { terminal_.send("\x1c"); }
  void end() {
    terminal_.send("end\r");
    CHECK(terminal_.wait().status == 0);
  }
  void kill() { terminal_.signal(SIGKILL); }

 private:
  PtyDriver terminal_;
};

void follows(const Player& player) {
  player.when([](const PlaybackInfo& info) { return info.following; });
}

std::string session_of(const Sandbox& sandbox) {
  const std::string json = sandbox.run({"asciinema", "ls", "--json"}).out;
  const std::string key = "\"id\": \"";
  const std::size_t begin = json.find(key) + key.size();
  return json.substr(begin, json.find('"', begin) - begin);
}

TEST_CASE("a file that is being recorded: what is there, then what comes, to the end") {
  const Sandbox sandbox;
  Recorded recorded(sandbox);
  recorded.type("one");
  Player player(sandbox, "--follow live.cast");
  player.expect("ready");
  player.expect("got one.");
  follows(player);
  for (const char* line : {"two", "three", "four"}) {
    recorded.type(line);
    player.expect("got " + std::string(line) + ".\r\n", 1500);
  }
  recorded.end();
  player.ends_with(0);
}

TEST_CASE("a session by its id") {
  const Sandbox sandbox;
  Recorded recorded(sandbox);
  const std::string id = session_of(sandbox);
  Player player(sandbox, "--follow " + id.substr(0, 6));
  player.expect("ready");
  follows(player);
  recorded.type("one");
  player.expect("got one.\r\n", 1500);
  const Outcome ls = sandbox.run({"asciinema", "ls"});
  CHECK(contains(ls.out, "recording  " + id));
  CHECK(contains(ls.out, "following"));
  recorded.end();
  player.ends_with(0);
}

TEST_CASE("a session is followed though its file has been renamed or removed") {
  const Sandbox sandbox;
  Recorded recorded(sandbox);
  Player player(sandbox, "--follow " + session_of(sandbox));
  follows(player);
  CHECK(::unlink((sandbox / "live.cast").c_str()) == 0);
  recorded.type("one");
  player.expect("got one.\r\n", 1500);
  recorded.end();
  player.ends_with(0);
}

TEST_CASE("what is not recorded is not shown to followers") {
  const Sandbox sandbox;
  Recorded recorded(sandbox);
  Player player(sandbox, "--follow live.cast");
  follows(player);
  recorded.press_pause();
  recorded.type("secret");
  recorded.press_pause();
  recorded.type("public");
  player.expect("got public.\r\n", 1500);
  recorded.end();
  CHECK_FALSE(contains(player.ends_with(0), "secret"));
}

TEST_CASE("several follow the same session, one of them with a pause") {
  const Sandbox sandbox;
  Recorded recorded(sandbox);
  Player first(sandbox, "--follow live.cast");
  follows(first);
  Player second(sandbox, "--follow live.cast");
  second.expect("ready");
  first.send(" ");
  CHECK(test::eventually([&] {
    const std::vector<PlaybackInfo> all = test::playbacks(sandbox);
    return all.size() == 2 && all[0].paused != all[1].paused;
  }));
  recorded.type("one");
  second.expect("got one.\r\n", 1500);
  first.send("i");
  CHECK_FALSE(contains(first.expect("paused"), "got one."));
  first.send("i ");
  first.expect("got one.");
  second.send("q");
  second.ends_with(0);
  recorded.type("two");
  first.expect("got two.\r\n", 1500);
  recorded.end();
  first.ends_with(0);
}

TEST_CASE("back in time while it is recorded, and to the present again") {
  const Sandbox sandbox;
  Recorded recorded(sandbox);
  recorded.type("one");
  Player player(sandbox, "--follow live.cast");
  follows(player);
  player.send("0");
  player.when([](const PlaybackInfo& info) { return !info.following; });
  recorded.type("two");
  player.expect("got two.\r\n");
  follows(player);
  recorded.end();
  player.ends_with(0);
}

TEST_CASE("a file that another program writes, from before its header on") {
  const Sandbox sandbox;
  sandbox.write("foreign.cast", "");
  const Fd file(::open((sandbox / "foreign.cast").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  const auto append = [&](const std::string& text) {
    REQUIRE(write_all(file.get(), text, 5000).ok());
  };
  Player player(sandbox, "--follow foreign.cast");
  CHECK(test::eventually([&] { return test::playbacks(sandbox).size() == 1; }));
  const std::string text = recording_of({{0, "o", "A"}});
  append(text.substr(0, 10));
  append(text.substr(10));
  player.expect("A", 1500);
  append("[100, \"o\", \"B");
  append("C\"]\n");
  player.expect("BC", 1500);
  player.send("q");
  player.ends_with(0);
}

TEST_CASE("a file that nobody writes can be left") {
  const Sandbox sandbox;
  sandbox.write("old.cast", recording_of({{0, "o", "A"}, {100, "o", "B"}}));
  sandbox.write("empty.cast", "");
  for (const std::string file : {"old.cast", "empty.cast"}) {
    Player player(sandbox, "--follow " + file);
    CHECK(test::eventually([&] { return test::playbacks(sandbox).size() == 1; }));
    if (file == "old.cast") player.expect("AB");
    player.send("\x03");
    player.ends_with(1);
  }
}

TEST_CASE("what can't be followed") {
  const Sandbox sandbox;
  const Outcome missing = sandbox.run({"asciinema", "play", "--follow", "missing"});
  CHECK(missing.status == 1);
  CHECK(missing.err == "asciinema: playback failed: missing: No such file or directory\r\n");
  sandbox.write("text", "Dear diary,\n");
  const Outcome text = sandbox.run({"asciinema", "play", "--follow", "text"});
  CHECK(text.status == 1);
  CHECK(text.err == "asciinema: playback failed: text: line 1: not an asciicast recording\r\n");
}

TEST_CASE("a session whose client is killed ends its followers") {
  const Sandbox sandbox;
  Recorded recorded(sandbox);
  Player player(sandbox, "--follow live.cast");
  follows(player);
  recorded.kill();
  player.ends_with(0);
}

}  // namespace
}  // namespace asciinemad
