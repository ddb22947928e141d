#include "client/upload_session.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>
#include <variant>

#include "client/command.h"
#include "client/deadline.h"
#include "client/upload_link.h"
#include "client/upload_text.h"
#include "common/clock.h"
#include "common/uuid.h"

namespace asciinemad {
namespace {

using wire::UploadState;

// How often a progress line is drawn when nothing is heard.
constexpr int kRedrawMs = 500;

// How long daemons may come and go before one takes the recording.
constexpr int kQueueTimeoutMs = 10'000;
constexpr int kQueuePauseMs = 50;

bool is_regular(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

}  // namespace

Status open_for_upload(const std::string& path, UploadWish& wish) {
  const bool standard_input = path == "-";
  const std::string name = standard_input ? "standard input" : path;
  if (standard_input) {
    TRY_ASSIGN(wish.recording, duplicate(STDIN_FILENO));
  } else {
    wish.recording.reset(::open(path.c_str(), O_RDONLY | O_NOCTTY | O_CLOEXEC));
  }
  if (!wish.recording) return system_error("open " + name, errno);
  struct stat info {};
  if (::fstat(wish.recording.get(), &info) != 0) return system_error("open " + name, errno);
  if (S_ISDIR(info.st_mode)) return system_error("open " + name, EISDIR);
  if (::isatty(wish.recording.get()) != 0) {
    return Error{
        Errc::invalid_argument,
        "open " + name + ": is a terminal; give a recording's name, or redirect one to it"};
  }
  wish.upload.name = name;
  if (!standard_input && S_ISREG(info.st_mode)) wish.file = path;
  return {};
}

int report_failed_upload(const Messages& messages, const Error& error, const std::string& file) {
  messages.error("upload failed: " + error.message);
  // What makes no sense now will make none later.
  const bool may_work_later = error.code != Errc::invalid_argument && error.code != Errc::cancelled;
  if (may_work_later && !file.empty()) {
    messages.error("retry later by running: asciinema upload " + file);
  }
  return kExitFailure;
}

int UploadSession::run() {
  wish_.upload.interactive = wish_.upload.watch = !wish_.background;
  // Without one a daemon that dies before it answers leaves open whether it has queued it.
  if (Result<std::string> key = make_uuid(); key.ok()) wish_.upload.key = std::move(key).value();
  Result<Signals> signals = Signals::watch({SIGINT, SIGTERM});
  if (!signals.ok()) return report_failed_upload(messages_, signals.error(), wish_.file);
  Result<wire::Queued> queued = queue(*signals);
  if (!queued.ok()) {
    report_failed_upload(messages_, queued.error(), wish_.file);
    return signal_.has_value() ? 128 + *signal_ : kExitFailure;
  }
  number_ = queued->number;
  wish_.recording.reset();
  for (const std::string& warning : queued->warnings) messages_.warn(warning);
  if (wish_.background) {
    messages_.info("queued as " + place());
    return kExitOk;
  }
  return signal_.has_value() ? leave(*signal_) : follow(*signals);
}

// Whether a daemon that goes meanwhile has queued it, its successor knows by the key. That one can
// read a file from its beginning, not what a pipe has given already.
Result<wire::Queued> UploadSession::queue(Signals& signals) {
  const Deadline deadline(kQueueTimeoutMs);
  for (;;) {
    Result<wire::Queued> queued = queue_once(signals);
    if (queued.ok() || !connection_lost_ || deadline.remaining_ms() == 0) return queued;
    if (asked_ && !is_regular(wish_.recording.get())) {
      Error error = queued.take_error();
      error.message += "; it may be queued, see `asciinema uploads`";
      return error;
    }
    ::poll(nullptr, 0, kQueuePauseMs);
  }
}

Result<wire::Queued> UploadSession::queue_once(Signals& signals) {
  asked_ = false;
  Result<DaemonLink> link = connect_to_upload_queue(environment_, StartDaemon::if_needed);
  connection_lost_ = !link.ok() && link.error().code == Errc::unavailable;
  if (!link.ok()) return link.take_error();
  link_.emplace(std::move(link).value());
  asked_ = true;
  const std::array<int, 1> fds = {wish_.recording.get()};
  const Result<std::uint32_t> id = link_->send(wire::Request{0, 0, wish_.upload}, fds);
  connection_lost_ = !id.ok();
  if (!id.ok()) return id.error();
  return wait_for_queued(signals, *id);
}

// As long as it takes: the recording may come from a pipe whose writer is slow. A copy of a file is
// soon made, so the first signal waits for that.
Result<wire::Queued> UploadSession::wait_for_queued(Signals& signals, std::uint32_t id) {
  const bool copies_file = is_regular(wish_.recording.get());
  for (;;) {
    while (const std::optional<int> signum = signals.next()) {
      const bool insists = signal_.has_value();
      signal_ = signum;
      if (insists || !copies_file) return Error{Errc::cancelled, "interrupted, it is not queued"};
    }
    Result<std::optional<wire::Reply>> reply = link_->next_event();
    connection_lost_ = !reply.ok();
    if (!reply.ok()) return reply.take_error();
    if (reply->has_value()) {
      if (auto* queued = std::get_if<wire::Queued>(&(*reply)->body)) return std::move(*queued);
      const auto* error = std::get_if<wire::ErrorReply>(&(*reply)->body);
      if (error == nullptr || ((*reply)->id != id && (*reply)->id != 0)) continue;
      // The queue has changed hands since it was asked for, or is about to.
      connection_lost_ =
          error->code == wire::ErrorCode::elsewhere || error->code == wire::ErrorCode::busy;
      Error refused = to_error(*error);
      const bool about_recording =
          error->code == wire::ErrorCode::invalid || error->code == wire::ErrorCode::internal;
      if (about_recording) refused.message = wish_.upload.name + ": " + refused.message;
      return refused;
    }
    std::array<pollfd, 2> waiting = {{{link_->fd(), POLLIN, 0}, {signals.fd(), POLLIN, 0}}};
    if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) {
      return system_error("poll", errno);
    }
  }
}

int UploadSession::follow(Signals& signals) {
  UploadWatch watch(environment_, signals, number_);
  watch.begin_with(*std::exchange(link_, std::nullopt));
  for (;;) {
    Result<UploadWatch::News> news = watch.wait(progress_.enabled() ? kRedrawMs : -1);
    if (!news.ok()) {
      progress_.erase();
      messages_.error(news.error().message);
      messages_.error(wish_.upload.name + " is queued as " + place() + "; see `asciinema uploads`");
      return kExitFailure;
    }
    if (const std::optional<int> status = on_news(*news)) return *status;
    show_progress();
  }
}

std::optional<int> UploadSession::on_news(UploadWatch::News& news) {
  switch (news.kind) {
    case UploadWatch::News::Kind::signal:
      return leave(news.signum);
    case UploadWatch::News::Kind::upload:
      state_ = std::move(news.upload);
      return on_change();
    case UploadWatch::News::Kind::restarted:
      state_.reset();
      return std::nullopt;
    case UploadWatch::News::Kind::listed:
      if (state_.has_value()) return std::nullopt;
      progress_.erase();
      messages_.error("upload failed: " + place() + " is no longer in the queue");
      return kExitFailure;
    case UploadWatch::News::Kind::nothing:
      break;
  }
  return std::nullopt;
}

std::optional<int> UploadSession::on_change() {
  switch (state_->state) {
    case UploadState::uploading:
      rate_.add(SystemClock().now_us(), state_->sent_bytes);
      return std::nullopt;
    case UploadState::queued:
      return on_queued_again();
    case UploadState::done:
      return conclude_done();
    case UploadState::held:
      return conclude_failed("it is held as " + place());
    case UploadState::failed:
      return conclude_failed({});
    case UploadState::cancelled:
      break;
  }
  progress_.erase();
  messages_.error("upload failed: " + place() + " was cancelled");
  return kExitFailure;
}

std::optional<int> UploadSession::on_queued_again() {
  const bool has_failed = state_->attempts > 0 && !state_->reason.empty();
  if (!has_failed) return std::nullopt;
  if (!wish_.wait) {
    return conclude_failed("queued as " + place() + ", will be retried; see `asciinema uploads`");
  }
  if (state_->reason != told_reason_) {
    told_reason_ = state_->reason;
    progress_.erase();
    messages_.info(state_->reason + "; it is tried again");
  }
  return std::nullopt;
}

int UploadSession::conclude_done() {
  progress_.erase();
  if (!state_->warning.empty()) messages_.warn(state_->warning);
  if (state_->ambiguous) {
    messages_.warn("the answer to an earlier attempt was lost: the server may have it twice");
  }
  if (!state_->message.empty()) {
    messages_.print_lines(state_->message);
  } else if (!state_->url.empty()) {
    messages_.print_lines(state_->url);
  } else {
    messages_.info("uploaded; the server gave no address");
  }
  return kExitOk;
}

int UploadSession::conclude_failed(const std::string& how_to_go_on) {
  progress_.erase();
  messages_.error("upload failed: " + state_->reason);
  for (const std::string& line : {state_->advice, how_to_go_on}) {
    if (!line.empty()) messages_.error(line);
  }
  return kExitFailure;
}

int UploadSession::leave(int signum) {
  progress_.erase();
  messages_.info(wish_.upload.name + " is queued as " + place() +
                 " and will be uploaded in the background");
  return 128 + signum;
}

void UploadSession::show_progress() {
  if (!progress_.enabled()) return;
  if (state_.has_value() && state_->state == UploadState::uploading) {
    const Progress progress{state_->sent_bytes, state_->bytes,
                            rate_.bytes_per_s(SystemClock().now_us())};
    progress_.show(progress_text(progress, ProgressLine::columns()));
    return;
  }
  // What waits for its turn is not told.
  const std::int64_t next_ms = state_.has_value() ? state_->next_attempt_at_ms : 0;
  const std::int64_t now_ms = time_of_day_ms();
  progress_.show(next_ms > now_ms ? "next attempt " + until_text(next_ms, now_ms)
                                  : "waiting for other uploads");
}

}  // namespace asciinemad
