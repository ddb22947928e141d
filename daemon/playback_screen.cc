// The screen as a whole: drawn after a jump, and, on a terminal too small for it, in part.

#include <algorithm>
#include <utility>

#include "daemon/playback.h"

namespace asciinemad {
namespace {

ScreenView::Size size_of(const wire::WindowSize& size) { return {size.cols, size.rows}; }

}  // namespace

void Playback::take(PlaybackFeed::Jump& jump) {
  jumping_ = false;
  events_ = jump.events;
  frames_ = jump.frames;
  set_position(kept_position_us_.value_or(jump.played_us));
  kept_position_us_.reset();
  live_ = std::exchange(goes_live_, false);
  if (play_.resize_terminal &&
      (jump.cols != recorded_size_.cols || jump.rows != recorded_size_.rows)) {
    terminal_->write(resize_request(jump.cols, jump.rows));
  }
  recorded_size_.cols = static_cast<std::uint16_t>(jump.cols);
  recorded_size_.rows = static_cast<std::uint16_t>(jump.rows);
  if (jump.cut) {
    begin_view(std::move(jump.screen));
  } else {
    show_screen(jump);
  }
  if (phase_ == Phase::playing && !leaving_.has_value()) go_on_with_markers();
}

void Playback::show_screen(PlaybackFeed::Jump& jump) {
  view_.reset();
  make_screen_ready();
  write_recorded(jump.screen);
  status_restore_ = std::move(jump.restore);
  if (leaving_.has_value()) {
    finish(*leaving_, {});
  } else {
    draw_status();
  }
}

// For a drawing that clears it.
void Playback::make_screen_ready() {
  write_recorded(modes_.undo());
  if (std::exchange(cleared_, true)) return;
  // What the user had on the screen goes to where it can be scrolled back to.
  terminal_->write("\x1b[" + std::to_string(size_.rows) + ";1H" + std::string(size_.rows, '\n'));
}

bool Playback::fits(const wire::WindowSize& recorded) const {
  const bool draws =
      play_.fit && writer_ == nullptr && on_terminal_ && size_.cols > 0 && size_.rows > 0;
  return !draws || (recorded.cols <= size_.cols && recorded.rows <= size_.rows);
}

// The status line takes nothing away from what is seen of the cursor's surroundings.
ScreenView::Size Playback::view_size() const {
  return {size_.cols, std::max(status_ ? size_.rows - 1 : size_.rows, 1)};
}

void Playback::begin_view(std::string snapshot) {
  if (view_ == nullptr) {
    Result<std::unique_ptr<PlaybackView>> view =
        PlaybackView::start(context_.loop, policy(), *this);
    if (!view.ok()) {
      finish(How::failed, view.error().message);
      return;
    }
    view_ = std::move(*view);
  }
  view_->begin(size_of(recorded_size_), view_size(), std::move(snapshot));
}

void Playback::on_view_ready() {
  draw_view();
  advance();
}

void Playback::draw_view() {
  if (view_ == nullptr || !can_draw()) return;
  std::optional<ScreenView::Frame> frame = view_->take_frame();
  if (!frame.has_value()) return;
  if (frame->whole) make_screen_ready();
  status_restore_ = std::move(frame->cursor);
  write_recorded(frame->bytes);
  if (leaving_.has_value()) {
    finish(*leaving_, {});
  } else if (!frame->bytes.empty()) {
    draw_status();
  }
}

// The recorded screen has got another size.
void Playback::show_resize() {
  if (play_.resize_terminal) {
    flush_batch();
    terminal_->write(resize_request(recorded_size_.cols, recorded_size_.rows));
  }
  if (view_ != nullptr && !fits(recorded_size_)) {
    view_->resize(size_of(recorded_size_));
  } else if (view_ != nullptr || !fits(recorded_size_)) {
    // A step that has not come to its frame yet goes on behind it.
    const std::uint64_t steps = steps_;
    redraw();
    steps_ = steps;
  }
}

// To the terminal's new size; false: it shows what was recorded, before and now.
bool Playback::adapt_view() {
  const bool cut = !fits(recorded_size_);
  if (cut && view_ != nullptr && !jumping_) {
    view_->set_terminal(view_size());
  } else if (cut || view_ != nullptr) {
    redraw();
  } else {
    return false;
  }
  return true;
}

}  // namespace asciinemad
