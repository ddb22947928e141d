#include "client/recording_session.h"

#include <stdlib.h>
#include <unistd.h>

#include <limits>
#include <vector>

#include "client/daemon_start.h"
#include "client/platform.h"
#include "client/relay.h"
#include "client/session_return.h"
#include "client/shim.h"
#include "common/ids.h"
#include "common/paths.h"

namespace asciinemad {
namespace {

// For what the session's end has left in a pump.
constexpr int kPumpTimeoutMs = 10'000;

// For the queue to copy and sync the recording.
constexpr int kQueueTimeoutMs = 300'000;

constexpr const char* kSessionVariable = "ASCIINEMA_SESSION";
constexpr const char* kStateFileVariable = "ASCIINEMA_STATE_FILE";

}  // namespace

wire::WindowSize RecordingSession::size() const {
  wire::WindowSize size = loop_.tty().size().value_or(kDefaultSize);
  if (fixed_cols_.has_value() || fixed_rows_.has_value()) size.xpixel = size.ypixel = 0;
  size.cols = fixed_cols_.value_or(size.cols);
  size.rows = fixed_rows_.value_or(size.rows);
  return size;
}

Result<TerminalLoan> RecordingSession::lend_terminal() { return terminal_.lend(loop_); }

Result<Fd> RecordingSession::recording_fd(const Wish& wish) {
  if (wish.recording >= 0) return duplicate(wish.recording);
  if (wish.start.detached) {
    return Error{Errc::invalid_argument,
                 "what is recorded detached can't go to this standard output"};
  }
  TRY_ASSIGN(Pipe pipe, make_pipe());
  TRY_ASSIGN(Fd output, duplicate(STDOUT_FILENO));
  loop_.pumps().emplace_back(std::move(pipe.read_end), std::move(output), Pump::Direction::out);
  return std::move(pipe.write_end);
}

// The command can ask for its session by that name before anybody tells it.
Status RecordingSession::name_session(wire::Start& start) const {
  if (link_.protocol() < wire::kProtocolSurvival) {
    ::unsetenv(kSessionVariable);
    ::unsetenv(kStateFileVariable);
    return {};
  }
  TRY_ASSIGN(start.session, make_id());
  ::setenv(kSessionVariable, start.session.c_str(), 1);
  // Without a usable path a private daemon records, which has no such file.
  const Result<std::string> socket = control_socket_path(ProcessEnvironment());
  if (socket.ok()) {
    ::setenv(kStateFileVariable, state_file_path(*socket, start.session).c_str(), 1);
  } else {
    ::unsetenv(kStateFileVariable);
  }
  return {};
}

Status RecordingSession::start(Wish wish) {
  fixed_cols_ = wish.cols;
  fixed_rows_ = wish.rows;
  path_ = wish.start.path;
  detachable_ = wish.start.on_disconnect == wire::OnDisconnect::detach &&
                link_.protocol() >= wire::kProtocolSurvival;
  TRY(name_session(wish.start));
  TerminalLoan terminal;
  loop_.tty().open();
  if (!wish.start.detached) {
    TRY(loop_.watch_signals());
    TRY_ASSIGN(terminal, lend_terminal());
    loop_.set_gave_terminal(terminal.description.input_is_terminal);
  }
  return start_shim(std::move(wish), terminal);
}

Status RecordingSession::start_shim(Wish wish, const TerminalLoan& terminal) {
  ShimSetup setup;
  wish.start.size = size();
  TRY_ASSIGN(PtyPair pty, open_pty(loop_.tty().settings(), wish.start.size));
  TRY_ASSIGN(setup.recording, recording_fd(wish));
  TRY_ASSIGN(SocketPair link, make_socket_pair());
  std::vector<int> fds = {pty.master.get(), setup.recording.get(), link.first.get()};
  terminal.append_fds(fds);
  setup.shell = std::move(wish.shell);
  setup.start = wish.start;
  setup.session = wish.start.session;
  setup.protocol = link_.protocol();
  setup.slave = std::move(pty.slave);
  setup.link = std::move(link.second);
  if (!wish.start.detached) {
    TRY_ASSIGN(SocketPair home, make_socket_pair());
    home_ = std::move(home.first);
    setup.home = std::move(home.second);
    // Before the daemon reads it, so that nothing typed is taken line by line.
    loop_.tty().make_raw();
  }
  wish.start.terminal = terminal.description;
  TRY_ASSIGN(const std::uint32_t request,
             link_.send(wire::Request{0, 0, std::move(wish.start)}, fds));
  link.first.reset();
  setup.master = std::move(pty.master);
  // Forks while the daemon sets the session up; the command waits for both.
  TRY_ASSIGN(ShimHandle shim, fork_shim(std::move(setup)));
  TRY_ASSIGN(wire::Reply reply, link_.wait_for(request, DaemonLink::kAnswerTimeoutMs));
  auto* started = std::get_if<wire::Started>(&reply.body);
  if (started == nullptr) {
    return Error{Errc::invalid_data, "asciinemad did not start the session"};
  }
  session_ = std::move(started->session);
  recovered_ = std::move(started->recovered);
  shim.start_command();
  return {};
}

Result<RecordingSession::Outcome> RecordingSession::run() {
  Status ran = loop_.run();
  // The daemon notices a client that has gone without its permission, too.
  if (!ran.ok() && ran.error().code == Errc::timed_out && detachable_) {
    detached_.emplace();
  } else if (!ran.ok()) {
    return ran.take_error();
  }
  loop_.tty().restore();
  terminal_.close();
  if (detached_.has_value()) return Outcome{{}, loop_.ended_by(), std::move(detached_)};
  loop_.drain(kPumpTimeoutMs);
  return Outcome{std::move(*finished_), loop_.ended_by(), {}};
}

// A list of the queue is answered when it is complete; this one asks for none of its items.
Status RecordingSession::wait_for_upload() {
  if (link_.fd() < 0) {
    // The session's end was told by the shim.
    TRY_ASSIGN(link_, connect_to_shared_daemon(ProcessEnvironment(), Niceness::accepted));
  }
  wire::Request request;
  request.body = wire::ListUploads{std::numeric_limits<std::uint64_t>::max(), 0};
  TRY_ASSIGN(const std::uint32_t id, link_.send(std::move(request), {}));
  TRY(link_.wait_for(id, kQueueTimeoutMs));
  return {};
}

bool RecordingSession::on_event(wire::Reply& event) {
  if (auto* detached = std::get_if<wire::Detached>(&event.body)) {
    detached_ = std::move(detached->reason);
    return true;
  }
  auto* finished = std::get_if<wire::Finished>(&event.body);
  if (finished == nullptr) return false;
  finished_ = std::move(*finished);
  return true;
}

Result<bool> RecordingSession::on_daemon_lost(Error why) {
  if (link_.protocol() < wire::kProtocolSurvival) return why;
  // A daemon that lives, and has only said nonsense, must not take us for another client.
  link_ = DaemonLink(Fd());
  Result<SessionReturn> back = return_to_session(session_, home_.get(), *this);
  if (!back.ok()) {
    if (back.error().code != Errc::busy) return back.take_error();
    detached_ = back.error().message;
    return true;
  }
  if (auto* link = std::get_if<DaemonLink>(&*back)) {
    link_ = std::move(*link);
    return false;
  }
  auto& word = *std::get_if<ShimWord>(&*back);
  if (word.kind == ShimWord::Kind::gave_up) return serve_without_recording(std::move(word));
  finished_ = std::move(word.finished);
  return true;
}

Error RecordingSession::serve_without_recording(ShimWord word) {
  Error stopped{Errc::unavailable, "recording has stopped: " + word.reason};
  // The shim ends, or keeps, what this process does not look after.
  if (loop_.ended_by().has_value()) return stopped;
  Result<TerminalLoan> terminal = lend_terminal();
  if (!terminal.ok()) return stopped;
  Relay(loop_, *this, {std::move(terminal).value(), std::move(word.master), home_.get(), path_})
      .run(word.reason);
  loop_.tty().restore();
  return stopped;
}

}  // namespace asciinemad
