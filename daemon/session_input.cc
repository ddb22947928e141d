// The way of what the user types: hotkeys, the recording of input, the PTY.
#include <utility>

#include "common/log.h"
#include "daemon/session.h"

namespace asciinemad {

void Session::on_terminal_input(std::string_view bytes) {
  if (phase_ != Phase::running) return;
  uv_timer_stop(hold_timer_.get());
  scanner_.feed(bytes, *this);
  scan_done();
  if (scanner_.holding()) uv::start_timer<&Session::on_hold_timeout>(hold_timer_, kHoldMs, this);
  if (std::exchange(detach_wanted_, false)) {
    begin_detaching();
  } else if (!can_type()) {
    update_flow();
  }
}

// A hotkey, a paste or a character cut by the daemon's death is recognised by its successor.
void Session::scan_done() {
  record_typed();
  if (scanner_.at_rest() && !keys_saved_) return;
  keys_saved_ = !scanner_.at_rest();
  journal_->save_keys(keys_saved_ ? scanner_.state() : std::string());
}

void Session::on_hold_timeout() {
  scanner_.release(*this);
  scan_done();
}

void Session::on_terminal_input_end() {
  uv_timer_stop(hold_timer_.get());
  on_hold_timeout();
  if (terminal_->input_is_terminal()) {
    log::info("session ", id_, ": the terminal is gone");
    if (goes_on_alone()) {
      send_client_away("the terminal is gone");
    } else {
      stop();
    }
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
  save_place();
}

void Session::on_hotkey(Hotkey hotkey) {
  record_typed();
  switch (hotkey) {
    case Hotkey::pause:
      toggle_pause();
      break;
    case Hotkey::add_marker:
      if (start_.format != wire::Format::raw) {
        const Status added = add_marker(label_of_key());
        notify(added.ok() ? "Marker added" : "Marker not added: " + added.error().message);
      }
      break;
    case Hotkey::detach:
      detach_wanted_ = true;
      break;
  }
}

}  // namespace asciinemad
