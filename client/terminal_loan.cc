#include "client/terminal_loan.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace asciinemad {
namespace {

// Standard input as a nonblocking descriptor of our own, if it is a pipe.
Fd reopen_standard_input() {
  struct stat info {};
  if (::fstat(STDIN_FILENO, &info) != 0 || !S_ISFIFO(info.st_mode)) return Fd();
  return Fd(::open("/proc/self/fd/0", O_RDONLY | O_NONBLOCK | O_CLOEXEC));
}

}  // namespace

void TerminalLoan::describe() {
  description.has_input = static_cast<bool>(input);
  description.has_output = static_cast<bool>(output);
}

void TerminalLoan::append_fds(std::vector<int>& fds) const {
  for (const Fd* fd : {&input, &output}) {
    if (*fd) fds.push_back(fd->get());
  }
}

Status lend_input_by_pump(int fd, TerminalLoan& loan, std::vector<Pump>& pumps) {
  TRY_ASSIGN(Pipe pipe, make_pipe());
  TRY_ASSIGN(Fd input, duplicate(fd));
  TRY(set_nonblocking(pipe.write_end.get(), true));
  loan.input = std::move(pipe.read_end);
  pumps.emplace_back(std::move(input), std::move(pipe.write_end), Pump::Direction::in);
  return {};
}

Status lend_output_by_pump(int fd, TerminalLoan& loan, std::vector<Pump>& pumps) {
  TRY_ASSIGN(Pipe pipe, make_pipe());
  TRY_ASSIGN(Fd output, duplicate(fd));
  TRY(set_nonblocking(pipe.write_end.get(), true));
  loan.output = std::move(pipe.write_end);
  pumps.emplace_back(std::move(pipe.read_end), std::move(output), Pump::Direction::out);
  return {};
}

Result<TerminalLoan> lend_for_recording(const Tty& tty, std::vector<Pump>& pumps) {
  TerminalLoan loan;
  Result<Fd> terminal = tty.open_private();
  const bool is_private = terminal.ok();
  if (is_private) {
    loan.output = std::move(terminal).value();
  } else if (tty.is_output()) {
    TRY(lend_output_by_pump(tty.fd(), loan, pumps));
  }
  if (tty.is_input() && is_private) {
    TRY_ASSIGN(loan.input, duplicate(loan.output.get()));
    loan.description.input_is_terminal = true;
  } else if (Fd pipe = reopen_standard_input(); pipe) {
    loan.input = std::move(pipe);
  } else {
    TRY(lend_input_by_pump(STDIN_FILENO, loan, pumps));
  }
  loan.describe();
  if (tty.is_input()) loan.description.saved_termios = tty.settings_bytes();
  return loan;
}

}  // namespace asciinemad
