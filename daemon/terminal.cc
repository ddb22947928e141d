#include "daemon/terminal.h"

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/log.h"

namespace asciinemad {

Result<std::unique_ptr<Terminal>> Terminal::open(uv::Loop& loop, Resources resources,
                                                 std::span<char> scratch, Listener& listener) {
  std::unique_ptr<Terminal> terminal(new Terminal(std::move(resources), scratch, listener));
  if (terminal->resources_.input) {
    TRY_ASSIGN(terminal->input_poll_, uv::make_poll(loop, terminal->resources_.input.get()));
  }
  if (terminal->resources_.output) {
    TRY_ASSIGN(terminal->output_poll_, uv::make_poll(loop, terminal->resources_.output.get()));
  }
  return terminal;
}

bool Terminal::output_is_terminal() const {
  return resources_.output && ::isatty(resources_.output.get()) != 0;
}

void Terminal::set_reading(bool reading) {
  if (!input_poll_ || input_ended_ || reading == reading_) return;
  reading_ = reading;
  uv::watch<&Terminal::on_input_ready>(input_poll_, reading ? UV_READABLE : 0, this);
}

void Terminal::on_input_ready(int /*events*/) {
  ssize_t n = 0;
  do {
    n = ::read(resources_.input.get(), scratch_.data(), scratch_.size());
  } while (n < 0 && errno == EINTR);
  if (n > 0) {
    listener_.on_terminal_input({scratch_.data(), static_cast<std::size_t>(n)});
    return;
  }
  if (n < 0 && errno == EAGAIN) return;
  if (n == 0 && deliver_typed_end_of_file()) return;
  set_reading(false);
  input_ended_ = true;
  listener_.on_terminal_input_end();
}

// Reading nothing from a terminal that is still there: somebody else has put it into canonical
// mode, and the end-of-file character was typed.
bool Terminal::deliver_typed_end_of_file() {
  termios settings{};
  if (!resources_.input_is_terminal || ::tcgetattr(resources_.input.get(), &settings) != 0 ||
      (settings.c_lflag & ICANON) == 0) {
    return false;
  }
  const char end_of_file = static_cast<char>(settings.c_cc[VEOF]);
  listener_.on_terminal_input({&end_of_file, 1});
  return true;
}

std::string_view Terminal::write_some(std::string_view bytes) {
  const int error = write_available(resources_.output.get(), bytes);
  if (error == 0 || error == EAGAIN) return bytes;
  log::debug("terminal is gone: ", std::strerror(error));
  output_poll_.reset();
  resources_.output.reset();
  return {};
}

void Terminal::write(std::string_view bytes) {
  if (!resources_.output) return;
  if (unwritten_.empty()) bytes = write_some(bytes);
  if (bytes.empty()) return;
  unwritten_.append(bytes);
  uv::watch<&Terminal::on_output_ready>(output_poll_, UV_WRITABLE, this);
}

void Terminal::on_output_ready(int /*events*/) {
  const std::string_view rest = write_some(unwritten_);
  if (!rest.empty()) {
    unwritten_.erase(0, unwritten_.size() - rest.size());
    return;
  }
  unwritten_ = std::string();
  if (output_poll_) uv::watch<&Terminal::on_output_ready>(output_poll_, 0, this);
  listener_.on_terminal_drained();
}

// A terminal may refuse just because somebody else writes to it at the same moment.
void Terminal::write_last(std::string_view bytes) {
  write(bytes);
  for (int tries = kPatienceMs; tries > 0 && !unwritten_.empty(); --tries) {
    ::poll(nullptr, 0, 1);
    unwritten_ = std::string(write_some(unwritten_));
  }
}

void Terminal::restore_settings() {
  termios saved{};
  if (resources_.saved_termios.size() != sizeof(saved)) return;
  std::memcpy(&saved, resources_.saved_termios.data(), sizeof(saved));
  const int fd = resources_.input ? resources_.input.get() : resources_.output.get();
  if (fd >= 0) ::tcsetattr(fd, TCSANOW, &saved);
}

}  // namespace asciinemad
