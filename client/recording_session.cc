#include "client/recording_session.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "client/platform.h"

namespace asciinemad {
namespace {

constexpr wire::WindowSize kDefaultSize{80, 24, 0, 0};
// The daemon gives a command 8 s to go and slow takers of the last bytes 10 s.
constexpr int kEndTimeoutMs = 25'000;
// For what the session's end has left in a pump.
constexpr int kPumpTimeoutMs = 10'000;

std::string settings_bytes(const std::optional<termios>& settings) {
  if (!settings.has_value()) return {};
  return {reinterpret_cast<const char*>(&*settings), sizeof(*settings)};
}

// Standard input as a nonblocking descriptor of our own, if it is a pipe.
Fd reopen_standard_input() {
  struct stat info {};
  if (::fstat(STDIN_FILENO, &info) != 0 || !S_ISFIFO(info.st_mode)) return Fd();
  return Fd(::open("/proc/self/fd/0", O_RDONLY | O_NONBLOCK | O_CLOEXEC));
}

}  // namespace

void RecordingSession::append_fds(const TerminalFds& terminal, std::vector<int>& fds) {
  for (const Fd* fd : {&terminal.input, &terminal.output}) {
    if (*fd) fds.push_back(fd->get());
  }
}

wire::WindowSize RecordingSession::size() const {
  wire::WindowSize size = tty_.size().value_or(kDefaultSize);
  if (fixed_cols_.has_value() || fixed_rows_.has_value()) size.xpixel = size.ypixel = 0;
  size.cols = fixed_cols_.value_or(size.cols);
  size.rows = fixed_rows_.value_or(size.rows);
  return size;
}

Status RecordingSession::add_input_pump(TerminalFds& fds) {
  TRY_ASSIGN(Pipe pipe, make_pipe());
  TRY_ASSIGN(Fd input, duplicate(STDIN_FILENO));
  TRY(set_nonblocking(pipe.write_end.get(), true));
  fds.input = std::move(pipe.read_end);
  pumps_.emplace_back(std::move(input), std::move(pipe.write_end), Pump::Direction::in);
  return {};
}

Status RecordingSession::add_output_pump(TerminalFds& fds) {
  TRY_ASSIGN(Pipe pipe, make_pipe());
  TRY_ASSIGN(Fd output, duplicate(tty_.fd()));
  fds.output = std::move(pipe.write_end);
  pumps_.emplace_back(std::move(pipe.read_end), std::move(output), Pump::Direction::out);
  return {};
}

Result<RecordingSession::TerminalFds> RecordingSession::terminal_fds() {
  TerminalFds fds;
  Result<Fd> terminal = tty_.open_private();
  const bool is_private = terminal.ok();
  if (is_private) {
    fds.output = std::move(terminal).value();
  } else if (tty_.is_output()) {
    TRY(add_output_pump(fds));
  }
  if (tty_.is_input() && is_private) {
    TRY_ASSIGN(fds.input, duplicate(fds.output.get()));
    fds.description.input_is_terminal = true;
  } else if (Fd pipe = reopen_standard_input(); pipe) {
    fds.input = std::move(pipe);
  } else {
    TRY(add_input_pump(fds));
  }
  fds.description.has_input = static_cast<bool>(fds.input);
  fds.description.has_output = static_cast<bool>(fds.output);
  if (tty_.is_input()) fds.description.saved_termios = settings_bytes(tty_.settings());
  return fds;
}

Result<Fd> RecordingSession::recording_fd(const Wish& wish) {
  if (wish.recording >= 0) return duplicate(wish.recording);
  TRY_ASSIGN(Pipe pipe, make_pipe());
  TRY_ASSIGN(Fd output, duplicate(STDOUT_FILENO));
  pumps_.emplace_back(std::move(pipe.read_end), std::move(output), Pump::Direction::out);
  return std::move(pipe.write_end);
}

Status RecordingSession::start(Wish wish) {
  ::signal(SIGPIPE, SIG_IGN);
  TRY_ASSIGN(Signals signals,
             Signals::watch({SIGWINCH, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT}));
  signals_.emplace(std::move(signals));
  fixed_cols_ = wish.cols;
  fixed_rows_ = wish.rows;
  tty_.open();
  wish.start.size = size();
  TRY_ASSIGN(PtyPair pty, open_pty(tty_.settings(), wish.start.size));
  TRY_ASSIGN(TerminalFds terminal, terminal_fds());
  wish.start.terminal = terminal.description;
  gave_terminal_ = terminal.description.input_is_terminal;
  TRY_ASSIGN(Fd recording, recording_fd(wish));
  TRY_ASSIGN(SocketPair shim_link, make_socket_pair());

  std::vector<int> fds = {pty.master.get(), recording.get(), shim_link.first.get()};
  append_fds(terminal, fds);
  std::string command = wish.start.command;
  // Before the daemon reads it, so that nothing typed is taken line by line.
  tty_.make_raw();
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
  while (!finished_.has_value()) TRY(wait_once());
  tty_.restore();
  drain_pumps();
  return Outcome{std::move(*finished_), ended_by_};
}

Status RecordingSession::wait_once() {
  std::vector<pollfd> waiting = {{link_.fd(), POLLIN, 0}, {signals_->fd(), POLLIN, 0}};
  for (const Pump& pump : pumps_) waiting.push_back(pump.waits_for());
  const int timeout_ms = end_deadline_.has_value() ? end_deadline_->remaining_ms() : -1;
  const int ready = ::poll(waiting.data(), waiting.size(), timeout_ms);
  if (ready == 0) return Error{Errc::timed_out, "asciinemad does not end the session"};
  if (ready < 0) return errno == EINTR ? Status() : system_error("poll", errno);
  for (std::size_t i = 0; i < pumps_.size(); ++i) {
    if (waiting[i + 2].revents != 0) pumps_[i].run();
  }
  if (waiting[1].revents != 0) TRY(handle_signals());
  return waiting[0].revents != 0 ? take_events() : Status();
}

Status RecordingSession::handle_signals() {
  while (const std::optional<int> signum = signals_->next()) TRY(handle_signal(*signum));
  return {};
}

Status RecordingSession::handle_signal(int signum) {
  switch (signum) {
    case SIGWINCH:
      report_size();
      return {};
    case SIGCONT:
      // Somebody else stopped us; the shell has had the terminal meanwhile.
      tty_.make_raw();
      report_size();
      return {};
    case SIGTSTP:
      return stop_and_continue();
    default:
      return end_early(signum);
  }
}

// The daemon dedupes, and a lost one is made up for by the next.
void RecordingSession::report_size() {
  wire::Request request;
  request.body = wire::Resize{size()};
  static_cast<void>(link_.send(std::move(request), {}));
}

Status RecordingSession::end_early(int signum) {
  if (ended_by_.has_value()) {
    // A closed terminal sends SIGHUP twice: from the kernel and from the shell.
    if (signum != SIGINT && signum != SIGQUIT) return {};
    return Error{Errc::timed_out, "interrupted again, not waiting for the session's end"};
  }
  ended_by_ = signum;
  end_deadline_.emplace(kEndTimeoutMs);
  wire::Request request;
  request.body = wire::Stop{};
  TRY(link_.send(std::move(request), {}));
  return {};
}

Status RecordingSession::stop_and_continue() {
  if (gave_terminal_) {
    wire::Request release;
    release.body = wire::ReleaseTerminal{};
    TRY(call_unless_finished(std::move(release), {}));
    if (finished_.has_value()) return {};
  }
  tty_.restore();
  Signals::stop_self();
  tty_.make_raw();
  if (!gave_terminal_) return {};
  TRY_ASSIGN(const TerminalFds terminal, terminal_fds());
  std::vector<int> fds;
  append_fds(terminal, fds);
  wire::Request attach;
  attach.body = wire::AttachTerminal{terminal.description, size()};
  return call_unless_finished(std::move(attach), fds);
}

// A request about a session that has just ended is refused; its `finished` has come before.
Status RecordingSession::call_unless_finished(wire::Request request, std::span<const int> fds) {
  Result<wire::Reply> reply = link_.call(std::move(request), fds);
  if (reply.ok()) return {};
  Status events = take_events();
  if (finished_.has_value()) return {};
  return events.ok() ? Status(reply.take_error()) : events;
}

Status RecordingSession::take_events() {
  for (;;) {
    Result<std::optional<wire::Reply>> event = link_.next_event();
    if (!event.ok()) {
      return Error{Errc::unavailable, "asciinemad has died: " + event.error().message};
    }
    if (!event->has_value()) return {};
    if (auto* finished = std::get_if<wire::Finished>(&(*event)->body)) {
      finished_ = std::move(*finished);
      return {};
    }
    const auto* error = std::get_if<wire::ErrorReply>(&(*event)->body);
    if (error != nullptr && (*event)->id == 0) return Error{Errc::unavailable, error->message};
  }
}

// The daemon has closed its ends: what is left is in our pipes.
void RecordingSession::drain_pumps() {
  const Deadline deadline(kPumpTimeoutMs);
  for (Pump& pump : pumps_) {
    if (!pump.feeds_output()) continue;
    while (!pump.done()) {
      const pollfd waiting = pump.waits_for();
      if (!deadline.wait(waiting.fd, waiting.events)) return;
      pump.run();
    }
  }
}

}  // namespace asciinemad
