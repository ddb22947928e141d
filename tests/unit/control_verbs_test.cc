#include "client/control_verbs.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace asciinemad {
namespace {

namespace steer = wire::steer;

using Words = std::vector<std::string_view>;

const ControlVerb& verb(std::string_view name) {
  const ControlVerb* found = find_control_verb(name);
  REQUIRE(found != nullptr);
  return *found;
}

bool for_playbacks(std::string_view name) { return verb(name).control != nullptr; }
bool for_recordings(std::string_view name) { return verb(name).steer != nullptr; }

Result<SteerWish> steered(std::string_view name, const Words& words, bool option = false) {
  return verb(name).steer({words, option});
}

template <typename Action>
Action action_of(std::string_view name, const Words& words, bool option = false) {
  const Result<SteerWish> wish = steered(name, words, option);
  REQUIRE(wish.ok());
  CHECK_FALSE(wish->from_input);
  REQUIRE(std::holds_alternative<Action>(wish->action));
  return *std::get_if<Action>(&wish->action);
}

TEST_CASE("what each verb asks of a recording") {
  action_of<steer::Pause>("pause", {});
  action_of<steer::Resume>("resume", {});
  action_of<steer::Toggle>("toggle", {});
  action_of<steer::Stop>("stop", {});
  action_of<steer::Discard>("discard", {});
  action_of<steer::Detach>("detach", {});
  CHECK(action_of<steer::Mark>("mark", {}).label.empty());
  CHECK(action_of<steer::Mark>("mark", {"step 1"}).label == "step 1");
  CHECK(action_of<steer::Title>("title", {"A title"}).title == "A title");
  CHECK(action_of<steer::Title>("title", {""}).title.empty());
  const wire::WindowSize size = action_of<steer::Resize>("resize", {"100x30"}).size;
  CHECK(size.cols == 100);
  CHECK(size.rows == 30);
  CHECK(action_of<steer::Resize>("resize", {"1X65535"}).size.rows == 65535);
  CHECK(action_of<steer::Send>("send", {"ls -l\n"}).bytes == "ls -l\n");
  CHECK(action_of<steer::Send>("send", {"l", "s", "Enter"}, true).bytes == "ls\r");
  CHECK(action_of<steer::Send>("send", {"-"}, true).bytes == "-");
  const Result<SteerWish> input = steered("send", {"-"});
  REQUIRE(input.ok());
  CHECK(input->from_input);
}

TEST_CASE("which verbs are for what") {
  for (const char* name : {"pause", "resume", "toggle", "stop"}) {
    CHECK(for_playbacks(name));
    CHECK(for_recordings(name));
  }
  for (const char* name : {"mark", "title", "send", "resize", "detach", "discard"}) {
    CHECK_FALSE(for_playbacks(name));
    CHECK(for_recordings(name));
  }
  for (const char* name : {"step", "seek", "speed", "marker"}) {
    CHECK(for_playbacks(name));
    CHECK_FALSE(for_recordings(name));
  }
  CHECK(find_control_verb("mar") == nullptr);
}

TEST_CASE("what makes no sense") {
  for (const auto& [name, words] : {std::pair<std::string, Words>{"pause", {"x"}},
                                    {"mark", {"two", "labels"}},
                                    {"title", {}},
                                    {"send", {}},
                                    {"send", {"two", "texts"}},
                                    {"resize", {}},
                                    {"resize", {"80"}},
                                    {"resize", {"80x"}},
                                    {"resize", {"x24"}},
                                    {"resize", {"0x24"}},
                                    {"resize", {"80x65536"}},
                                    {"resize", {"80x-1"}},
                                    {"resize", {"80x24x1"}},
                                    {"resize", {"80 x 24"}}}) {
    const auto& shown_name = name;  // clang captures no structured binding
    CAPTURE(shown_name);
    const Result<SteerWish> wish = steered(name, words);
    REQUIRE_FALSE(wish.ok());
    CHECK(wish.error().code == Errc::invalid_argument);
  }
  CHECK_FALSE(steered("send", {}, true).ok());
  CHECK_FALSE(steered("send", {"Enter", "Nter"}, true).ok());
}

TEST_CASE("a long text takes several messages, and nothing of it is lost") {
  std::string text;
  while (text.size() <= 2 * kMaxSendBytes) text += std::to_string(text.size()) + " ";
  const std::vector<SteerAction> messages = divide(steer::Send{text});
  CHECK(messages.size() == 3);
  std::string typed;
  for (const SteerAction& message : messages) {
    const auto* send = std::get_if<steer::Send>(&message);
    REQUIRE(send != nullptr);
    CHECK(send->bytes.size() <= kMaxSendBytes);
    typed += send->bytes;
  }
  CHECK(typed == text);
  CHECK(divide(steer::Send{}).size() == 1);
  CHECK(divide(steer::Send{std::string(kMaxSendBytes, 'x')}).size() == 1);
  CHECK(divide(steer::Mark{"x"}).size() == 1);
}

}  // namespace
}  // namespace asciinemad
