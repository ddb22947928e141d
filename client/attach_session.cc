#include "client/attach_session.h"

#include <utility>
#include <vector>

#include "client/session_return.h"

namespace asciinemad {

wire::WindowSize AttachSession::size() const { return loop_.tty().size().value_or(kDefaultSize); }

Status AttachSession::start(const std::string& session, bool force) {
  TRY(loop_.watch_signals());
  loop_.tty().open();
  TRY_ASSIGN(const TerminalLoan terminal, lend_terminal());
  loop_.set_gave_terminal(terminal.description.input_is_terminal);
  std::vector<int> fds;
  terminal.append_fds(fds);
  wire::Request request;
  request.body = wire::Attach{session, terminal.description, size(), force, false};
  // Before the daemon reads it, so that nothing typed is echoed or taken line by line.
  loop_.tty().make_raw();
  TRY_ASSIGN(wire::Reply reply, link_.call(std::move(request), fds));
  auto* attached = std::get_if<wire::Attached>(&reply.body);
  if (attached == nullptr) {
    return Error{Errc::invalid_data, "asciinemad did not attach to the session"};
  }
  info_ = std::move(attached->session);
  return {};
}

Result<AttachSession::Outcome> AttachSession::run() {
  Status ran = loop_.run();
  // The daemon notices a client that has gone without its permission, too.
  const bool left = !ran.ok() && ran.error().code == Errc::timed_out && info_.detachable;
  if (!ran.ok() && !left) return ran.take_error();
  loop_.tty().restore();
  terminal_.close();
  return Outcome{std::move(finished_), loop_.ended_by(), std::move(detached_).value_or("")};
}

bool AttachSession::on_event(wire::Reply& event) {
  if (auto* detached = std::get_if<wire::Detached>(&event.body)) {
    detached_ = std::move(detached->reason);
    return true;
  }
  auto* finished = std::get_if<wire::Finished>(&event.body);
  if (finished == nullptr) return false;
  finished_ = std::move(*finished);
  return true;
}

Result<bool> AttachSession::on_daemon_lost(Error why) {
  // A daemon that lives, and has only said nonsense, must not take us for another client.
  link_ = DaemonLink(Fd());
  Result<SessionReturn> back = return_to_session(info_.session, -1, *this);
  if (back.ok()) {
    link_ = std::move(*std::get_if<DaemonLink>(&*back));
    return false;
  }
  if (back.error().code == Errc::busy) {
    detached_ = back.error().message;
    return true;
  }
  why.message += "; the session has not come back: " + back.error().message;
  return why;
}

}  // namespace asciinemad
