// A recording cannot make the terminal do what its user does not want.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/player.h"

namespace asciinemad {
namespace {

using test::Player;
using test::recording_of;
using test::Sandbox;

// Makes the terminal send something.
const std::vector<std::string> kQueries = {
    "\x1b[6n",         "\x1b[c",       "\x1b[>c",        "\x1b[>q",           "\x1b[18t",
    "\x1b[?u",         "\x1b[?2026$p", "\x1bP$qm\x1b\\", "\x1bP+q544e\x1b\\", "\x1b]11;?\x07",
    "\x1b]52;c;?\x07", "\x05",         "\x1bZ",
};

// More than showing.
const std::vector<std::string> kLiberties = {
    "\x1b]52;c;aGk=\x07", "\x1bPq#0~\x1b\\", "\x1b_x\x1b\\", "\x1b^x\x1b\\",
    "\x1bXx\x1b\\",       "\x1b[3;1;1t",     "\x1b[5i",      "\x1b]1337;File=x\x07",
};

// Harmless anywhere.
const std::vector<std::string> kHarmless = {
    "\x1b]0;title\x07", "\x1b]8;;http://x/\x1b\\link\x1b]8;;\x1b\\", "\x1b[1;2H", "\x1b]133;A\x07"};

std::string joined(const std::vector<std::vector<std::string>>& lists) {
  std::string text = "<";
  for (const auto& list : lists) {
    for (const std::string& part : list) text += part + ",";
  }
  return text + ">";
}

// What is left of those that are filtered: the text around them.
std::string filtered(const std::vector<std::string>& list) { return std::string(list.size(), ','); }

const std::string kEverything = joined({kQueries, kLiberties, kHarmless});

std::string with(const std::string& queries, const std::string& liberties) {
  std::string harmless = joined({kHarmless});
  return "<" + queries + liberties + harmless.substr(1);
}

std::string plain(const std::vector<std::string>& list) {
  const std::string text = joined({list});
  return text.substr(1, text.size() - 2);
}

TEST_CASE("of a local file, queries are kept from the terminal") {
  const Sandbox sandbox;
  sandbox.write("a.cast", recording_of({{0, "o", kEverything}}));
  CHECK((Player(sandbox, "a.cast").ends_with(0) == with(filtered(kQueries), plain(kLiberties))));
}

TEST_CASE("of anybody else's recording, all that is more than showing") {
  const Sandbox sandbox;
  sandbox.write("a.cast", recording_of({{0, "o", kEverything}}));
  const std::string expected = with(filtered(kQueries), filtered(kLiberties));
  for (const std::string source : {"- <a.cast", "<(cat a.cast)", "/dev/stdin <a.cast"}) {
    CAPTURE(source);
    CHECK((Player(sandbox, source).ends_with(0) == expected));
  }
}

TEST_CASE("--trust shows everything") {
  const Sandbox sandbox;
  sandbox.write("a.cast", recording_of({{0, "o", kEverything}}));
  CHECK((Player(sandbox, "--trust a.cast").ends_with(0) == kEverything));
  CHECK((Player(sandbox, "--trust - <a.cast").ends_with(0) == kEverything));
}

TEST_CASE("a harmful sequence in pieces is no less harmful") {
  const Sandbox sandbox;
  std::vector<test::RecordedEvent> events;
  for (const char c : kEverything) events.push_back({0, "o", std::string(1, c)});
  sandbox.write("a.cast", recording_of(events));
  CHECK((Player(sandbox, "- <a.cast").ends_with(0) ==
         with(filtered(kQueries), filtered(kLiberties))));
}

TEST_CASE("typed input is shown as safely as output") {
  const Sandbox sandbox;
  sandbox.write("a.cast", recording_of({{0, "i", "<\x1b[6n,\x1b]52;c;aGk=\x07,>"}}));
  CHECK((Player(sandbox, "--stream i - <a.cast").ends_with(0) == "<,,>"));
}

TEST_CASE("what comes out of a pipe is as safe") {
  const Sandbox sandbox;
  const std::string recording = recording_of({{0, "o", kEverything}});
  const std::string expected = with(filtered(kQueries), filtered(kLiberties));
  CHECK((sandbox.run_shell("exec asciinema play - <<'X' | cat\n" + recording + "X\n").out ==
         expected));
}

TEST_CASE("a jump shows nothing harmful either") {
  const Sandbox sandbox;
  sandbox.write("a.cast", recording_of({{0, "o", "A" + kEverything}, {10, "o", "B"}}));
  const std::string shown = Player(sandbox, "--start-at 20 --trust a.cast").ends_with(0);
  CHECK(test::contains(shown, "B"));
  for (const auto& list : {kQueries, kLiberties}) {
    for (const std::string& part : list) CHECK_FALSE(test::contains(shown, part));
  }
}

TEST_CASE("names and reasons in messages are printable") {
  const Sandbox sandbox;
  sandbox.write("a\x1b[6n.cast", "{\"version\": 2, \"\x1b]52;c;aGk=\x07\n");
  Player player(sandbox, "a*.cast");
  const std::string shown = player.ends_with(1);
  CHECK_FALSE(test::contains(shown, "\x1b[6n"));
  CHECK_FALSE(test::contains(shown, "\x1b]52"));
}

}  // namespace
}  // namespace asciinemad
