#include "client/session_terminal.h"

namespace asciinemad {

Result<TerminalLoan> SessionTerminal::lend(SessionLoop& loop) {
  if (!lent_) {
    TRY_ASSIGN(loan_, lend_for_recording(loop.tty(), loop.pumps()));
    lent_ = true;
  }
  TerminalLoan loan;
  loan.description = loan_.description;
  if (loan_.input) {
    TRY_ASSIGN(loan.input, duplicate(loan_.input.get()));
  }
  if (loan_.output) {
    TRY_ASSIGN(loan.output, duplicate(loan_.output.get()));
  }
  // The user may have changed them while this process was stopped.
  if (loop.tty().is_input()) loan.description.saved_termios = loop.tty().settings_bytes();
  return loan;
}

}  // namespace asciinemad
