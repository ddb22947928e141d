// asciinema events: what happens to recordings, playbacks and uploads, for scripts.

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "client/comeback.h"
#include "client/command.h"
#include "client/deadline.h"
#include "client/event_json.h"
#include "client/messages.h"
#include "client/session_choice.h"
#include "client/signals.h"
#include "client/status.h"
#include "client/steer_link.h"
#include "client/upload_text.h"
#include "client/usage.h"
#include "common/clock.h"
#include "common/paths.h"

namespace asciinemad {
namespace {

constexpr const char* kUsage =
    "usage: asciinema events [-h] [-S ID] [--follow-from-now] [--no-uploads]\n";

constexpr const char* kHelp =
    "\n"
    "Print what happens to recordings, playbacks and uploads, each as a JSON object in a line\n"
    "of its own: first those that there are, then what happens, until Ctrl-C.\n"
    "\n"
    "options:\n"
    "  -h, --help         show this help and exit\n"
    "  -S, --session ID   only this recording or playback, until it ends\n"
    "  --follow-from-now  only what happens from now on\n"
    "  --no-uploads       nothing about uploads\n"
    "\n"
    "The exit status is 3 when there is no such session or playback, 4 when no daemon runs, or\n"
    "the one that ran has not been replaced for 10 seconds.\n";

// How long to wait for the next daemon.
constexpr int kReconnectTimeoutMs = 10'000;
constexpr int kReconnectIntervalMs = 20;

struct EventsOptions {
  std::optional<std::string> session;
  bool from_now = false;
  bool uploads = true;
};

std::variant<EventsOptions, ExitStatus> parse(int argc, char** argv) {
  EventsOptions options;
  const auto wrong = [](const std::string& message) {
    return ExitStatus{usage_error(kUsage, "events", message)};
  };
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "-h" || word == "--help") {
      print_out(std::string(kUsage) + kHelp);
      return ExitStatus{kExitOk};
    }
    if (word == "--follow-from-now") {
      options.from_now = true;
    } else if (word == "--no-uploads") {
      options.uploads = false;
    } else if (std::optional<std::string> session = parse_session_option(argc, argv, i)) {
      if (session->empty()) return wrong("argument -S/--session: expected one argument");
      options.session = std::move(session);
    } else {
      return wrong("unrecognized arguments: " + std::string(word));
    }
  }
  return options;
}

int fail(int status, const std::string& message) {
  Messages(false).error(message);
  return status;
}

// Members that return an exit status return none as long as nothing ends it.
class Events {
 public:
  Events(const Environment& environment, const EventsOptions& options, Signals& signals)
      : environment_(environment), options_(options), signals_(signals) {}

  int run();

 private:
  std::optional<int> begin();
  std::optional<int> choose_session(const Wanted& wanted);
  Status watch();
  std::optional<int> follow();
  std::optional<int> begin_again();
  Status connect_again();
  std::optional<int> take(const wire::Reply& reply);
  std::optional<int> take(const wire::SessionEvent& event);
  std::optional<int> take(const wire::UploadInfo& upload);
  std::optional<int> print(std::string_view line);
  std::optional<int> pause(pollfd& waiting, int timeout_ms);

  const Environment& environment_;
  const EventsOptions& options_;
  Signals& signals_;
  std::optional<SteerLink> link_;
  std::uint32_t daemon_pid_ = 0;
  bool dropped_ = false;             // by a daemon that goes on
  std::string session_;              // the only one that is asked for
  std::set<std::string> playbacks_;  // those that there are
  // What was told of an upload last: progress alone is no event.
  std::map<std::uint64_t, std::pair<wire::UploadState, std::uint32_t>> uploads_;
};

int Events::run() {
  if (const std::optional<int> status = begin()) return *status;
  for (;;) {
    if (const std::optional<int> status = follow()) return *status;
    if (const std::optional<int> status = begin_again()) return *status;
  }
}

std::optional<int> Events::begin() {
  if (options_.session.has_value()) {
    if (const std::optional<int> status = choose_session({*options_.session, false})) return status;
  } else {
    Result<SteerLink> link = SteerLink::connect(environment_);
    if (!link.ok()) return fail(kExitNoDaemon, link.error().message);
    link_.emplace(std::move(link).value());
  }
  const Result<wire::HelloReply> hello = link_->hello();
  if (!hello.ok()) return fail(kExitNoDaemon, hello.error().message);
  if (const Status able = check_steers_recordings(*hello); !able.ok()) {
    return fail(kExitFailure, able.error().message);
  }
  daemon_pid_ = hello->pid;
  const Status watched = watch();
  if (watched.ok()) return std::nullopt;
  const bool gone = watched.error().code == Errc::not_found;
  return fail(gone ? kExitNotFound : kExitFailure, watched.error().message);
}

std::optional<int> Events::choose_session(const Wanted& wanted) {
  const Result<wire::StatusReply> status =
      ask_for_status(environment_, link_, looks_for(wanted, Kinds::both));
  if (!status.ok()) return fail(kExitNoDaemon, status.error().message);
  const Choice choice = choose(*status, wanted, Kinds::both);
  if (const auto* none = std::get_if<NoChoice>(&choice)) return report(*none);
  if (const auto* recording = std::get_if<wire::SessionInfo>(&choice))
    session_ = recording->session;
  if (const auto* playback = std::get_if<wire::PlaybackInfo>(&choice))
    session_ = playback->playback;
  return std::nullopt;
}

Status Events::watch() {
  DaemonLink& link = link_->link();
  if (options_.uploads && session_.empty()) {
    // A daemon without the upload queue has nothing to tell about it.
    static_cast<void>(link.call(wire::Request{0, 0, wire::WatchUploads{0}}, {}));
  }
  // Later events do not tell of what kind it is that they happen to, these do.
  TRY(link.call(wire::Request{0, 0, wire::WatchSessions{session_, true}}, {}));
  return {};
}

// Until the connection ends.
std::optional<int> Events::follow() {
  for (;;) {
    Result<std::optional<wire::Reply>> reply = link_->link().next_event();
    if (!reply.ok()) return std::nullopt;
    const bool has_one = reply->has_value();
    if (has_one) {
      if (const std::optional<int> status = take(**reply)) return status;
      continue;
    }
    pollfd waiting{link_->link().fd(), POLLIN, 0};
    if (const std::optional<int> status = pause(waiting, -1)) return status;
  }
}

// Waits for `waiting` until the reader of standard output goes away or a signal ends it all.
std::optional<int> Events::pause(pollfd& waiting, int timeout_ms) {
  std::array<pollfd, 3> all = {{waiting, {signals_.fd(), POLLIN, 0}, {STDOUT_FILENO, 0, 0}}};
  const int ready = ::poll(all.data(), all.size(), timeout_ms);
  if (ready < 0 && errno != EINTR) return fail(kExitFailure, system_error("poll", errno).message);
  if (signals_.next().has_value()) return kExitOk;
  if (ready > 0 && (all[2].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) return kExitOk;
  waiting.revents = ready > 0 ? all[0].revents : static_cast<short>(0);
  return std::nullopt;
}

// A daemon that goes, as for an upgrade, is followed by another one, which takes its recordings
// over by and by. One that is still there has dropped a connection that was not read.
std::optional<int> Events::begin_again() {
  const bool was_playback = playbacks_.contains(session_);
  playbacks_.clear();
  const Deadline deadline(kReconnectTimeoutMs);
  for (;;) {
    const Status connected = connect_again();
    if (connected.ok()) return print(reconnected_json(dropped_, time_of_day_ms()));
    const bool gone = link_.has_value() && connected.error().code == Errc::not_found;
    if (deadline.remaining_ms() == 0 || (gone && (dropped_ || was_playback))) {
      if (gone) return report(session_is_gone({session_, false}));
      return fail(kExitNoDaemon, "asciinemad has died: " + connected.error().message);
    }
    pollfd nothing{-1, 0, 0};
    if (const std::optional<int> status = pause(nothing, kReconnectIntervalMs)) return status;
  }
}

Status Events::connect_again() {
  link_.reset();
  TRY_ASSIGN(SteerLink link, SteerLink::connect(environment_));
  link_.emplace(std::move(link));
  TRY_ASSIGN(const wire::HelloReply hello, link_->hello());
  TRY(check_steers_recordings(hello));
  dropped_ = hello.pid == daemon_pid_;
  TRY(watch());
  daemon_pid_ = hello.pid;
  return {};
}

std::optional<int> Events::take(const wire::Reply& reply) {
  if (const auto* event = std::get_if<wire::SessionEvent>(&reply.body)) return take(*event);
  if (const auto* upload = std::get_if<wire::UploadInfo>(&reply.body)) return take(*upload);
  return std::nullopt;
}

std::optional<int> Events::take(const wire::SessionEvent& event) {
  const auto is = [&](auto what) { return std::holds_alternative<decltype(what)>(event.what); };
  if (is(wire::event::PresentPlayback{}) || is(wire::event::PlaybackStarted{})) {
    playbacks_.insert(event.session);
  }
  const bool of_playback = playbacks_.contains(event.session);
  if (is(wire::event::PlaybackEnded{})) playbacks_.erase(event.session);
  const bool present = is(wire::event::Present{}) || is(wire::event::PresentPlayback{});
  if (present && options_.from_now) return std::nullopt;
  if (const std::optional<int> status = print(event_json(event, of_playback))) return status;
  const bool ended = is(wire::event::Exited{}) || is(wire::event::PlaybackEnded{});
  return ended && event.session == session_ ? std::optional(kExitOk) : std::nullopt;
}

std::optional<int> Events::take(const wire::UploadInfo& upload) {
  const auto now = std::pair(upload.state, upload.attempts);
  const auto [told, is_new] = uploads_.try_emplace(upload.number, now);
  if (!is_new && std::exchange(told->second, now) == now) return std::nullopt;
  return print(upload_event_json(upload, time_of_day_ms()));
}

// A reader that stops reading stops us, too; a signal has to get through all the same.
std::optional<int> Events::print(std::string_view line) {
  while (!line.empty()) {
    std::array<pollfd, 2> waiting = {{{STDOUT_FILENO, POLLOUT, 0}, {signals_.fd(), POLLIN, 0}}};
    const int ready = ::poll(waiting.data(), waiting.size(), -1);
    if (signals_.next().has_value()) return kExitOk;
    if (ready <= 0 || waiting[0].revents == 0) continue;
    // A writable pipe takes so much without blocking.
    const ssize_t size =
        ::write(STDOUT_FILENO, line.data(), std::min<std::size_t>(line.size(), PIPE_BUF));
    if (size > 0) line.remove_prefix(static_cast<std::size_t>(size));
    if (size >= 0 || errno == EAGAIN || errno == EINTR) continue;
    if (errno == EPIPE) return kExitOk;
    return fail(kExitFailure, system_error("write standard output", errno).message);
  }
  return std::nullopt;
}

}  // namespace

int run_events(int argc, char** argv) {
  const auto parsed = parse(argc, argv);
  if (const auto* status = std::get_if<ExitStatus>(&parsed)) return status->value;
  ::signal(SIGPIPE, SIG_IGN);
  Result<Signals> signals = Signals::watch({SIGINT, SIGTERM});
  if (!signals.ok()) return fail(kExitFailure, signals.error().message);
  const ProcessEnvironment environment;
  return Events(environment, *std::get_if<EventsOptions>(&parsed), *signals).run();
}

}  // namespace asciinemad
