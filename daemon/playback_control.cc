// What people at the keyboard and peers ask of a playback.

#include <algorithm>
#include <array>
#include <cmath>

#include "daemon/playback.h"

namespace asciinemad {
namespace {

constexpr std::uint64_t kStatusIntervalMs = 1000;
// Who jumps back this soon behind a marker means the one before.
constexpr std::uint64_t kMarkerSlackUs = 1'000'000;
constexpr std::size_t kMaxWaitingMarkers = 64;
constexpr double kMinSpeed = 1.0 / 64;
constexpr double kMaxSpeed = 1024;

// The steps of `+` and `-`; beyond them it doubles and halves.
constexpr std::array<double, 9> kSpeeds = {0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4};

double faster(double speed) {
  const auto* next = std::upper_bound(kSpeeds.begin(), kSpeeds.end(), speed);
  if (speed < kSpeeds.front()) return std::min(speed * 2, kSpeeds.front());
  return std::min(next != kSpeeds.end() ? *next : speed * 2, std::max(speed, kMaxSpeed));
}

double slower(double speed) {
  if (speed > kSpeeds.back()) return std::max(speed / 2, kSpeeds.back());
  const auto* here = std::lower_bound(kSpeeds.begin(), kSpeeds.end(), speed);
  return std::max(here != kSpeeds.begin() ? *std::prev(here) : speed / 2,
                  std::min(speed, kMinSpeed));
}

}  // namespace

Status Playback::control(const wire::Control& control) {
  if (std::holds_alternative<wire::control::Unknown>(control.action)) {
    return Error{Errc::unsupported, "this asciinemad does not know that action"};
  }
  const bool jumps = std::holds_alternative<wire::control::StepBack>(control.action) ||
                     std::holds_alternative<wire::control::SeekTo>(control.action) ||
                     std::holds_alternative<wire::control::SeekBy>(control.action) ||
                     std::holds_alternative<wire::control::SeekToFraction>(control.action) ||
                     std::holds_alternative<wire::control::NextMarker>(control.action) ||
                     std::holds_alternative<wire::control::PreviousMarker>(control.action);
  if (jumps && !can_jump()) {
    return Error{Errc::invalid_argument, "it prints events, of which none can be taken back"};
  }
  const bool stops = std::holds_alternative<wire::control::Stop>(control.action);
  if (!stops && (phase_ != Phase::playing || terminal_ == nullptr)) {
    return Error{Errc::busy, "it is not playing at the moment"};
  }
  if (help_ && !stops) close_help();
  std::visit([this](const auto& action) { run(action); }, control.action);
  return {};
}

void Playback::on_terminal_input(std::string_view bytes) {
  const std::uint64_t now_ms = context_.clock.now_us() / 1000;
  for (const PlaybackKeys::Action& action : keys_.read(bytes, now_ms)) {
    if (phase_ == Phase::ending || phase_ == Phase::ended) return;
    const bool leaves = std::holds_alternative<PlaybackKeys::Interrupt>(action) ||
                        std::holds_alternative<PlaybackKeys::Quit>(action);
    if (leaves) {
      leave(std::holds_alternative<PlaybackKeys::Interrupt>(action) ? How::interrupted
                                                                    : How::ended);
    } else if (phase_ == Phase::playing && help_) {
      close_help();
    } else if (phase_ == Phase::playing) {
      std::visit([this](const auto& a) { run(a); }, action);
    }
  }
}

void Playback::set_paused(bool paused) {
  if (help_) close_help();
  if (!paused) steps_ = 0;
  if (paused == paused_) return;
  const std::uint64_t position = position_us();
  paused_ = paused;
  set_position(position);
  if (paused) {
    tell(wire::event::Paused{});
  } else {
    tell(wire::event::Resumed{});
  }
  if (!paused && live_) {
    // What was missed is not shown in a hurry.
    jump(PlaybackFeed::ToEnd{});
    goes_live_ = true;
    return;
  }
  if (phase_ != Phase::playing) return;
  flush_batch();
  draw_status();
  // Not advance() itself: it may be what called.
  timer_->set(context_.clock.now_us());
}

void Playback::run(const wire::control::Step& /*step*/) {
  set_paused(true);
  // Shown when it is there: a jump may be going on, or the recording come slowly.
  ++steps_;
  timer_->set(context_.clock.now_us());
}

void Playback::run(const PlaybackKeys::StepIfPaused& /*step*/) {
  if (paused_) run(wire::control::Step{});
}

void Playback::run(const wire::control::StepBack& /*step*/) {
  if (!can_jump()) return;
  set_paused(true);
  if (steps_ > 0) {
    --steps_;
    return;
  }
  live_ = false;
  // Where it will be, for the next step back, which may come before.
  frames_ -= std::min<std::uint64_t>(frames_, 1);
  jump(PlaybackFeed::ToFrame{frames_});
}

void Playback::run(const wire::control::SeekTo& seek) {
  if (!can_jump()) return;
  live_ = false;
  jump(PlaybackFeed::ToTime{seek.at_us});
  // Where it will be, for whoever asks meanwhile.
  position_us_ = seek.at_us;
}

void Playback::run(const wire::control::SeekBy& seek) {
  const std::uint64_t from = position_us();
  const auto back = seek.by_us < 0 ? static_cast<std::uint64_t>(-(seek.by_us + 1)) + 1 : 0;
  if (back > 0) {
    run(wire::control::SeekTo{from - std::min(from, back)});
  } else if (!live_) {
    run(wire::control::SeekTo{from + static_cast<std::uint64_t>(seek.by_us)});
  }
}

void Playback::run(const wire::control::SeekToFraction& seek) {
  if (!can_jump()) return;
  live_ = false;
  jump(PlaybackFeed::ToFraction{seek.fraction});
}

void Playback::run(const wire::control::SetSpeed& speed) {
  set_position(position_us());
  speed_ = speed.speed;
  draw_status();
  timer_->set(context_.clock.now_us());
}

void Playback::run(const PlaybackKeys::ChangeSpeed& change) {
  run(wire::control::SetSpeed{change.faster ? faster(speed_) : slower(speed_)});
}

void Playback::run(const wire::control::NextMarker& /*marker*/) { find_marker(true); }

void Playback::run(const wire::control::PreviousMarker& /*marker*/) { find_marker(false); }

void Playback::find_marker(bool forwards) {
  if (!can_jump()) return;
  if (finding_marker_ || jumping_) {
    // From where that leads to.
    if (waiting_markers_.size() < kMaxWaitingMarkers) waiting_markers_.push_back(forwards);
    return;
  }
  finding_marker_ = true;
  const std::uint64_t position = position_us();
  PlaybackFeed::MarkerWish wish;
  wish.forwards = forwards;
  wish.events = events_;
  // Of a marker that one has just come to, too.
  wish.played_us = paused_ ? position + 1 : position - std::min(position, kMarkerSlackUs);
  feed_->find_marker(wish);
}

void Playback::go_on_with_markers() {
  if (waiting_markers_.empty()) return;
  const bool forwards = waiting_markers_.front();
  waiting_markers_.pop_front();
  find_marker(forwards);
}

void Playback::on_marker_found(std::optional<std::uint64_t> events) {
  finding_marker_ = false;
  if (phase_ != Phase::playing || terminal_ == nullptr) return;
  if (!events.has_value()) {
    go_on_with_markers();
    return;
  }
  set_paused(true);
  live_ = false;
  jump(PlaybackFeed::ToEvent{*events});
}

void Playback::jump(decltype(PlaybackFeed::JumpWish::target) target, bool waits) {
  target_ = target;
  target_waits_ = waits;
  set_position(position_us());
  flush_batch();
  jumping_ = true;
  steps_ = 0;
  goes_live_ = false;
  kept_position_us_.reset();
  all_read_ = false;
  next_.reset();
  timer_->stop();
  feed_->jump(jump_wish());
}

PlaybackFeed::JumpWish Playback::jump_wish() const {
  return {target_, size_.rows, status_ ? size_.rows - 1 : -1, target_waits_,
          on_terminal_ && size_.rows > 0 ? size_.cols : 0};
}

void Playback::redraw() {
  const bool live = live_;
  const std::uint64_t position = position_us();
  if (jumping_) {
    // To the same place, for the screen as it is to be now.
    feed_->jump(jump_wish());
    return;
  }
  if (live && !paused_) {
    jump(PlaybackFeed::ToEnd{});
    goes_live_ = true;
    return;
  }
  jump(PlaybackFeed::ToEvent{events_});
  goes_live_ = live;
  kept_position_us_ = position;
}

void Playback::run(const PlaybackKeys::ToggleStatus& /*toggle*/) {
  if (!can_jump()) return;
  status_ = !status_;
  if (status_ && feed_->duration_us() == 0) feed_->measure();
  redraw();
  if (status_) on_status_timer();
}

void Playback::draw_status() {
  // One that can't be drawn now is with what is shown next.
  if (!status_ || help_ || jumping_ || !can_write()) return;
  PlaybackStatus status;
  status.position_us = position_us();
  status.duration_us = duration_us();
  status.speed = speed_;
  status.paused = paused_;
  status.live = live_;
  // In one portion, so that the cursor is never seen down there.
  terminal_->write(draw_status_line(status, size_) + status_restore_);
}

// Keeps the time in the status line going; without one there is no timer.
void Playback::on_status_timer() {
  if (!status_ || phase_ != Phase::playing) return;
  draw_status();
  uv::start_timer<&Playback::on_status_timer>(status_timer_, kStatusIntervalMs, this);
}

void Playback::run(const PlaybackKeys::ToggleHelp& /*toggle*/) {
  if (!can_jump() || jumping_) return;
  const std::uint64_t position = position_us();
  flush_batch();
  help_ = true;
  set_position(position);
  timer_->stop();
  // It hides the cursor, which may have to be undone.
  write_recorded(draw_help(bindings_, size_));
}

void Playback::close_help() {
  help_ = false;
  redraw();
}

// First what was drawn over the screen goes, unless somebody is in a hurry and asks again.
void Playback::leave(How how, bool at_end) {
  at_end_ = at_end;
  if ((help_ || status_) && can_write() && !leaving_.has_value()) {
    leaving_ = how;
    help_ = status_ = false;
    redraw();
  } else {
    finish(how, {});
  }
}

// At the end, or when others get the terminal for a while. The cursor is for modes_ to show.
void Playback::remove_overlays() {
  if (help_) {
    terminal_->write("\x1b[0m\x1b[2J\x1b[H");
  } else if (status_) {
    terminal_->write("\x1b[0m\x1b[" + std::to_string(size_.rows) + ";1H\x1b[2K" + status_restore_);
  }
}

std::string Playback::resize_request(int cols, int rows) const {
  return "\x1b[8;" + std::to_string(rows) + ";" + std::to_string(cols) + "t";
}

Status Playback::attach_terminal(Terminal::Resources resources, const wire::WindowSize& size) {
  TRY_ASSIGN(terminal_,
             Terminal::open(context_.loop, std::move(resources), context_.input_scratch, *this));
  terminal_->set_reading(true);
  on_terminal_ = terminal_->output_is_terminal();
  size_ = size;
  paused_ = std::exchange(paused_before_release_, std::nullopt).value_or(paused_);
  set_position(position_us_);
  if (phase_ == Phase::playing && can_jump()) redraw();
  timer_->set(context_.clock.now_us());
  return {};
}

void Playback::release_terminal() {
  if (terminal_ == nullptr) return;
  set_position(position_us());
  paused_before_release_ = std::exchange(paused_, true);
  waiting_markers_.clear();
  flush_batch();
  remove_overlays();
  help_ = false;
  write_recorded(modes_.undo());
  terminal_.reset();
  if (phase_ == Phase::ending) end();
}

void Playback::resize(const wire::WindowSize& size) {
  if (size == size_) return;
  size_ = size;
  if (phase_ != Phase::playing || terminal_ == nullptr || help_ || adapt_view()) return;
  if (status_ || jumping_) redraw();
}

void Playback::stop() { finish(How::ended, {}); }

void Playback::on_client_lost() {
  client_ = nullptr;
  // What it hides is the user's; the box scrolls away.
  help_ = false;
  finish(How::ended, {});
}

}  // namespace asciinemad
