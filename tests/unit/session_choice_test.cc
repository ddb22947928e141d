#include "client/session_choice.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "client/status.h"

namespace asciinemad {
namespace {

wire::SessionInfo session(const std::string& id, const std::string& name = {}) {
  wire::SessionInfo info;
  info.session = id;
  info.name = name;
  return info;
}

wire::PlaybackInfo playback(const std::string& id, const std::string& name) {
  wire::PlaybackInfo info;
  info.playback = id;
  info.name = name;
  return info;
}

// "aaaa2222" for what is chosen, else the exit status and the message.
std::string chosen(const wire::StatusReply& status, const Wanted& wanted, Kinds kinds) {
  const Choice choice = choose(status, wanted, kinds);
  if (const auto* recording = std::get_if<wire::SessionInfo>(&choice)) return recording->session;
  if (const auto* played = std::get_if<wire::PlaybackInfo>(&choice)) return played->playback;
  const auto* none = std::get_if<NoChoice>(&choice);
  REQUIRE(none != nullptr);
  return std::to_string(none->exit_status) + " " + none->message;
}

wire::StatusReply several() {
  wire::StatusReply status;
  status.sessions = {session("aaaa2222", "build"), session("aabb2222"), session("build222")};
  status.playbacks = {playback("cccc2222", "/home/me/c.cast"), playback("aacc2222", "build"),
                      playback("ccdd2222", "d.cast")};
  return status;
}

TEST_CASE("without an ID the only one is meant") {
  wire::StatusReply status;
  CHECK(chosen(status, {}, Kinds::recordings) == "3 nothing is being recorded");
  CHECK(chosen(status, {}, Kinds::playbacks) == "3 nothing is being played");
  CHECK(chosen(status, {}, Kinds::both) == "3 nothing is being recorded or played");
  status.sessions = {session("aaaa2222")};
  CHECK(chosen(status, {}, Kinds::recordings) == "aaaa2222");
  CHECK(chosen(status, {}, Kinds::both) == "aaaa2222");
  CHECK(chosen(status, {}, Kinds::playbacks) == "3 nothing is being played");
  status.playbacks = {playback("cccc2222", "c.cast")};
  CHECK(chosen(status, {}, Kinds::playbacks) == "cccc2222");
  CHECK(chosen(status, {}, Kinds::recordings) == "aaaa2222");
  CHECK(chosen(status, {}, Kinds::both) ==
        "3 several recordings are being made or played; choose one by -S ID:");
  CHECK(chosen(several(), {}, Kinds::playbacks) ==
        "3 several recordings are being played; choose one by -S ID:");
  CHECK(chosen(several(), {}, Kinds::recordings) ==
        "3 several recordings are being made; choose one by -S ID:");
}

TEST_CASE("an ID is a whole id, the beginning of one, or a name") {
  for (const auto& [id, meant] : {std::pair<std::string, std::string>{"aaaa2222", "aaaa2222"},
                                  {"aaa", "aaaa2222"},
                                  {"build222", "build222"},
                                  {"ccdd2222", "ccdd2222"},
                                  {"ccc", "cccc2222"},
                                  {"c.cast", "cccc2222"},
                                  {"/home/me/c.cast", "cccc2222"}}) {
    CHECK(chosen(several(), {id, false}, Kinds::both) == meant);
  }
  CHECK(chosen(several(), {"build", false}, Kinds::recordings) == "aaaa2222");
  CHECK(chosen(several(), {"aac", false}, Kinds::playbacks) == "aacc2222");
  CHECK(chosen(several(), {"zz", false}, Kinds::both) == "3 there is no session or playback zz");
  CHECK(chosen(several(), {"zz", false}, Kinds::recordings) == "3 there is no session zz");
  CHECK(chosen(several(), {"zz", false}, Kinds::playbacks) == "3 there is no playback zz");
}

TEST_CASE("of several that could be meant none is chosen") {
  const Choice choice = choose(several(), {"aa", false}, Kinds::both);
  const auto* none = std::get_if<NoChoice>(&choice);
  REQUIRE(none != nullptr);
  CHECK(none->exit_status == 3);
  CHECK(none->message == "aa means several recordings and playbacks; choose one by -S ID:");
  CHECK(none->sessions.size() == 2);
  CHECK(none->playbacks.size() == 1);
  CHECK(chosen(several(), {"build", false}, Kinds::both) ==
        "3 build means several recordings and playbacks; choose one by -S ID:");
  CHECK(chosen(several(), {"cc", false}, Kinds::both) ==
        "3 cc means several playbacks; choose one by -S ID:");
}

TEST_CASE("the other kind is no target") {
  CHECK(chosen(several(), {"aaaa", false}, Kinds::playbacks) ==
        "1 aaaa is a recording, not a playback");
  CHECK(chosen(several(), {"c.cast", false}, Kinds::recordings) ==
        "1 c.cast is a playback, not a recording");
}

TEST_CASE("the session around the command counts when nothing is said, but not for playbacks") {
  const FixedEnvironment inside({{"ASCIINEMA_SESSION", "aabb2222"}});
  const FixedEnvironment outside({});
  CHECK(find_wanted(std::nullopt, Kinds::both, inside).id == "aabb2222");
  CHECK(find_wanted(std::nullopt, Kinds::recordings, inside).from_environment);
  CHECK(find_wanted("x", Kinds::both, inside).id == "x");
  CHECK_FALSE(find_wanted("x", Kinds::both, inside).from_environment);
  CHECK(find_wanted(std::nullopt, Kinds::playbacks, inside).id.empty());
  CHECK(find_wanted(std::nullopt, Kinds::both, outside).id.empty());
  CHECK_FALSE(find_wanted(std::nullopt, Kinds::both, outside).from_environment);

  CHECK(chosen(several(), {"aabb2222", true}, Kinds::both) == "aabb2222");
  CHECK(chosen(several(), {"build", true}, Kinds::both) == "aaaa2222");
  CHECK(chosen(several(), {"aaaa", true}, Kinds::both) ==
        "3 the session aaaa ($ASCIINEMA_SESSION) is not being recorded any more");
}

TEST_CASE("whole ids") {
  CHECK(is_whole_id("abcxyz27"));
  for (const char* id :
       {"", "abcdefg", "abcdefghi", "abcdefg1", "abcdefg8", "Abcdefgh", "abc-efgh"}) {
    CAPTURE(id);
    CHECK_FALSE(is_whole_id(id));
  }
}

TEST_CASE("-S and --session, with the ID behind it or within") {
  const auto given = [](std::vector<std::string> words, int& i) {
    std::vector<char*> argv;
    argv.reserve(words.size());
    for (std::string& word : words) argv.push_back(word.data());
    return parse_session_option(static_cast<int>(argv.size()), argv.data(), i);
  };
  int i = 0;
  CHECK(given({"-S", "x"}, i) == "x");
  CHECK(i == 1);
  i = 0;
  CHECK(given({"--session", "x"}, i) == "x");
  CHECK(i == 1);
  i = 0;
  CHECK(given({"-Sx"}, i) == "x");
  CHECK(given({"--session=x"}, i) == "x");
  CHECK(given({"--session="}, i) == "");
  CHECK(given({"-S"}, i) == "");
  CHECK_FALSE(given({"--sessions"}, i).has_value());
  CHECK(i == 0);
}

TEST_CASE("names have a column when there are any, and a recording without a terminal says so") {
  wire::SessionInfo plain = session("aaaa2222");
  plain.path = "a.cast";
  plain.command = "sh";
  wire::SessionInfo named = session("bbbb2222", "bu\x1bild");
  named.path = "b.cast";
  named.command = "make";
  named.started_at_ms = 1;
  CHECK(list_text({plain}, {}, "") ==
        "recording  aaaa2222  80x24  0:00  recording  a.cast  (sh)\n");
  CHECK(list_text({plain, named}, {}, "") ==
        "recording  aaaa2222          80x24  0:00  recording           a.cast  (sh)\n"
        "recording  bbbb2222  bu?ild  80x24  0:00  recording detached  b.cast  (make)\n");
}

}  // namespace
}  // namespace asciinemad
