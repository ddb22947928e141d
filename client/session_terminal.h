// SessionTerminal: what a session's client has lent its daemon, for lending it again: when the
// client goes on after a stop, or to the next daemon.
#pragma once

#include "client/session_loop.h"
#include "client/terminal_loan.h"
#include "common/result.h"

namespace asciinemad {

class SessionTerminal {
 public:
  // The same descriptors each time, so that no byte is lost in the pipe of a pump. The loop's
  // terminal has been opened.
  Result<TerminalLoan> lend(SessionLoop& loop);
  // The daemon has closed what it got: pumps learn of the end.
  void close() { loan_ = {}; }

 private:
  TerminalLoan loan_;
  bool lent_ = false;
};

}  // namespace asciinemad
