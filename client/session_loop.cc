#include "client/session_loop.h"

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace asciinemad {
namespace {

// The daemon gives a command 8 s to go and slow takers of the last bytes 10 s.
constexpr int kEndTimeoutMs = 25'000;
// It lets go of the terminal at once; if not, it does when the client has gone.
constexpr int kDetachTimeoutMs = 2000;

bool says_to_end(int signum) {
  return signum == SIGTERM || signum == SIGINT || signum == SIGHUP || signum == SIGQUIT;
}

}  // namespace

Status SessionLoop::watch_signals() {
  ::signal(SIGPIPE, SIG_IGN);
  TRY_ASSIGN(Signals signals,
             Signals::watch({SIGWINCH, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT}));
  signals_.emplace(std::move(signals));
  return {};
}

Status SessionLoop::run() {
  // Events may have come with the last answer, and then nothing more does to wake poll() up.
  TRY(take_events());
  while (!ended_) TRY(wait_once());
  return {};
}

Status SessionLoop::wait_once() {
  std::vector<pollfd> waiting = {{link_.fd(), POLLIN, 0}, {signals_->fd(), POLLIN, 0}};
  for (const Pump& pump : pumps_) waiting.push_back(pump.waits_for());
  const int timeout_ms = end_deadline_.has_value() ? end_deadline_->remaining_ms() : -1;
  const int ready = ::poll(waiting.data(), waiting.size(), timeout_ms);
  if (ready == 0) return Error{Errc::timed_out, "asciinemad does not end the session"};
  if (ready < 0) return errno == EINTR ? Status() : system_error("poll", errno);
  run_pumps(std::span(waiting).subspan(2));
  if (waiting[1].revents != 0) TRY(handle_signals());
  if (!ended_) TRY(take_events());
  const bool lost = !ended_ && !end_deadline_.has_value() && has_lost_output();
  return lost && listener_.ends_with_output() ? stop_session() : Status();
}

void SessionLoop::run_pumps(std::span<const pollfd> ready) {
  for (std::size_t i = 0; i < pumps_.size(); ++i) {
    if (ready[i].revents != 0) pumps_[i].run();
  }
}

bool SessionLoop::has_lost_output() const {
  return std::any_of(pumps_.begin(), pumps_.end(), [](const Pump& pump) {
    return pump.feeds_output() && pump.target_error() != 0;
  });
}

Status SessionLoop::handle_signals() {
  while (const std::optional<int> signum = signals_->next()) TRY(handle_signal(*signum));
  return {};
}

Status SessionLoop::handle_signal(int signum) {
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
void SessionLoop::report_size() {
  wire::Request request;
  request.body = wire::Resize{listener_.size()};
  static_cast<void>(link_.send(std::move(request), {}));
}

Status SessionLoop::end_early(int signum) {
  if (ended_by_.has_value()) {
    // A closed terminal sends SIGHUP twice: from the kernel and from the shell.
    if (signum != SIGINT && signum != SIGQUIT) return {};
    return Error{Errc::timed_out, "interrupted again, not waiting for the session's end"};
  }
  ended_by_ = signum;
  return stop_session();
}

// The next daemon, if this one is gone, is told when it is there.
Status SessionLoop::stop_session() {
  stopping_ = true;
  const std::string* detachable = ended_by_.has_value() ? listener_.detachable_session() : nullptr;
  end_deadline_.emplace(detachable == nullptr ? kEndTimeoutMs : kDetachTimeoutMs);
  wire::Request request;
  request.body = wire::Stop{};
  if (detachable != nullptr) request.body = wire::Steer{*detachable, wire::steer::Detach{}};
  Result<std::uint32_t> sent = link_.send(std::move(request), {});
  return sent.ok() || link_.ended() ? Status() : Status(sent.take_error());
}

Status SessionLoop::stop_and_continue() {
  if (gave_terminal_) {
    wire::Request release;
    release.body = wire::ReleaseTerminal{};
    TRY(call_unless_ended(std::move(release), {}));
    if (ended_) return {};
  }
  tty_.restore();
  Signals::stop_self();
  tty_.make_raw();
  if (!gave_terminal_) return {};
  TRY_ASSIGN(const TerminalLoan loan, listener_.lend_terminal());
  std::vector<int> fds;
  loan.append_fds(fds);
  wire::Request attach;
  attach.body = wire::AttachTerminal{loan.description, listener_.size()};
  return call_unless_ended(std::move(attach), fds);
}

// A request about a session that has just ended is refused; its end has been told before. A daemon
// that has died has let go of the terminal, and the next one gets it anyhow.
Status SessionLoop::call_unless_ended(wire::Request request, std::span<const int> fds) {
  Result<wire::Reply> reply = link_.call(std::move(request), fds);
  if (reply.ok() || link_.ended()) return {};
  Status events = take_events();
  if (ended_) return {};
  return events.ok() ? Status(reply.take_error()) : events;
}

Status SessionLoop::take_events() {
  while (!ended_) {
    Result<std::optional<wire::Reply>> event = link_.next_event();
    if (!event.ok()) {
      TRY(go_on_without_daemon(event.error()));
      continue;
    }
    if (!event->has_value()) return {};
    if (listener_.on_event(**event)) {
      ended_ = true;
      return {};
    }
    const auto* error = std::get_if<wire::ErrorReply>(&(*event)->body);
    if (error != nullptr && (*event)->id == 0) return Error{Errc::unavailable, error->message};
  }
  return {};
}

Status SessionLoop::go_on_without_daemon(const Error& lost) {
  // That the connection is closed says no more.
  const std::string reason = lost.code == Errc::unavailable ? "" : ": " + lost.message;
  TRY_ASSIGN(ended_,
             listener_.on_daemon_lost(Error{Errc::unavailable, "asciinemad has died" + reason}));
  return stopping_ && !ended_ ? stop_session() : Status();
}

void SessionLoop::drain(int timeout_ms) {
  const Deadline deadline(timeout_ms);
  for (Pump& pump : pumps_) {
    if (!pump.feeds_output()) continue;
    while (!pump.done()) {
      const pollfd waiting = pump.waits_for();
      if (!deadline.wait(waiting.fd, waiting.events)) return;
      pump.run();
    }
  }
}

void SessionLoop::drain_until_signal() {
  for (Pump& pump : pumps_) {
    while (pump.feeds_output() && !pump.done() && !ended_by_.has_value()) {
      std::array<pollfd, 2> waiting = {{pump.waits_for(), {signals_->fd(), POLLIN, 0}}};
      if (::poll(waiting.data(), waiting.size(), -1) < 0) continue;
      if (waiting[0].revents != 0) pump.run();
      while (const std::optional<int> signum = signals_->next()) {
        if (*signum == SIGTSTP) Signals::stop_self();
        if (says_to_end(*signum)) ended_by_ = *signum;
      }
    }
  }
}

}  // namespace asciinemad
