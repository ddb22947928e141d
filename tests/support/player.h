// Player: `asciinema play` on a terminal, and recordings for it.
#pragma once

#include <signal.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/message.h"
#include "tests/support/pty_driver.h"
#include "tests/support/sandbox.h"

namespace asciinemad::test {

using Argv = std::vector<std::string>;

struct RecordedEvent {
  double at_s = 0;
  std::string code;
  std::string data;
};

// An asciicast v2 of 80x24. `keys`: more of the header's, such as `"title": "x"`.
std::string recording_of(const std::vector<RecordedEvent>& events, const std::string& keys = "");

// What one who watches the daemon learns of all playbacks.
std::vector<wire::PlaybackInfo> playbacks(const Sandbox& sandbox);

// The program is a shell that outlives the client, as users have it: it prints "status=N" and
// ends with the next line that is typed.
class Player : public PtyDriver {
 public:
  // `command`: for the shell, behind "asciinema play".
  Player(const Sandbox& sandbox, const std::string& command, TerminalSize size = {});

  // Waits until it is the only playback and so.
  wire::PlaybackInfo when(const std::function<bool(const wire::PlaybackInfo&)>& is_so) const;
  wire::PlaybackInfo pause();
  pid_t client() const;
  const termios& settings_before() const { return before_; }
  // Waits for the end of the client; returns all that was shown before the shell's word.
  std::string ends_with(int status);

 private:
  const Sandbox& sandbox_;
  const termios before_;
};

bool contains(std::string_view text, std::string_view part);

}  // namespace asciinemad::test
