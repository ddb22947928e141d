#include "daemon/playback.h"

#include <algorithm>
#include <cmath>

#include "common/log.h"
#include "daemon/screen_replay.h"

namespace asciinemad {
namespace {

// Other sessions get their turn after so much.
constexpr std::size_t kMaxBytesPerTurn = std::size_t{256} << 10;
constexpr std::size_t kMaxBatchBytes = std::size_t{32} << 10;
constexpr std::size_t kMaxInfoBytes = 256;
// As far as recordings' times go: 285 years.
constexpr double kMaxUs = 9e15;

std::optional<Key> key_of(const std::string& text) {
  Result<Key> key = parse_key(text);
  if (text.empty() || !key.ok()) return std::nullopt;
  return *key;
}

PlaybackFeed::Options feed_options(const wire::Play& play, ScreenPolicy policy,
                                   const std::string& spool_directory) {
  PlaybackFeed::Options options;
  options.policy = policy;
  options.code = play.stream == wire::Play::Stream::input ? "i" : "o";
  options.all_events = play.output == wire::Play::Output::asciicast_v2;
  if (play.idle_time_limit_s > 0) {
    options.idle_limit_us = static_cast<std::uint64_t>(std::llround(play.idle_time_limit_s * 1e6));
  }
  options.follow = play.follow;
  options.spool_directory = spool_directory;
  return options;
}

// JSON lines, with what they may contain and terminals obey escaped: DEL and U+0080 to U+009F.
void append_for_terminals(std::string& out, std::string_view lines) {
  while (!lines.empty()) {
    const std::size_t at = lines.find_first_of("\x7f\xc2");
    out.append(lines.substr(0, at));
    if (at == std::string_view::npos) return;
    lines.remove_prefix(at);
    const bool control =
        lines.front() == '\xc2' && lines.size() > 1 && static_cast<unsigned char>(lines[1]) < 0xa0;
    if (lines.front() == '\x7f') {
      out += "\\u007f";
    } else if (control) {
      constexpr std::string_view kHex = "0123456789abcdef";
      const auto code = static_cast<unsigned char>(lines[1]);
      out += "\\u00";
      out += kHex[code >> 4U];
      out += kHex[code & 15U];
      lines.remove_prefix(1);
    } else {
      out += '\xc2';
    }
    lines.remove_prefix(1);
  }
}

}  // namespace

Playback::Playback(const Context& context, std::string id, wire::Play play, Connection& client,
                   Listener& listener)
    : context_(context),
      id_(std::move(id)),
      play_(std::move(play)),
      client_(&client),
      listener_(listener),
      bindings_{key_of(play_.pause_key), key_of(play_.step_key), key_of(play_.next_marker_key)},
      status_timer_(uv::make_timer(context.loop)),
      deadline_(uv::make_timer(context.loop)),
      keys_(bindings_),
      size_(play_.size),
      recorded_size_(play_.size),
      speed_(play_.speed) {
  if (play_.output == wire::Play::Output::asciicast_v2) writer_ = make_asciicast_writer(2);
}

Result<std::unique_ptr<Playback>> Playback::create(const Context& context, std::string id,
                                                   wire::Play play, Fd recording,
                                                   Terminal::Resources terminal, Connection& client,
                                                   Listener& listener) {
  std::unique_ptr<Playback> playback(
      new Playback(context, std::move(id), std::move(play), client, listener));
  TRY(playback->open(std::move(recording), std::move(terminal)));
  client.become_client(*playback);
  playback->tell(wire::event::PlaybackStarted{playback->info()});
  return playback;
}

Status Playback::open(Fd recording, Terminal::Resources terminal) {
  log::info("playback ", id_, ": ", play_.name);
  source_ = file_id(recording.get());
  TRY_ASSIGN(timer_, uv::PreciseTimer::make(context_.loop, *this));
  TRY_ASSIGN(terminal_,
             Terminal::open(context_.loop, std::move(terminal), context_.input_scratch, *this));
  TRY_ASSIGN(feed_,
             PlaybackFeed::start(context_.loop, std::move(recording),
                                 feed_options(play_, policy(), context_.spool_directory), *this));
  terminal_->set_reading(true);
  on_terminal_ = terminal_->output_is_terminal();
  return {};
}

wire::PlaybackInfo Playback::info() const {
  wire::PlaybackInfo info;
  info.playback = id_;
  // Cut, so that a thousand of them fit into a message.
  info.name = play_.name.substr(0, kMaxInfoBytes);
  info.position_us = position_us();
  info.duration_us = duration_us();
  info.speed = speed_;
  info.paused = paused_;
  info.following = live_;
  info.size = recorded_size_;
  return info;
}

ScreenPolicy Playback::policy() const {
  switch (play_.trust) {
    case wire::Play::Trust::local:
      return ScreenPolicy::local;
    case wire::Play::Trust::trusted:
      return ScreenPolicy::trusted;
    case wire::Play::Trust::untrusted:
      break;
  }
  return ScreenPolicy::untrusted;
}

void Playback::tell(decltype(wire::SessionEvent::what) what) const {
  if (context_.watches.empty()) return;
  context_.watches.publish({id_, play_.name, 0, position_us(), std::move(what)});
}

std::uint64_t Playback::position_us() const {
  if (paused_ || live_ || jumping_ || help_ || phase_ != Phase::playing) return position_us_;
  const std::uint64_t now = context_.clock.now_us();
  const double passed = static_cast<double>(now - std::min(now, anchor_us_)) * speed_;
  const std::uint64_t position =
      position_us_ + static_cast<std::uint64_t>(std::min(passed, kMaxUs));
  // What is not shown yet lies ahead; behind the last event there is nothing.
  if (next_.has_value()) return std::min(position, std::max(next_->played_us, position_us_));
  return all_read_ ? std::min(position, std::max(duration_us(), position_us_)) : position;
}

void Playback::set_position(std::uint64_t position_us) {
  position_us_ = position_us;
  anchor_us_ = context_.clock.now_us();
}

std::uint64_t Playback::due_us(const PlaybackFeed::Item& item) const {
  if (item.played_us <= position_us_) return 0;
  const double wait = static_cast<double>(item.played_us - position_us_) / speed_;
  return anchor_us_ + static_cast<std::uint64_t>(std::min(wait, kMaxUs));
}

bool Playback::can_write() const {
  return (phase_ == Phase::playing || phase_ == Phase::opening) && terminal_ != nullptr &&
         !terminal_->congested();
}

bool Playback::can_show() const {
  // A view goes on while the terminal does not: it is drawn when that takes bytes again.
  const bool into_view = view_ != nullptr && !jumping_ && !play_.resize_terminal;
  if (!into_view) return can_write();
  return phase_ == Phase::playing && terminal_ != nullptr && !view_->full();
}

// Shows what is due, and sees to it that it is called again when something else is.
void Playback::advance() {
  if (!can_show()) return;
  const std::uint64_t now = context_.clock.now_us();
  std::size_t shown_bytes = 0;
  while (can_show()) {
    if (!next_.has_value()) {
      if (!take_next()) break;
      continue;
    }
    const bool moves = (!paused_ || steps_ > 0) && !help_ && !jumping_;
    if (!moves || (!live_ && steps_ == 0 && due_us(*next_) > now)) break;
    if (shown_bytes > kMaxBytesPerTurn) {
      flush_batch();
      timer_->set(now);
      return;
    }
    shown_bytes += next_->data.size();
    PlaybackFeed::Item item = std::move(*next_);
    next_.reset();
    if (steps_ > 0) count_step(item);
    show(std::move(item));
  }
  flush_batch();
  arm_timer(now);
  if (all_read_ && !next_.has_value()) steps_ = 0;
  if (phase_ == Phase::playing && all_read_ && !next_.has_value() && !paused_ && !help_ &&
      !jumping_) {
    on_all_shown();
  }
}

// Up to the next event that the screen shows; markers and resizes are passed.
void Playback::count_step(const PlaybackFeed::Item& item) {
  set_position(std::max(item.played_us, position_us_));
  if (writer_ != nullptr || (item.code != "m" && item.code != "r")) --steps_;
}

void Playback::arm_timer(std::uint64_t now_us) {
  const bool waits = can_show() && next_.has_value() && !paused_ && !help_ && !jumping_;
  if (waits) {
    timer_->set(std::max(due_us(*next_), now_us));
  } else {
    timer_->stop();
  }
}

bool Playback::take_next() {
  std::optional<PlaybackFeed::Message> message = feed_->take();
  if (!message.has_value()) return false;
  std::visit([this](auto& m) { take(m); }, *message);
  return true;
}

void Playback::take(PlaybackFeed::Opened& opened) {
  phase_ = Phase::playing;
  recorded_size_.cols = static_cast<std::uint16_t>(opened.header.cols);
  recorded_size_.rows = static_cast<std::uint16_t>(opened.header.rows);
  recorded_size_.xpixel = recorded_size_.ypixel = 0;
  first_size_ = recorded_size_;
  set_position(0);
  if (writer_ != nullptr) {
    writer_->header(opened.header, line_);
    append_for_terminals(batch_, line_);
    skip_until_us_ = play_.start_at_us;
    set_position(play_.start_at_us);
    return;
  }
  if (play_.resize_terminal) {
    tell_undo();
    batch_ += resize_request(opened.header.cols, opened.header.rows);
  }
  if (play_.follow) {
    jump(PlaybackFeed::ToEnd{});
    goes_live_ = true;
  } else if (play_.start_at_us > 0) {
    jump(PlaybackFeed::ToTime{play_.start_at_us}, true);
  } else if (!fits(recorded_size_)) {
    begin_view({});
  }
}

void Playback::take(PlaybackFeed::Item& item) { next_ = std::move(item); }

void Playback::take(PlaybackFeed::CaughtUp& /*caught_up*/) {
  steps_ = 0;
  if (play_.follow) live_ = true;
}

void Playback::take(PlaybackFeed::Ended& ended) {
  all_read_ = true;
  warnings_ = std::move(ended.warnings);
}

void Playback::take(PlaybackFeed::Failed& failed) { finish(How::failed, std::move(failed.reason)); }

void Playback::show(PlaybackFeed::Item item) {
  events_ = item.events;
  if (live_) set_position(item.played_us);
  if (writer_ != nullptr) {
    print_event(item);
  } else if (item.code == "r") {
    if (const auto size = parse_size(item.data)) {
      recorded_size_.cols = static_cast<std::uint16_t>(size->first);
      recorded_size_.rows = static_cast<std::uint16_t>(size->second);
      show_resize();
    }
  } else if (item.code != "m") {
    show_output(item);
  }
  if (item.code == "m" && play_.pause_on_markers && !live_ && item.played_us >= skip_until_us_) {
    set_position(item.played_us);
    set_paused(true);
  }
}

void Playback::show_output(PlaybackFeed::Item& item) {
  frames_ = item.frames;
  if (view_ != nullptr) {
    view_->write(std::move(item.data));
    return;
  }
  if (!batch_begun_ && status_) terminal_->write(item.uncover);
  batch_begun_ = true;
  batch_ += item.data;
  status_restore_ = std::move(item.restore);
  if (batch_.size() >= kMaxBatchBytes) flush_batch();
}

void Playback::print_event(const PlaybackFeed::Item& item) {
  if (item.played_us < skip_until_us_) return;
  const bool wanted = play_.stream == wire::Play::Stream::standard ||
                      item.code == (play_.stream == wire::Play::Stream::input ? "i" : "o");
  if (!wanted) return;
  RecordingEvent event;
  event.at_us = static_cast<std::uint64_t>(
      std::min(static_cast<double>(item.played_us) / play_.speed, kMaxUs));
  event.code = item.code;
  event.data = item.data;
  line_.clear();
  writer_->event(event, line_);
  append_for_terminals(batch_, line_);
  if (batch_.size() >= kMaxBatchBytes) flush_batch();
}

void Playback::flush_batch() {
  if (!batch_.empty()) write_recorded(std::exchange(batch_, {}));
  if (std::exchange(batch_begun_, false)) draw_status();
}

// Before the bytes, the client learns how to undo what they do, should this process die.
void Playback::write_recorded(std::string_view bytes) {
  if (bytes.empty()) return;
  if (writer_ == nullptr) {
    modes_.observe(bytes);
    if (modes_.crash_revision() != told_revision_) tell_undo();
  }
  terminal_->write(bytes);
}

void Playback::tell_undo() {
  told_revision_ = modes_.crash_revision();
  std::string undo = modes_.undo_after_crash();
  if (play_.resize_terminal) undo += resize_request(play_.size.cols, play_.size.rows);
  if (client_ != nullptr) client_->send({0, wire::ScreenUndo{std::move(undo)}});
}

void Playback::on_terminal_drained() {
  if (phase_ == Phase::ending) {
    end();
    return;
  }
  draw_view();
  if (view_ != nullptr) view_->go_on();
  advance();
}

void Playback::on_all_shown() {
  // Comes back when the terminal has got the last frame.
  if (view_ != nullptr && !(view_->idle() && can_write())) return;
  // A round without any time would be followed by the next at once, for ever.
  if (!play_.loop || feed_->duration_us() == 0) {
    leave(How::ended, true);
    return;
  }
  write_recorded(modes_.undo());
  all_read_ = false;
  events_ = frames_ = 0;
  recorded_size_ = first_size_;
  if (status_ || view_ != nullptr || !fits(first_size_)) {
    // The next round begins with the status line, too, and in a view.
    jump(PlaybackFeed::ToTime{0});
  } else {
    set_position(0);
    feed_->rewind();
  }
}

void Playback::finish(How how, std::string reason) {
  if (phase_ == Phase::ending || phase_ == Phase::ended) return;
  if (terminal_ != nullptr) flush_batch();
  const bool resized = play_.resize_terminal && writer_ == nullptr && phase_ == Phase::playing;
  phase_ = Phase::ending;
  timer_->stop();
  uv_timer_stop(status_timer_.get());
  finished_.how = how;
  finished_.reason = std::move(reason);
  finished_.warnings = std::move(warnings_);
  log::info("playback ", id_, ": ends");
  if (terminal_ == nullptr) {
    end();
    return;
  }
  terminal_->set_reading(false);
  remove_overlays();
  write_recorded(modes_.undo());
  if (resized) terminal_->write(resize_request(play_.size.cols, play_.size.rows));
  if (terminal_->congested()) {
    uv::start_timer<&Playback::end>(deadline_, at_end_ ? kFlushTimeoutMs : kLeaveTimeoutMs, this);
  } else {
    end();
  }
}

void Playback::end() {
  if (phase_ == Phase::ended) return;
  phase_ = Phase::ended;
  uv_timer_stop(deadline_.get());
  if (client_ == nullptr && terminal_ != nullptr) terminal_->restore_settings();
  terminal_.reset();
  if (client_ != nullptr) {
    client_->send({0, finished_});
    client_->become_peer();
  }
  tell(wire::event::PlaybackEnded{std::move(finished_)});
  listener_.on_playback_ended(*this);
}

}  // namespace asciinemad
