#include "client/playback_session.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "client/daemon_start.h"
#include "client/deadline.h"
#include "common/clock.h"
#include "common/paths.h"

namespace asciinemad {
namespace {

// For what an interrupted playback has left in the pipe to a reader that may have stopped.
constexpr int kPumpTimeoutMs = 1000;
constexpr int kUndoTimeoutMs = 2000;
// For a session to be back with the next daemon.
constexpr int kFollowOnTimeoutMs = 10'000;
constexpr int kFollowOnRetryMs = 10;

}  // namespace

wire::WindowSize PlaybackSession::size() const {
  std::optional<wire::WindowSize> size = terminal_size(STDOUT_FILENO);
  if (!size.has_value()) size = loop_.tty().size();
  return size.value_or(kDefaultSize);
}

// Standard output's own open file description is the shell's, too, and must stay blocking; a
// regular file can't be polled. So whatever is no terminal gets its bytes from a pump.
Status PlaybackSession::open_output() {
  if (::isatty(STDOUT_FILENO) != 0) {
    Result<Fd> terminal = open_private_terminal(STDOUT_FILENO, O_WRONLY);
    output_is_terminal_ = terminal.ok();
    if (terminal.ok()) {
      output_ = std::move(terminal).value();
      return {};
    }
  }
  TerminalLoan loan;
  TRY(lend_output_by_pump(STDOUT_FILENO, loan, loop_.pumps()));
  output_ = std::move(loan.output);
  return {};
}

Status PlaybackSession::lend_keys(TerminalLoan& loan) {
  const Tty& tty = loop_.tty();
  if (!tty.is_input()) return {};
  loan.description.saved_termios = tty.settings_bytes();
  Result<Fd> terminal = tty.open_private();
  loan.description.input_is_terminal = terminal.ok();
  if (!terminal.ok()) return lend_input_by_pump(tty.fd(), loan, loop_.pumps());
  loan.input = std::move(terminal).value();
  return {};
}

Result<TerminalLoan> PlaybackSession::lend_terminal() {
  // One of an earlier loan would take keys away from the new one.
  std::erase_if(loop_.pumps(), [](const Pump& pump) { return !pump.feeds_output(); });
  TerminalLoan loan;
  TRY(lend_keys(loan));
  TRY_ASSIGN(loan.output, duplicate(output_.get()));
  loan.describe();
  return loan;
}

Status PlaybackSession::start(Wish wish) {
  TRY(loop_.watch_signals());
  loop_.tty().open_for_keys();
  TRY(open_output());
  // Also where only a file is written: a stopped client must not be played to.
  loop_.set_gave_terminal(true);
  play_ = std::move(wish.play);
  return begin(wish.recording);
}

Status PlaybackSession::begin(int recording) {
  TRY_ASSIGN(const TerminalLoan loan, lend_terminal());
  play_.terminal = loan.description;
  play_.size = size();
  std::vector<int> fds;
  if (recording >= 0) fds.push_back(recording);
  loan.append_fds(fds);
  // Before the daemon reads it, so that no key is echoed or waits for its line.
  loop_.tty().make_raw();
  TRY_ASSIGN(const wire::Reply reply, link_.call(wire::Request{0, 0, play_}, fds));
  if (std::holds_alternative<wire::Playing>(reply.body)) return {};
  return Error{Errc::invalid_data, "asciinemad did not start the playback"};
}

Result<PlaybackSession::Outcome> PlaybackSession::run() {
  if (Status status = loop_.run(); !status.ok()) {
    clean_up_for_dead_daemon();
    return status.take_error();
  }
  loop_.tty().restore();
  output_.reset();
  const bool whole =
      finished_->how != wire::PlaybackFinished::How::interrupted && !loop_.ended_by().has_value();
  if (whole) {
    loop_.drain_until_signal();
  } else {
    loop_.drain(kPumpTimeoutMs);
  }
  return Outcome{std::move(*finished_), loop_.ended_by(), output_error()};
}

bool PlaybackSession::on_event(wire::Reply& event) {
  if (auto* undo = std::get_if<wire::ScreenUndo>(&event.body)) {
    screen_undo_ = std::move(undo->bytes);
    return false;
  }
  auto* finished = std::get_if<wire::PlaybackFinished>(&event.body);
  if (finished == nullptr) return false;
  finished_ = std::move(*finished);
  return true;
}

Result<bool> PlaybackSession::on_daemon_lost(Error why) {
  const bool on_screen = output_is_terminal_ && play_.output == wire::Play::Output::screen;
  const bool survives = link_.protocol() >= wire::kProtocolSurvival;
  if (play_.follow_session.empty() || !on_screen || !survives) return why;
  if (!next_daemons_.take(SystemClock().now_us())) return why;
  undo_screen();
  const Deadline deadline(kFollowOnTimeoutMs);
  for (;;) {
    if (follow_on().ok()) return false;
    if (deadline.remaining_ms() == 0) return why;
    ::poll(nullptr, 0, kFollowOnRetryMs);
  }
}

// The session's shim takes it to the next daemon, which it starts.
Status PlaybackSession::follow_on() {
  TRY_ASSIGN(link_,
             connect_to_running_daemon(ProcessEnvironment(), DaemonSearch::kPatientHelloTimeoutMs));
  return begin(-1);
}

// What the recording has turned on: the alternate screen, mouse reports, colours...
void PlaybackSession::undo_screen() {
  static_cast<void>(write_all(output_.get(), screen_undo_, kUndoTimeoutMs));
}

void PlaybackSession::clean_up_for_dead_daemon() {
  if (!output_is_terminal_) {
    output_.reset();
    TerminalLoan rest;
    if (lend_output_by_pump(STDOUT_FILENO, rest, loop_.pumps()).ok()) {
      output_ = std::move(rest.output);
    }
  }
  undo_screen();
  loop_.tty().restore();
  output_.reset();
  loop_.drain(kPumpTimeoutMs);
}

int PlaybackSession::output_error() {
  for (const Pump& pump : loop_.pumps()) {
    if (pump.feeds_output() && pump.target_error() != 0) return pump.target_error();
  }
  return 0;
}

}  // namespace asciinemad
