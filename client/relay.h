// Relay: serves a command whose session has lost its daemon for good: bytes between the user's
// terminal and the PTY, nothing recorded.
#pragma once

#include <string>

#include "client/pump.h"
#include "client/session_loop.h"
#include "client/terminal_loan.h"
#include "common/fd.h"
#include "common/result.h"

namespace asciinemad {

struct RelaySetup {
  TerminalLoan terminal;
  Fd master;         // the PTY's, nonblocking
  int home = -1;     // ends with the shim, which ends with the command
  std::string path;  // of the recording that is cut short
};

class Relay {
 public:
  // The loop's pumps go on, and its terminal is raw. `size`: see SessionLoop::Listener::size().
  Relay(SessionLoop& loop, const SessionLoop::Listener& listener, RelaySetup setup);

  // Says on the terminal why nothing is recorded any more, and with which lines the daemon's log
  // ends. Returns when the command has ended and its output is shown, or when a signal ends this
  // process.
  void run(const std::string& reason);

 private:
  bool wait_once();
  void take_signals();
  void show_rest();
  void set_size() const;

  SessionLoop& loop_;
  const SessionLoop::Listener& listener_;
  const Fd master_;
  const Fd output_;
  const int home_;
  const std::string path_;
  Pump to_command_;
  Pump to_user_;
  bool left_ = false;
};

// The last lines of a file of text, each with its newline; fewer than `count` where they are long.
std::string last_lines(const std::string& path, std::size_t count);

}  // namespace asciinemad
