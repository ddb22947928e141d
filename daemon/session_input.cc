// The way of what the user types: hotkeys, pause, the recording of input, the PTY.
#include "common/log.h"
#include "daemon/session.h"

namespace asciinemad {

void Session::on_terminal_input(std::string_view bytes) {
  if (phase_ != Phase::running) return;
  uv_timer_stop(hold_timer_.get());
  scanner_.feed(bytes, *this);
  record_typed();
  if (scanner_.holding()) uv::start_timer<&Session::on_hold_timeout>(hold_timer_, kHoldMs, this);
  if (!can_type()) update_flow();
}

void Session::on_hold_timeout() {
  scanner_.release(*this);
  record_typed();
}

void Session::on_terminal_input_end() {
  uv_timer_stop(hold_timer_.get());
  on_hold_timeout();
  if (terminal_->input_is_terminal()) {
    log::info("session ", id_, ": the terminal is gone");
    stop();
  } else {
    input_ended_ = true;
    if (!resuming_) pty_->type_end_of_file();
  }
}

void Session::on_input(std::string_view bytes) {
  if (resuming_) {
    fenced_input_.append(bytes);
    return;
  }
  if (recorder_.paused()) typed_in_pause_at_ms_ = uv_now(context_.loop.get());
  pty_->write(bytes);
}

void Session::on_typed(std::string_view bytes) {
  if (start_.capture_input) typed_.append(bytes);
}

void Session::record_typed() {
  if (typed_.empty() || resuming_) return;
  recorder_.input(typed_);
  typed_ = std::string();
}

void Session::on_hotkey(Hotkey hotkey) {
  record_typed();
  switch (hotkey) {
    case Hotkey::pause:
      toggle_pause();
      break;
    case Hotkey::add_marker:
      add_marker();
      break;
  }
}

void Session::toggle_pause() {
  if (resuming_) {
    cancel_resuming();
  } else if (recorder_.paused()) {
    begin_resuming();
  } else {
    recorder_.pause();
    send_checkpoint();
    notify("Paused recording");
  }
}

// What was typed in the pause may be echoed only after the key that ends it has been read. So the
// recording stays paused for a moment, and what is typed behind the key waits.
void Session::begin_resuming() {
  resuming_ = true;
  const std::uint64_t now_ms = uv_now(context_.loop.get());
  const std::uint64_t settled_at_ms = typed_in_pause_at_ms_ + kEchoMs;
  if (typed_in_pause_at_ms_ == 0 || now_ms >= settled_at_ms) {
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
}

void Session::finish_resuming() {
  if (!resuming_) return;
  uv_timer_stop(resume_timer_.get());
  pty_->catch_up();
  resuming_ = false;
  typed_in_pause_at_ms_ = 0;
  recorder_.resume();
  send_checkpoint();
  notify("Resumed recording");
  record_typed();
  pty_->write(std::exchange(fenced_input_, {}));
  if (input_ended_) pty_->type_end_of_file();
}

void Session::add_marker() {
  if (start_.format == wire::Format::raw) return;
  if (recorder_.paused()) {
    notify("Marker not added: recording is paused");
    return;
  }
  recorder_.marker("");
  notify("Marker added");
}

}  // namespace asciinemad
