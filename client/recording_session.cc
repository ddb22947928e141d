#include "client/recording_session.h"

#include <unistd.h>

#include <vector>

#include "client/platform.h"
#include "client/shim.h"

namespace asciinemad {
namespace {

// For what the session's end has left in a pump.
constexpr int kPumpTimeoutMs = 10'000;

}  // namespace

wire::WindowSize RecordingSession::size() const {
  wire::WindowSize size = loop_.tty().size().value_or(kDefaultSize);
  if (fixed_cols_.has_value() || fixed_rows_.has_value()) size.xpixel = size.ypixel = 0;
  size.cols = fixed_cols_.value_or(size.cols);
  size.rows = fixed_rows_.value_or(size.rows);
  return size;
}

Result<TerminalLoan> RecordingSession::lend_terminal() {
  return lend_for_recording(loop_.tty(), loop_.pumps());
}

Result<Fd> RecordingSession::recording_fd(const Wish& wish) {
  if (wish.recording >= 0) return duplicate(wish.recording);
  TRY_ASSIGN(Pipe pipe, make_pipe());
  TRY_ASSIGN(Fd output, duplicate(STDOUT_FILENO));
  loop_.pumps().emplace_back(std::move(pipe.read_end), std::move(output), Pump::Direction::out);
  return std::move(pipe.write_end);
}

Status RecordingSession::start(Wish wish) {
  TRY(loop_.watch_signals());
  fixed_cols_ = wish.cols;
  fixed_rows_ = wish.rows;
  Tty& tty = loop_.tty();
  tty.open();
  wish.start.size = size();
  TRY_ASSIGN(PtyPair pty, open_pty(tty.settings(), wish.start.size));
  TRY_ASSIGN(const TerminalLoan terminal, lend_terminal());
  wish.start.terminal = terminal.description;
  loop_.set_gave_terminal(terminal.description.input_is_terminal);
  TRY_ASSIGN(Fd recording, recording_fd(wish));
  TRY_ASSIGN(SocketPair shim_link, make_socket_pair());

  std::vector<int> fds = {pty.master.get(), recording.get(), shim_link.first.get()};
  terminal.append_fds(fds);
  std::string command = wish.start.command;
  // Before the daemon reads it, so that nothing typed is taken line by line.
  tty.make_raw();
  TRY_ASSIGN(const std::uint32_t request,
             link_.send(wire::Request{0, 0, std::move(wish.start)}, fds));
  shim_link.first.reset();
  // Forks while the daemon sets the session up; the command waits for both.
  TRY_ASSIGN(ShimHandle shim,
             fork_shim({std::move(wish.shell), std::move(command), std::move(pty.master),
                        std::move(pty.slave), std::move(recording), std::move(shim_link.second)}));
  TRY_ASSIGN(const wire::Reply reply, link_.wait_for(request, DaemonLink::kAnswerTimeoutMs));
  if (!std::holds_alternative<wire::Started>(reply.body)) {
    return Error{Errc::invalid_data, "asciinemad did not start the session"};
  }
  shim.start_command();
  return {};
}

Result<RecordingSession::Outcome> RecordingSession::run() {
  TRY(loop_.run());
  loop_.tty().restore();
  loop_.drain(kPumpTimeoutMs);
  return Outcome{std::move(*finished_), loop_.ended_by()};
}

bool RecordingSession::on_event(wire::Reply& event) {
  auto* finished = std::get_if<wire::Finished>(&event.body);
  if (finished == nullptr) return false;
  finished_ = std::move(*finished);
  return true;
}

}  // namespace asciinemad
