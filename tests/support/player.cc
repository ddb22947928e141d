#include "tests/support/player.h"

#include <doctest/doctest.h>

#include "common/json_text.h"
#include "tests/support/peer.h"

namespace asciinemad::test {

std::string recording_of(const std::vector<RecordedEvent>& events, const std::string& keys) {
  std::string text = "{\"version\": 2, \"width\": 80, \"height\": 24";
  text += (keys.empty() ? "" : ", ") + keys + "}\n";
  for (const RecordedEvent& event : events) {
    text += "[" + std::to_string(event.at_s) + ", \"" + event.code + "\", ";
    append_json_string(text, event.data);
    text += "]\n";
  }
  return text;
}

std::vector<wire::PlaybackInfo> playbacks(const Sandbox& sandbox) {
  Peer peer(sandbox);
  peer.greet();
  return peer.status().playbacks;
}

Player::Player(const Sandbox& sandbox, const std::string& command, TerminalSize size)
    : PtyDriver(sandbox,
                {"bash", "-c", "read go; asciinema play " + command + "; echo status=$?; read end"},
                size),
      sandbox_(sandbox),
      before_(settings()) {
  send("\r");
  expect("\r\n");
}

wire::PlaybackInfo Player::when(const std::function<bool(const wire::PlaybackInfo&)>& is_so) const {
  wire::PlaybackInfo found;
  const bool came = eventually([&] {
    const std::vector<wire::PlaybackInfo> all = playbacks(sandbox_);
    if (all.size() == 1) found = all.front();
    return all.size() == 1 && is_so(found);
  });
  CAPTURE(found.position_us);
  CAPTURE(found.paused);
  CAPTURE(found.speed);
  REQUIRE_MESSAGE(came, "the playback never comes to that");
  return found;
}

wire::PlaybackInfo Player::pause() {
  send(" ");
  return when([](const wire::PlaybackInfo& info) { return info.paused; });
}

pid_t Player::client() const {
  const Outcome outcome = sandbox_.run({"pgrep", "-P", std::to_string(pid())});
  REQUIRE(outcome.status == 0);
  return std::stoi(outcome.out);
}

std::string Player::ends_with(int status) {
  const std::string end = "status=" + std::to_string(status) + "\r\n";
  expect("status=");
  CHECK(same_settings(settings(), before_));
  const std::size_t begin = screen().find("\r\n") + 2;
  const std::size_t shown = screen().rfind("status=");
  send("\r");
  wait();
  CHECK(screen().substr(shown).starts_with(end));
  return screen().substr(begin, shown - begin);
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace asciinemad::test
