#include "daemon/playback_worker.h"

#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>

#include "common/damage_report.h"

namespace asciinemad {
namespace {

constexpr std::size_t kOutboxBytes = std::size_t{64} << 10;
constexpr std::size_t kOutboxItems = 256;
// Making keyframes pays when a jump would cost more than one keyframe's distance.
constexpr std::uint64_t kIndexFromBytes = std::uint64_t{2} * Keyframes::kSpacingBytes;
// As far as recordings' times go: 285 years.
constexpr double kMaxUs = 9e15;
// The length of a recording of this size is found out in less than a tenth of a second.
constexpr off_t kSmallBytes = off_t{64} << 20;

std::optional<std::uint64_t> to_microseconds(std::optional<double> seconds) {
  if (!seconds.has_value()) return std::nullopt;
  return static_cast<std::uint64_t>(std::min(*seconds * 1e6, kMaxUs));
}

}  // namespace

PlaybackWorker::PlaybackWorker(std::shared_ptr<PlaybackMailbox> mailbox, Fd recording,
                               PlaybackFeed::Options options)
    : mailbox_(std::move(mailbox)),
      recording_(std::move(recording)),
      options_(std::move(options)),
      filter_(options_.policy) {}

void PlaybackWorker::run() {
  Status status = open();
  if (status.ok()) status = work();
  if (!status.ok()) mailbox_->send_failure({status.error().message});
}

Status PlaybackWorker::open() {
  TRY_ASSIGN(storage_, RecordingStorage::open(std::move(recording_), mailbox_->signal_fd(),
                                              options_.spool_directory));
  // A pipe grows anyway, as far as it is read.
  if (storage_->plain_fd() < 0) options_.follow = false;
  if (options_.follow) watch_.emplace(storage_->plain_fd());
  cursor_.emplace(*this);
  TRY(open_reader());
  start_.position = reader_->position();
  point_ = start_;
  if (!options_.idle_limit_us.has_value()) {
    options_.idle_limit_us = to_microseconds(reader_->header().idle_time_limit_s);
  }
  timeline_.emplace(options_.idle_limit_us);
  view_ = {options_.idle_limit_us, options_.code, options_.follow || storage_->is_stream()};
  replay_ = std::make_unique<ScreenReplay>(storage_, *keyframes_, view_, mailbox_->interrupted);
  scan_ = std::make_unique<RecordingScan>(storage_, view_, mailbox_->interrupted);
  send(PlaybackFeed::Opened{reader_->header()});
  return {};
}

Status PlaybackWorker::open_reader() {
  for (;;) {
    cursor_->seek(0);
    reader_ = std::make_unique<RecordingReader>(*cursor_, options_.follow
                                                              ? RecordingReader::Growth::growing
                                                              : RecordingReader::Growth::finished);
    Status opened = reader_->open();
    if (opened.ok() || mailbox_->stopping) return opened;
    // Its writer has not written the header yet.
    if (opened.error().code != Errc::unavailable || !growing()) return opened;
    at_end_ = true;
    wait();
    mailbox_->drain_signal();
    // Before it has seen the header, the playback asks for nothing else.
    while (const std::optional<PlaybackMailbox::Command> command = mailbox_->next_command()) {
      if (std::holds_alternative<PlaybackMailbox::FinishGrowing>(*command)) finishing_ = true;
    }
  }
}

Status PlaybackWorker::work() {
  while (!mailbox_->stopping) {
    Status status;
    if (std::optional<PlaybackMailbox::Command> command = mailbox_->next_command()) {
      status = std::visit([this](auto& wish) { return handle(wish); }, *command);
    } else if (!at_end_ && mailbox_->has_room()) {
      status = produce();
    } else {
      flush();
      measure_if_wanted();
      wait();
      mailbox_->drain_signal();
    }
    if (status.ok()) continue;
    if (status.error().code != Errc::cancelled) return status;
    // Given up for a command that came meanwhile. Not drained for every event: that is a system
    // call, and a signal left over from before only ends one wait too soon.
    mailbox_->drain_signal();
  }
  return {};
}

void PlaybackWorker::wait() {
  std::array<pollfd, 2> waiting = {{{mailbox_->signal_fd(), POLLIN, 0}, {-1, POLLIN, 0}}};
  int timeout_ms = -1;
  const bool for_growth = at_end_ && growing() && watch_.has_value();
  if (for_growth) {
    waiting[1].fd = watch_->fd();
    timeout_ms = watch_->poll_interval_ms();
  }
  if (::poll(waiting.data(), waiting.size(), timeout_ms) < 0) return;
  if (for_growth && (waiting[1].revents != 0 || waiting[0].revents == 0)) {
    watch_->drain();
    at_end_ = false;
  }
}

Status PlaybackWorker::produce() {
  TRY_ASSIGN(const std::optional<RecordingEvent> event, reader_->next());
  if (!event.has_value()) {
    at_end();
    return {};
  }
  timeline_->advance(event->at_us);
  point_.time = timeline_->position();
  point_.position = reader_->position();
  ++point_.events;
  if (event->code == options_.code) {
    ++point_.frames;
    shown_bytes_ += event->data.size();
  }
  add_item(*event);
  if (outbox_bytes_ >= kOutboxBytes || outbox_.size() >= kOutboxItems) {
    flush();
    if (shown_bytes_ > kIndexFromBytes && !options_.all_events) {
      if (indexer_ == nullptr) {
        indexer_ = std::make_unique<KeyframeIndexer>(storage_, keyframes_, view_);
      }
      indexer_->want(point_.events);
    }
  }
  return {};
}

void PlaybackWorker::add_item(const RecordingEvent& event) {
  const bool shown = event.code == options_.code;
  if (!shown && !options_.all_events && event.code != "m" && event.code != "r") return;
  PlaybackFeed::Item item{
      point_.time.played_us, point_.events, point_.frames, std::string(event.code), {}, {}, {}};
  if (!shown || options_.all_events) {
    item.data = event.data;
  } else {
    filter_.filter(event.data, item.data);
  }
  if (status_row_ >= 0) {
    if (status_row_ < replay_->screen().rows()) {
      item.uncover = replay_->screen().redraw_row(status_row_);
    }
    replay_->follow(event, point_);
    item.restore = replay_->screen().restore_cursor();
  }
  send(std::move(item));
}

void PlaybackWorker::at_end() {
  at_end_ = true;
  if (growing()) {
    send(PlaybackFeed::CaughtUp{});
  } else {
    mailbox_->duration_us = point_.time.played_us;
    send(PlaybackFeed::Ended{describe_damage(reader_->damage())});
  }
}

// Whoever asks for the remaining time, or sees the list of playbacks, should not have to wait.
void PlaybackWorker::measure_if_wanted() {
  // A jump that came may have put an end to it.
  if (wants_measure_) static_cast<void>(handle(PlaybackMailbox::Measure{}));
  if (measured_) return;
  measured_ = true;
  struct stat info {};
  const int fd = storage_->plain_fd();
  if (fd < 0 || ::fstat(fd, &info) != 0 || info.st_size > kSmallBytes) return;
  if (Status status = handle(PlaybackMailbox::Measure{}); !status.ok()) measured_ = false;
}

Status PlaybackWorker::handle(PlaybackMailbox::Measure /*measure*/) {
  wants_measure_ = true;
  TRY(scan_->to_end());
  wants_measure_ = false;
  // Of a pipe it is only what has come; at_end() tells its length.
  if (!storage_->is_stream()) mailbox_->duration_us = scan_->duration_us();
  return {};
}

Status PlaybackWorker::handle(PlaybackMailbox::FinishGrowing /*finish*/) {
  finishing_ = true;
  at_end_ = false;
  return {};
}

Status PlaybackWorker::handle(const PlaybackFeed::MarkerWish& wish) {
  Result<const RecordingScan::Marker*> marker =
      wish.forwards ? scan_->find_marker_after(wish.events)
                    : scan_->find_marker_before(wish.events, wish.played_us);
  PlaybackMailbox::MarkerAnswer answer;
  if (marker.ok() && *marker != nullptr) answer.events = (*marker)->events;
  mailbox_->send_marker_answer(answer);
  return marker.ok() ? Status() : Status(marker.take_error());
}

Result<Keyframes::Bounds> PlaybackWorker::bounds_of(const PlaybackFeed::JumpWish& wish) {
  Keyframes::Bounds bounds;
  if (const auto* time = std::get_if<PlaybackFeed::ToTime>(&wish.target)) {
    bounds.played_us = time->played_us;
  } else if (const auto* frame = std::get_if<PlaybackFeed::ToFrame>(&wish.target)) {
    bounds.frames = frame->frames;
  } else if (const auto* event = std::get_if<PlaybackFeed::ToEvent>(&wish.target)) {
    bounds.events = event->events;
  } else if (const auto* part = std::get_if<PlaybackFeed::ToFraction>(&wish.target)) {
    TRY(handle(PlaybackMailbox::Measure{}));
    bounds.played_us = static_cast<std::uint64_t>(
        std::llround(part->fraction * static_cast<double>(scan_->duration_us())));
  }
  return bounds;
}

Status PlaybackWorker::resume_at(const PlaybackPoint& point) {
  cursor_->seek(point.position.offset);
  TRY(reader_->resume_at(point.position));
  timeline_->resume_at(point.time);
  point_ = point;
  filter_.reset();
  return {};
}

Result<bool> PlaybackWorker::go_to(const PlaybackFeed::JumpWish& wish,
                                   const Keyframes::Bounds& bounds) {
  for (;;) {
    TRY(replay_->to(bounds));
    if (!replay_->at_end()) return true;
    if (!wish.waits || !storage_->is_stream()) return false;
    TRY(resume_at(replay_->point()));
    Result<bool> pulled = pull_to(bounds);
    if (pulled.ok() || pulled.error().code != Errc::cancelled || mailbox_->interrupted) {
      return pulled;
    }
    // Another command, which can wait.
    mailbox_->drain_signal();
  }
}

// Reads on, waiting for the pipe's writer, until an event is beyond the bounds or the pipe ends.
Result<bool> PlaybackWorker::pull_to(const Keyframes::Bounds& bounds) {
  for (;;) {
    TRY_ASSIGN(const std::optional<RecordingEvent> event, reader_->next());
    if (!event.has_value()) return false;
    PlaybackPoint next = point_;
    timeline_->advance(event->at_us);
    next.time = timeline_->position();
    next.position = reader_->position();
    ++next.events;
    if (event->code == options_.code) ++next.frames;
    if (!bounds.allow(next)) return true;
    point_ = next;
    replay_->follow(*event, point_);
  }
}

Status PlaybackWorker::handle(PlaybackMailbox::JumpCommand& command) {
  outbox_.clear();
  outbox_bytes_ = 0;
  generation_ = command.generation;
  at_end_ = false;
  if (!command.wish.has_value()) {
    status_row_ = -1;
    return resume_at(start_);
  }
  TRY_ASSIGN(const Keyframes::Bounds bounds, bounds_of(*command.wish));
  TRY_ASSIGN(const bool reached, go_to(*command.wish, bounds));
  TRY(resume_at(replay_->point()));
  // What the event before has begun belongs to the next; the screen shows it not yet.
  std::string shown_already;
  filter_.filter(replay_->tail(), shown_already);
  const ScreenModel& screen = replay_->screen();
  const PlaybackFeed::JumpWish& wish = *command.wish;
  const bool cut = wish.terminal_cols > 0 &&
                   (screen.cols() > wish.terminal_cols || screen.rows() > wish.terminal_rows);
  // A cut screen makes room for the status line.
  status_row_ = cut ? -1 : wish.status_row;
  std::string drawn;
  if (!options_.all_events) {
    // What it redoes was set by the recording, and is as little to be trusted.
    ScreenFilter(options_.policy).filter(screen.snapshot(cut ? 0 : wish.terminal_rows), drawn);
  }
  const std::uint64_t last_us = point_.time.played_us;
  PlaybackFeed::Jump jump{reached ? bounds.played_us.value_or(last_us) : last_us,
                          point_.events,
                          point_.frames,
                          screen.cols(),
                          screen.rows(),
                          std::move(drawn),
                          cut,
                          {},
                          {}};
  if (status_row_ >= 0) {
    if (status_row_ < screen.rows()) jump.uncover = screen.redraw_row(status_row_);
    jump.restore = screen.restore_cursor();
  }
  send(std::move(jump));
  flush();
  if (indexer_ != nullptr) indexer_->want_all();
  return {};
}

void PlaybackWorker::send(PlaybackFeed::Message message) {
  if (const auto* item = std::get_if<PlaybackFeed::Item>(&message)) {
    outbox_bytes_ += item->data.size() + item->restore.size() + item->uncover.size();
  }
  outbox_.push_back(std::move(message));
}

void PlaybackWorker::flush() {
  if (outbox_.empty()) return;
  mailbox_->send(generation_, std::move(outbox_));
  outbox_.clear();
  outbox_bytes_ = 0;
}

}  // namespace asciinemad
