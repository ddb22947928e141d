// The way of what the program writes: journal, recording, screen; and who has to wait for whom.
#include "common/log.h"
#include "common/printable.h"
#include "daemon/session.h"

namespace asciinemad {

void Session::on_pty_output(std::string_view bytes) {
  take_output(bytes);
  if (!can_show()) pty_->set_reading(false);
}

// Until it is recorded the journal keeps it for a successor, should this daemon die.
void Session::take_output(std::string_view bytes) {
  journal_->batch_read(recorder_.position());
  in_batch_ = true;
  if (start_.output_markers) {
    output_markers_.feed(bytes, *this);
  } else {
    on_plain_output(bytes);
  }
  in_batch_ = false;
  if (client_ == nullptr && !client_expected_) answer_queries(bytes);
  note_screen();
  note_queue();
  journal_->batch_done(bytes.size(), recorder_place());
}

void Session::on_plain_output(std::string_view bytes) {
  recorder_.output(bytes);
  if (terminal_) terminal_->write(bytes);
}

void Session::on_output_marker(std::string_view label) {
  if (Status status = add_marker(label); !status.ok()) {
    log::info("session ", id_, ": marker of the program: ", status.error().message);
  }
}

void Session::note_queue() {
  const std::uint64_t queued = recorder_.queued_bytes();
  if (queued == queued_) return;
  queued_ = queued;
  journal_->set_queued(queued);
}

// Whether the terminal lacks something: a successor draws the screen then.
void Session::note_screen() {
  if (terminal_) set_behind(terminal_->congested() || screen_wishes_.attach);
}

void Session::set_behind(bool behind) {
  if (behind == behind_) return;
  behind_ = behind;
  journal_->set_screen_behind(behind);
}

void Session::on_pty_end() { begin_flushing(); }

void Session::on_pty_input_drained() {
  if (phase_ == Phase::handing_over) return hand_over();
  update_flow();
}

void Session::on_terminal_drained() { on_drained(); }

void Session::on_recorder_drained() { on_drained(); }

// Progress: a slow line may take longer than the time-out for all, not for a part.
void Session::on_drained() {
  note_screen();
  note_queue();
  if (phase_ == Phase::handing_over) hand_over();
  if (phase_ == Phase::running) update_flow();
  if (phase_ == Phase::draining || phase_ == Phase::flushing) wait_for_end();
}

void Session::on_recording_incomplete(const std::string& reason) {
  log::error("session ", id_, ": ", start_.path, ": ", reason);
  send_checkpoint();
  notify("Recording is incomplete: " + reason);
  if (!terminal_) return;
  // On the screen, since it may be the only place the user looks at; not in the recording.
  terminal_->write("\r\n\x1b[0;31masciinema: " + printable(start_.path) + ": " + reason +
                   "; the recording is INCOMPLETE, the session goes on\x1b[0m\r\n");
}

bool Session::can_show() const {
  return !released_ && !client_expected_ && !screen_job_ &&
         !(terminal_ && terminal_->congested()) && !recorder_.congested();
}

bool Session::can_type() const {
  return !pty_->congested() && fenced_input_.size() < Pty::kMaxPendingInput &&
         !(start_.capture_input && recorder_.congested());
}

// Not to be called while the PTY delivers output.
void Session::update_flow() {
  if (terminal_) terminal_->set_reading(phase_ == Phase::running && can_type());
  if (phase_ == Phase::running) pty_->set_reading(can_show());
  if (phase_ == Phase::draining) {
    if (can_show()) {
      pty_->drain();
    } else {
      pty_->set_reading(false);
    }
  }
}

}  // namespace asciinemad
