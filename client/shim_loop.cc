#include "client/shim_loop.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "client/platform.h"
#include "client/shim_word.h"
#include "common/clock.h"

namespace asciinemad {
namespace {

// From SIGHUP to SIGKILL for a command that does not go.
constexpr std::uint64_t kHangupGraceUs = 5'000'000;
// For a session without a client that goes on without a daemon.
constexpr std::uint64_t kNextChanceUs = 60'000'000;
// For a new daemon to take the session.
constexpr std::uint64_t kAnswerPatienceUs = 10'000'000;

int ms_until(std::uint64_t at_us) {
  const std::uint64_t now_us = SystemClock().now_us();
  return at_us > now_us ? static_cast<int>((at_us - now_us) / 1000) + 1 : 0;
}

}  // namespace

Shim::Shim(ShimSetup setup, Command command, Fd child_events)
    : setup_(std::move(setup)),
      link_(std::move(setup_.link)),
      command_(std::move(command)),
      child_events_(std::move(child_events)) {}

void Shim::run() {
  while (!is_over()) {
    const bool client_serves = daemon_ == Daemon::given_up && setup_.home;
    std::array<pollfd, 3> waiting = {{{child_events_.get(), POLLIN, 0},
                                      waits_for_daemon(),
                                      {client_serves ? setup_.home.get() : -1, POLLIN, 0}}};
    const int ready = ::poll(waiting.data(), waiting.size(), timeout_ms());
    if (ready < 0 && errno != EINTR) return;
    kill_when_due();
    if (ready < 0) continue;
    if (waiting[0].revents != 0) reap();
    if (waiting[2].revents != 0) take_home_event();
    serve_daemon();
  }
  if (drained_) tell_client_the_end();
}

bool Shim::is_over() const { return drained_ || (!running_ && daemon_ == Daemon::given_up); }

pollfd Shim::waits_for_daemon() const {
  switch (daemon_) {
    case Daemon::there:
    case Daemon::asked:
      return {link_.fd(), POLLIN, 0};
    case Daemon::away:
      return next_.waits_for();
    case Daemon::given_up:
      break;
  }
  return {-1, 0, 0};
}

int Shim::timeout_ms() const {
  int timeout_ms = daemon_ == Daemon::away ? next_.timeout_ms() : -1;
  if (daemon_ == Daemon::asked) timeout_ms = ms_until(answer_until_us_);
  if (running_ && kill_at_us_ != 0) {
    const int kill_ms = ms_until(kill_at_us_);
    timeout_ms = timeout_ms < 0 ? kill_ms : std::min(timeout_ms, kill_ms);
  }
  return timeout_ms;
}

// Whatever has woken us: nothing here waits.
void Shim::serve_daemon() {
  if (daemon_ == Daemon::there || daemon_ == Daemon::asked) take_messages();
  if (daemon_ == Daemon::asked && ms_until(answer_until_us_) == 0) {
    on_refused(link_.no_answer());
  }
  if (daemon_ == Daemon::away) look_for_daemon();
}

void Shim::take_messages() {
  while (!drained_) {
    Result<std::optional<wire::Reply>> message = link_.next_event();
    if (!message.ok()) return on_daemon_gone();
    if (!message->has_value()) return;
    take_message(**message);
    if (daemon_ == Daemon::away || daemon_ == Daemon::given_up) return;
  }
}

void Shim::take_message(const wire::Reply& message) {
  const auto& body = message.body;
  if (const auto* checkpoint = std::get_if<wire::Checkpoint>(&body)) {
    const bool terminating = checkpoint_.terminating;
    checkpoint_ = *checkpoint;
    checkpoint_.terminating |= terminating;
    // The daemon may die before it says `terminate`, and the next one takes that for said.
    if (checkpoint_.terminating) hang_up();
  } else if (std::holds_alternative<wire::Journal>(body)) {
    journal_ = link_.take_fd();
  } else if (std::holds_alternative<wire::Terminate>(body)) {
    checkpoint_.terminating = true;
    hang_up();
  } else if (std::holds_alternative<wire::Started>(body)) {
    daemon_ = Daemon::there;
    report_exit();
  } else if (const auto* error = std::get_if<wire::ErrorReply>(&body)) {
    if (daemon_ == Daemon::asked) return on_refused(to_error(*error));
    if (exit_.has_value()) drained_ = true;
  } else if (std::holds_alternative<wire::Ok>(body)) {
    drained_ = true;
  }
}

void Shim::on_daemon_gone() {
  link_ = DaemonLink(Fd());
  if (setup_.protocol < wire::kProtocolSurvival || !has_started()) {
    daemon_ = Daemon::given_up;
    setup_.home.reset();
    return hang_up();
  }
  daemon_ = Daemon::away;
  // One that has ended on purpose does not tell that the session kills daemons.
  if (std::exchange(checkpoint_.handed_over, false)) return next_.begin_after(0);
  if (Status begun = next_.begin(); !begun.ok()) give_up(begun.error().message);
}

// Where the daemon has died before it could say that the session has started, the client tries
// another one with the same recording. It decides at once.
bool Shim::has_started() {
  if (!command_.gate) return true;
  char byte = 0;
  ssize_t n = -1;
  do {
    n = ::read(command_.gate.get(), &byte, 1);
  } while (n < 0 && errno == EINTR);
  command_.gate.reset();
  return n == 1;
}

void Shim::look_for_daemon() {
  Result<std::optional<DaemonLink>> found = next_.step();
  if (!found.ok()) return give_up(found.error().message);
  if (!found->has_value()) return;
  if (Status asked = resume(**std::move(found)); !asked.ok()) on_refused(asked.error());
}

Status Shim::resume(DaemonLink link) {
  wire::Request request;
  request.body = wire::Resume{setup_.session, setup_.start, checkpoint_, bool{journal_}};
  std::vector<int> fds = {setup_.master.get(), setup_.recording.get()};
  if (journal_) fds.push_back(journal_.get());
  TRY(link.send(std::move(request), fds));
  link_ = std::move(link);
  daemon_ = Daemon::asked;
  answer_until_us_ = SystemClock().now_us() + kAnswerPatienceUs;
  return {};
}

void Shim::on_refused(const Error& why) {
  link_ = DaemonLink(Fd());
  daemon_ = Daemon::away;
  if (Status going_on = next_.refused(why); !going_on.ok()) give_up(going_on.error().message);
}

void Shim::give_up(const std::string& reason) {
  daemon_ = Daemon::given_up;
  Result<Fd> master = duplicate(setup_.master.get());
  if (!setup_.home || !master.ok()) return go_on_alone();
  const ShimWord word{ShimWord::Kind::gave_up, {}, reason, std::move(master).value()};
  if (!send_word(setup_.home.get(), word).ok()) go_on_alone();
}

// Nobody reads the terminal: the command would stop at its next output, and nobody would know.
void Shim::go_on_alone() {
  setup_.home.reset();
  const bool goes_on =
      checkpoint_.goes_on || setup_.start.on_disconnect == wire::OnDisconnect::detach;
  if (!goes_on || !running_) return hang_up();
  daemon_ = Daemon::away;
  next_.begin_after(kNextChanceUs);
}

// The client says nothing: it has gone.
void Shim::take_home_event() { go_on_alone(); }

// To the session leader and to whoever has the terminal, as the kernel does when one is closed.
void Shim::signal_command(int signum) const {
  const pid_t foreground = ::tcgetpgrp(setup_.master.get());
  if (foreground > 0 && foreground != command_.pid) ::kill(-foreground, signum);
  // The leader's group; where the leader has not got that far, it itself.
  if (::kill(-command_.pid, signum) != 0) ::kill(command_.pid, signum);
}

void Shim::hang_up() {
  if (!running_ || kill_at_us_ != 0) return;
  kill_at_us_ = SystemClock().now_us() + kHangupGraceUs;
  // The leader may be an sh that waits for a shell in a group of its own, whose jobs are in others:
  // closing the terminal is for all of them.
  signal_session(command_.pid, SIGHUP);
  signal_command(SIGHUP);
  signal_command(SIGCONT);
}

void Shim::kill_when_due() {
  if (!running_ || kill_at_us_ == 0 || SystemClock().now_us() < kill_at_us_) return;
  kill_at_us_ = SystemClock().now_us() + kHangupGraceUs;
  signal_command(SIGKILL);
}

void Shim::reap() {
  std::array<char, 64> bytes{};
  (void)!::read(child_events_.get(), bytes.data(), bytes.size());
  int status = 0;
  if (!running_ || ::waitpid(command_.pid, &status, WNOHANG) != command_.pid) return;
  running_ = false;
  // A job that its shell had forked and not yet executed may have lost the first one.
  if (kill_at_us_ != 0) signal_session(command_.pid, SIGHUP);
  int reason = 0;
  if (::read(command_.exec_error.get(), &reason, sizeof(reason)) == sizeof(reason)) {
    exit_ = {wire::Exit::Kind::exec_failed, static_cast<std::uint16_t>(reason)};
  } else if (WIFSIGNALED(status)) {
    exit_ = {wire::Exit::Kind::signal, static_cast<std::uint16_t>(WTERMSIG(status))};
  } else {
    exit_ = {wire::Exit::Kind::code, static_cast<std::uint16_t>(WEXITSTATUS(status))};
  }
  if (daemon_ == Daemon::there) report_exit();
}

// One that has died meanwhile is noticed when it is listened to.
void Shim::report_exit() {
  if (!exit_.has_value()) return;
  wire::Request request;
  request.body = wire::Exited{*exit_};
  static_cast<void>(link_.send(std::move(request), {}));
}

// Only needed where the daemon has died before it could. The last checkpoint is of the end, when
// all was written; what goes wrong with the upload behind it is told by a notification.
void Shim::tell_client_the_end() const {
  if (!setup_.home || !exit_.has_value()) return;
  ShimWord word;
  word.finished.exit = *exit_;
  word.finished.lost_bytes = checkpoint_.lost_bytes;
  word.finished.loss_reason = checkpoint_.loss_reason;
  word.finished.discarded = checkpoint_.discarding;
  word.finished.uploading = checkpoint_.uploading;
  word.finished.paused = checkpoint_.paused;
  static_cast<void>(send_word(setup_.home.get(), word));
}

}  // namespace asciinemad
