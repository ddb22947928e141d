#include "client/messages.h"

#include <unistd.h>

#include <string>

#include "common/fd.h"
#include "common/printable.h"

namespace asciinemad {
namespace {

// A reader that has stopped must not stop the session's end.
constexpr int kWriteTimeoutMs = 2000;

}  // namespace

void print_out(std::string_view text) {
  static_cast<void>(write_all(STDOUT_FILENO, text, kWriteTimeoutMs));
}

void print_err(std::string_view text) {
  static_cast<void>(write_all(STDERR_FILENO, text, kWriteTimeoutMs));
}

Messages::Messages(bool quiet) : quiet_(quiet), colours_(::isatty(STDERR_FILENO) != 0) {}

void Messages::info(std::string_view text) const {
  if (!quiet_) print("\x1b[0;32m", text);
}

void Messages::warn(std::string_view text) const {
  if (!quiet_) print("\x1b[0;33m", text);
}

void Messages::error(std::string_view text) const { print("\x1b[0;31m", text); }

void Messages::print_lines(std::string_view text) const {
  if (quiet_) return;
  std::string lines;
  for (;;) {
    const std::size_t end = text.find('\n');
    lines += printable(text.substr(0, end)) + "\n";
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  print_err(lines);
}

void Messages::print(std::string_view colour, std::string_view text) const {
  std::string line;
  if (colours_) line += colour;
  line += "asciinema: ";
  line += printable(text);
  if (colours_) line += "\x1b[0m";
  line += "\r\n";
  print_err(line);
}

}  // namespace asciinemad
