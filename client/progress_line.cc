#include "client/progress_line.h"

#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <string_view>

#include "client/messages.h"
#include "client/tty.h"
#include "common/clock.h"

namespace asciinemad {
namespace {

constexpr std::uint64_t kFirstAfterUs = 500'000;
constexpr std::uint64_t kIntervalUs = 200'000;

bool can_redraw() {
  const char* term = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) != 0 && term != nullptr && *term != '\0' &&
         std::string_view(term) != "dumb";
}

}  // namespace

ProgressLine::ProgressLine(bool wanted)
    : enabled_(wanted && can_redraw()), next_draw_us_(SystemClock().now_us() + kFirstAfterUs) {}

std::size_t ProgressLine::columns() {
  const std::optional<wire::WindowSize> size = terminal_size(STDERR_FILENO);
  const std::size_t columns = size.has_value() && size->cols > 0 ? size->cols : 80;
  // A full line would make some terminals go on to the next.
  return columns - 1;
}

void ProgressLine::show(std::string text) {
  const std::uint64_t now_us = SystemClock().now_us();
  if (!enabled_ || now_us < next_draw_us_) return;
  if (::tcgetpgrp(STDERR_FILENO) != ::getpgrp()) return;
  if (text.size() > columns()) text.resize(columns());
  next_draw_us_ = now_us + kIntervalUs;
  if (text == shown_) return;
  // Over the old one, so that nothing flickers.
  print_err("\r" + text + "\x1b[K");
  shown_ = std::move(text);
}

void ProgressLine::erase() {
  if (shown_.empty()) return;
  shown_.clear();
  print_err("\r\x1b[K");
}

}  // namespace asciinemad
