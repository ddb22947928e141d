// The process's log: one line an event, to a bounded file, to standard error or to the journal.
//
// For the thread of the loop only. Logging never fails the caller: what cannot be written is
// dropped.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "common/result.h"

namespace asciinemad::log {

enum class Level { error, warn, info, debug };

// When a log file passes this size it becomes FILE.1, replacing the one before.
inline constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 20;

std::optional<Level> find_level(std::string_view name);
// Unknown names give Level::info.
Level parse_level(std::string_view name);

void set_level(Level level);
bool enabled(Level level);

// Until called, and after a failure, lines go to standard error.
Status open_file(const std::string& path);
// Lines go nowhere.
void discard();
// Lines on standard error are for systemd's journal: they begin with the level as "<N>" of
// sd-daemon(3), and leave time and pid to it.
void use_journal_format();

void write_line(Level level, std::string_view text);

namespace internal {
inline void append(std::string& line, std::string_view part) { line += part; }
template <typename T>
requires std::is_integral_v<T>
void append(std::string& line, T part) { line += std::to_string(part); }
}  // namespace internal

template <typename... Parts>
void write(Level level, const Parts&... parts) {
  if (!enabled(level)) return;
  std::string line;
  (internal::append(line, parts), ...);
  write_line(level, line);
}

template <typename... Parts>
void error(const Parts&... parts) {
  write(Level::error, parts...);
}
template <typename... Parts>
void warn(const Parts&... parts) {
  write(Level::warn, parts...);
}
template <typename... Parts>
void info(const Parts&... parts) {
  write(Level::info, parts...);
}
template <typename... Parts>
void debug(const Parts&... parts) {
  write(Level::debug, parts...);
}

}  // namespace asciinemad::log
