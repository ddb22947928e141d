// What a playback draws over the screen it shows: the status line, the help.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/playback_keys.h"
#include "proto/message.h"

namespace asciinemad {

struct PlaybackStatus {
  std::uint64_t position_us = 0;
  std::uint64_t duration_us = 0;  // 0: not known
  double speed = 1;
  bool paused = false;
  bool live = false;
};

// Bytes that draw it in the terminal's last row. They leave cursor and attributes anywhere.
std::string draw_status_line(const PlaybackStatus& status, const wire::WindowSize& terminal);

// Bytes that draw the list of keys in the middle of the terminal, and hide the cursor.
std::string draw_help(const PlaybackKeys::Bindings& bindings, const wire::WindowSize& terminal);

// "1:02" or "1:00:02".
std::string format_time(std::uint64_t us);

}  // namespace asciinemad
