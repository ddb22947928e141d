// Pausing, and going on without what was typed and shown in the pause.
#include <algorithm>
#include <utility>

#include "common/log.h"
#include "common/paths.h"
#include "common/printable.h"
#include "daemon/session.h"
#include "daemon/state_file.h"

namespace asciinemad {

void Session::toggle_pause() {
  if (resuming_ || !recorder_.paused()) {
    pause();
    notify("Paused recording");
  } else {
    begin_resuming(0);
  }
}

void Session::pause() {
  if (resuming_) {
    cancel_resuming();
    return;
  }
  if (recorder_.paused()) return;
  // What is held belongs to the time before.
  output_markers_.finish(*this);
  if (start_.pause_markers) recorder_.marker("paused");
  recorder_.pause();
  // Before anything else: what is typed next may be a secret, and this daemon die any moment.
  save_place();
  send_checkpoint();
  show_pause(true);
  tell(wire::event::Paused{});
}

// What was typed in the pause may be echoed only after the key that ends it has been read. So the
// recording stays paused for a moment, and what is typed behind the key waits.
void Session::begin_resuming(std::uint64_t at_least_ms) {
  if (resuming_) return;
  resuming_ = true;
  const std::uint64_t now_ms = uv_now(context_.loop.get());
  std::uint64_t settled_at_ms = now_ms + at_least_ms;
  if (typed_in_pause_at_ms_ != 0) {
    settled_at_ms = std::max(settled_at_ms, typed_in_pause_at_ms_ + kEchoMs);
  }
  if (now_ms >= settled_at_ms) {
    finish_resuming();
  } else {
    uv::start_timer<&Session::finish_resuming>(resume_timer_, settled_at_ms - now_ms, this);
  }
}

void Session::cancel_resuming() {
  uv_timer_stop(resume_timer_.get());
  resuming_ = false;
  pty_->write(std::exchange(fenced_input_, {}));
  typed_in_pause_at_ms_ = uv_now(context_.loop.get());
  answer_resumed(false);
}

void Session::finish_resuming() {
  if (!resuming_) return;
  uv_timer_stop(resume_timer_.get());
  pty_->catch_up();
  output_markers_.finish(*this);
  resuming_ = false;
  typed_in_pause_at_ms_ = 0;
  recorder_.resume();
  if (start_.pause_markers) recorder_.marker("resumed");
  save_place();
  send_checkpoint();
  show_pause(false);
  // A script knows what it has done.
  if (waiting_for_resumption_.empty()) notify("Resumed recording");
  tell(wire::event::Resumed{});
  answer_resumed(true);
  record_typed();
  pty_->write(std::exchange(fenced_input_, {}));
  if (input_ended_) pty_->type_end_of_file();
  if (phase_ == Phase::handing_over) hand_over();
}

void Session::answer_resumed(bool resumed) {
  for (const Waiting& waiting : std::exchange(waiting_for_resumption_, {})) {
    if (resumed) {
      waiting.peer->send({waiting.request_id, wire::Ok{}});
    } else {
      waiting.peer->send_error(waiting.request_id, wire::ErrorCode::busy,
                               "the recording was paused again, or has ended");
    }
  }
}

// For prompts, and on the terminal. XTWINOPS 22 and 23 keep the title that the program has set.
void Session::show_pause(bool paused) {
  if (!context_.socket_path.empty() && (paused || pause_shown_)) {
    const std::string path = state_file_path(context_.socket_path, id_);
    const Status written = paused ? write_state_file(path, "paused\n") : remove_state_file(path);
    if (!written.ok()) log::warn("session ", id_, ": ", written.error().message);
  }
  pause_shown_ = paused;
  if (terminal_ && !start_.paused_title.empty()) {
    terminal_->write(paused ? "\x1b[22;2t\x1b]2;" + printable(start_.paused_title) + "\a"
                            : std::string("\x1b[23;2t"));
  }
}

}  // namespace asciinemad
