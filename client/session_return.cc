#include "client/session_return.h"

#include <poll.h>

#include <optional>
#include <utility>
#include <vector>

#include "client/daemon_search.h"
#include "client/daemon_start.h"
#include "client/deadline.h"
#include "common/paths.h"

namespace asciinemad {
namespace {

constexpr int kPatienceMs = 20'000;
// A session is back within some hundredths of a second, or it takes long.
constexpr int kQuickRetryMs = 5;
constexpr int kQuicklyForMs = 2000;
constexpr int kSlowRetryMs = 50;
// A session that has ended waits a moment for its client, which has not got here yet.
constexpr int kEndedPatienceMs = 300;
// Until it is believed that another client has taken the session: a hand-over, which refuses
// clients, too, takes up to 2 s.
constexpr int kBusyPatienceMs = 2500;

class ReturningClient {
 public:
  ReturningClient(const std::string& session, int home, SessionLoop::Listener& listener)
      : session_(session), home_(home), listener_(listener) {}

  Result<SessionReturn> run();

 private:
  Status attach();
  bool is_final(const Error& error);
  void listen_to_shim(int timeout_ms);

  const ProcessEnvironment environment_{};
  const std::string& session_;
  int home_;
  SessionLoop::Listener& listener_;
  std::optional<DaemonLink> link_;
  std::optional<Deadline> busy_until_;  // while the daemon says nothing else
  const Deadline give_up_{kPatienceMs};
  const Deadline quick_until_{kQuicklyForMs};
  // What the shim has said last, and until when the session may be met nevertheless.
  std::optional<Result<ShimWord>> word_;
  std::optional<Deadline> word_until_;
};

Result<SessionReturn> ReturningClient::run() {
  for (;;) {
    Status attached = attach();
    if (attached.ok()) return SessionReturn(*std::move(link_));
    if (is_final(attached.error()) || give_up_.remaining_ms() == 0) return attached.take_error();
    listen_to_shim(quick_until_.remaining_ms() > 0 ? kQuickRetryMs : kSlowRetryMs);
    if (!word_.has_value() || word_until_->remaining_ms() > 0) continue;
    if (!word_->ok()) return word_->take_error();
    return SessionReturn(*std::move(*word_));
  }
}

Status ReturningClient::attach() {
  if (!link_.has_value()) {
    TRY_ASSIGN(DaemonLink link,
               connect_to_running_daemon(environment_, DaemonSearch::kPatientHelloTimeoutMs));
    if (link.protocol() < wire::kProtocolSurvival) {
      return Error{Errc::unsupported, "the asciinemad that runs now takes no sessions over"};
    }
    link_.emplace(std::move(link));
  }
  TRY_ASSIGN(const TerminalLoan loan, listener_.lend_terminal());
  std::vector<int> fds;
  loan.append_fds(fds);
  wire::Request request;
  request.body = wire::Attach{session_, loan.description, listener_.size(), false, true};
  const Result<wire::Reply> reply = link_->call(std::move(request), fds);
  if (reply.ok()) return {};
  if (link_->ended() || reply.error().code == Errc::timed_out) link_.reset();
  return reply.error();
}

// The session may not be there yet, the daemon may be going or coming.
bool ReturningClient::is_final(const Error& error) {
  if (error.code != Errc::busy) busy_until_.reset();
  switch (error.code) {
    case Errc::unsupported:
    case Errc::invalid_argument:
      // The shim meets the same one, and says what becomes of the command.
      return home_ < 0;
    case Errc::busy:
      // Or it has just ended, and the shim says so.
      if (!busy_until_.has_value()) busy_until_.emplace(kBusyPatienceMs);
      return !word_.has_value() && busy_until_->remaining_ms() == 0;
    default:
      return false;
  }
}

void ReturningClient::listen_to_shim(int timeout_ms) {
  pollfd waiting{home_, POLLIN, 0};
  if (::poll(&waiting, 1, timeout_ms) <= 0) return;
  Result<std::optional<ShimWord>> word = receive_word(home_);
  if (word.ok() && !word->has_value()) return;
  home_ = -1;
  const bool gave_up = word.ok() && (*word)->kind == ShimWord::Kind::gave_up;
  word_until_.emplace(gave_up ? 0 : kEndedPatienceMs);
  if (word.ok()) {
    word_.emplace(**std::move(word));
  } else {
    word_.emplace(word.take_error());
  }
}

}  // namespace

Result<SessionReturn> return_to_session(const std::string& session, int home,
                                        SessionLoop::Listener& listener) {
  return ReturningClient(session, home, listener).run();
}

}  // namespace asciinemad
