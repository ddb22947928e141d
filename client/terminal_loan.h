// TerminalLoan: what a session's daemon gets of the user's terminal.
#pragma once

#include <vector>

#include "client/pump.h"
#include "client/tty.h"
#include "common/fd.h"
#include "common/result.h"
#include "proto/message.h"

namespace asciinemad {

// The size that is told where no terminal knows one.
inline constexpr wire::WindowSize kDefaultSize{80, 24, 0, 0};

// Descriptors to give away, and what they are.
struct TerminalLoan {
  wire::Terminal description;
  Fd input;
  Fd output;

  // Sets what the descriptors themselves tell.
  void describe();
  // In the protocol's order.
  void append_fds(std::vector<int>& fds) const;
};

// Where a descriptor of ours can't be given away, the loan gets a pipe, and `pumps` one more.
Status lend_input_by_pump(int fd, TerminalLoan& loan, std::vector<Pump>& pumps);
Status lend_output_by_pump(int fd, TerminalLoan& loan, std::vector<Pump>& pumps);

// For a recording: the input is standard input, the output `tty`.
Result<TerminalLoan> lend_for_recording(const Tty& tty, std::vector<Pump>& pumps);

}  // namespace asciinemad
