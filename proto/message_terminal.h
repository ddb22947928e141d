// What messages of sessions and playbacks say about terminals.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace asciinemad::wire {

struct WindowSize {
  std::uint16_t cols = 80;
  std::uint16_t rows = 24;
  std::uint16_t xpixel = 0;
  std::uint16_t ypixel = 0;
  bool operator==(const WindowSize&) const = default;
};

struct Terminal {
  bool has_input = false;
  bool has_output = false;
  bool input_is_terminal = false;
  std::string saved_termios;
};

struct Notifications {
  bool enabled = false;
  std::string command;
  std::string icon_path;
  std::vector<std::string> environment;
  bool operator==(const Notifications&) const = default;
};

}  // namespace asciinemad::wire
