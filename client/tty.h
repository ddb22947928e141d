// Tty: the user's terminal, raw while a session runs and put back on every way out.
#pragma once

#include <termios.h>

#include <optional>
#include <string>

#include "common/fd.h"
#include "proto/message.h"

namespace asciinemad {

class Tty {
 public:
  Tty() = default;
  // Puts the settings back.
  ~Tty() { restore(); }
  Tty(const Tty&) = delete;
  Tty& operator=(const Tty&) = delete;

  // Finds the user's terminal: standard input's if that is one, else the controlling terminal for
  // output only. None is no error.
  void open();

  bool is_input() const { return input_; }
  bool is_output() const { return static_cast<bool>(fd_); }

  // Nonblocking descriptors with an open file description of their own, to give away: the session
  // must not change the flags of the shell's. An error when only inherited ones can be had.
  Result<Fd> open_private() const;
  // The terminal as we have it; blocking, perhaps shared with the shell.
  int fd() const { return fd_.get(); }

  // Settings before make_raw(), or the current ones; nullopt without a terminal.
  std::optional<termios> settings() const;
  // Size in characters and pixels; nullopt when there is none or the terminal does not know.
  std::optional<wire::WindowSize> size() const;

  void make_raw();
  void restore();

 private:
  Fd fd_;
  bool input_ = false;
  std::optional<termios> saved_;
};

}  // namespace asciinemad
