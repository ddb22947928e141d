#include "daemon/playback_overlay.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

namespace asciinemad {
namespace {

// Attributes off, and to a place.
std::string begin_at(int row, int col) {
  return "\x1b[0m\x1b[" + std::to_string(row) + ";" + std::to_string(col) + "H";
}

std::string format_speed(double speed) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%gx", speed);
  return text.data();
}

struct HelpLine {
  std::string keys;
  const char* meaning;
};

std::vector<HelpLine> help_lines(const PlaybackKeys::Bindings& bindings) {
  const auto name = [](const std::optional<Key>& key) {
    return key.has_value() ? describe(*key) : std::string("-");
  };
  return {{name(bindings.pause), "pause, go on"},
          {name(bindings.step) + " ,", "next, previous frame"},
          {name(bindings.next_marker) + " [", "next, previous marker"},
          {"right left", "5 seconds on, back"},
          {"0 to 9", "to a tenth of the whole"},
          {"+ -", "faster, slower"},
          {"i", "status line"},
          {"q  C-c", "quit"}};
}

}  // namespace

std::string format_time(std::uint64_t us) {
  const unsigned long long seconds = us / 1'000'000;
  std::array<char, 48> text{};
  if (seconds >= 3600) {
    std::snprintf(text.data(), text.size(), "%llu:%02llu:%02llu", seconds / 3600, seconds / 60 % 60,
                  seconds % 60);
  } else {
    std::snprintf(text.data(), text.size(), "%llu:%02llu", seconds / 60, seconds % 60);
  }
  return text.data();
}

std::string draw_status_line(const PlaybackStatus& status, const wire::WindowSize& terminal) {
  std::string text = " ";
  text += status.paused ? "paused" : status.live ? "live" : "playing";
  text += "  " + format_time(status.position_us);
  if (status.duration_us > 0) text += " / " + format_time(status.duration_us);
  text += "  " + format_speed(status.speed) + "  ?: keys ";
  text.resize(std::min<std::size_t>(text.size(), terminal.cols));
  std::string out = begin_at(terminal.rows, 1) + "\x1b[7m";
  out += text;
  out += "\x1b[0m";
  if (text.size() < terminal.cols) out += "\x1b[K";
  return out;
}

std::string draw_help(const PlaybackKeys::Bindings& bindings, const wire::WindowSize& terminal) {
  constexpr int kWidth = 38;
  const std::vector<HelpLine> lines = help_lines(bindings);
  const int height = static_cast<int>(lines.size()) + 2;
  int row = std::max(1, (terminal.rows - height) / 2 + 1);
  const int col = std::max(1, (terminal.cols - kWidth) / 2 + 1);
  const auto width = static_cast<std::size_t>(std::min<int>(kWidth, terminal.cols));
  std::string out = "\x1b[?25l";
  const auto add = [&](std::string text) {
    text.resize(kWidth, ' ');
    text.resize(width);
    if (row <= terminal.rows) out += begin_at(row++, col) + "\x1b[7m" + text;
  };
  add("");
  for (const HelpLine& line : lines) {
    std::string keys = "  " + line.keys;
    keys.resize(std::max<std::size_t>(keys.size() + 1, 14), ' ');
    add(keys + line.meaning);
  }
  add("  any key: back");
  return out + "\x1b[0m";
}

}  // namespace asciinemad
