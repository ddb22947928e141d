// Tty: the user's terminal, raw while a session runs and put back on every way out.
#pragma once

#include <termios.h>

#include <optional>
#include <string>

#include "common/fd.h"
#include "proto/message.h"

namespace asciinemad {

// A nonblocking descriptor of the terminal behind `fd`, with an open file description of its own,
// to give away: a session must not change the flags of the shell's. `access`: O_RDWR or O_WRONLY.
// An error when only inherited ones can be had.
Result<Fd> open_private_terminal(int fd, int access);

// In characters and pixels; nullopt when `fd` is no terminal or that does not know.
std::optional<wire::WindowSize> terminal_size(int fd);

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
  // Finds the terminal whose keys steer a playback, whatever standard input is: standard input's,
  // else the controlling terminal, else standard output's. None when another job has it in the
  // foreground, unless that is standard output's: whoever wants to show something there has to
  // wait.
  void open_for_keys();

  bool is_input() const { return input_; }
  bool is_output() const { return static_cast<bool>(fd_); }

  // See open_private_terminal().
  Result<Fd> open_private() const;
  // The terminal as we have it; blocking, perhaps shared with the shell.
  int fd() const { return fd_.get(); }

  // Settings before make_raw(), or the current ones; nullopt without a terminal.
  std::optional<termios> settings() const;
  // These as the protocol has them; empty without a terminal.
  std::string settings_bytes() const;
  std::optional<wire::WindowSize> size() const { return terminal_size(fd_.get()); }

  void make_raw();
  void restore();

 private:
  Fd fd_;
  bool input_ = false;
  std::optional<termios> saved_;
};

}  // namespace asciinemad
