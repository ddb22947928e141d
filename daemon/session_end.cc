// The end of a session, and its hand-over to another daemon.
#include <utility>

#include "common/log.h"
#include "daemon/platform.h"
#include "daemon/session.h"

namespace asciinemad {

void Session::stop() {
  const bool was_released = std::exchange(released_, false);
  if (phase_ != Phase::running) {
    if (was_released) wait_for_end();
    return;
  }
  if (std::exchange(terminating_, true)) return;
  log::info("session ", id_, ": hanging the command up");
  if (shim_ != nullptr) {
    send_checkpoint();
    shim_->send({0, wire::Terminate{}});
    uv::start_timer<&Session::on_deadline>(deadline_, kTerminateTimeoutMs, this);
    update_flow();
    return;
  }
  // Without a shim only the kernel can: it hangs the program up when the master is closed.
  begin_draining();
}

void Session::on_exited(const wire::Exit& exit, std::uint32_t request_id) {
  if (phase_ != Phase::running) return;
  exit_ = exit;
  exited_request_id_ = request_id;
  begin_draining();
}

void Session::begin_draining() {
  uv_timer_stop(hold_timer_.get());
  on_hold_timeout();
  finish_resuming();
  phase_ = Phase::draining;
  wait_for_end();
}

// Goes on with what the end still needs, for a while; as long as it takes with a stopped client.
void Session::wait_for_end() {
  if (recording_ended_) return;
  if (released_) {
    uv_timer_stop(deadline_.get());
  } else {
    uv::start_timer<&Session::on_deadline>(deadline_, kFlushTimeoutMs, this);
  }
  finish_if_flushed();
  update_flow();
}

void Session::on_shim_lost() {
  shim_ = nullptr;
  if (phase_ != Phase::running) return;
  log::warn("session ", id_, ": the shim is gone");
  // Nobody else can tell the command to go than the kernel, when the master is closed.
  if (terminating_) begin_draining();
}

void Session::begin_flushing() {
  if (phase_ >= Phase::flushing) return;
  phase_ = Phase::flushing;
  output_markers_.finish(*this);
  recorder_.finish();
  wait_for_end();
}

void Session::finish_if_flushed() {
  if (phase_ != Phase::flushing) return;
  if (released_ || client_expected_ || screen_job_ || !recorder_.idle()) return;
  if (terminal_ && terminal_->congested()) return;
  conclude();
}

void Session::on_deadline() {
  if (phase_ == Phase::handing_over) {
    log::warn("session ", id_, ": handed over with bytes that nobody has taken");
    end();
    return;
  }
  if (recording_ended_) {
    log::warn("session ", id_, ": the upload queue has not taken the recording yet");
    end();
    return;
  }
  log::warn("session ", id_, ": gave up waiting for ",
            phase_ == Phase::running ? "the command to end"
            : screen_job_            ? "the screen"
                                     : "the last bytes to be taken");
  if (phase_ == Phase::running) {
    begin_draining();
    return;
  }
  // What is still in the PTY waits for it.
  if (screen_job_) {
    screen_job_.reset();
    on_screen(nullptr);
    wait_for_end();
    return;
  }
  // A terminal that takes nothing must not keep what is still in the PTY from the recording.
  if (phase_ == Phase::draining && terminal_ && terminal_->congested()) {
    terminal_.reset();
    wait_for_end();
    return;
  }
  if (client_expected_) {
    client_expected_ = false;
    wait_for_end();
    return;
  }
  if (phase_ == Phase::draining) {
    recorder_.miss_the_end();
    recorder_.finish();
    phase_ = Phase::flushing;
  }
  conclude();
}

void Session::conclude() {
  if (recording_ended_) return;
  end_recording();
  if (queueing_) {
    uv::start_timer<&Session::on_deadline>(deadline_, kQueueTimeoutMs, this);
  } else {
    end();
  }
}

void Session::on_upload_queued(bool queued) {
  if (!std::exchange(queueing_, false)) return;
  uploading_ = queued;
  if (recording_ended_) end();
}

void Session::hand_over() {
  if (phase_ == Phase::ended) return;
  // Also in its end: the shim reports that to the next daemon again.
  if (phase_ != Phase::handing_over) {
    log::info("session ", id_, ": handing over");
    phase_ = Phase::handing_over;
    screen_job_.reset();
    pty_->set_reading(false);
    if (terminal_) terminal_->set_reading(false);
    uv::start_timer<&Session::on_deadline>(deadline_, kHandOverTimeoutMs, this);
  }
  // What is on its way into the upload queue gets there, or the next daemon puts it there.
  if (recording_ended_) return end();
  // What was typed in the pause may still be echoed.
  if (resuming_) return;
  const bool screen_waits = terminal_ && terminal_->congested();
  if (recorder_.idle() && !screen_waits && !pty_->has_pending_input()) end();
}

void Session::end() {
  if (phase_ == Phase::ended) return;
  handed_over_ = phase_ == Phase::handing_over;
  phase_ = Phase::ended;
  if (!handed_over_) {
    context_.registry.remove(id_);
  } else if (!recording_ended_) {
    // What is still in a queue is counted here, not by the successor.
    recorder_.close();
    journal_->set_queued(0);
    save_place();
  }
  // Also what the shim may have to tell the client, should that be away.
  send_checkpoint();
  // A program that could not put its terminal back itself has been hung up.
  if (!handed_over_ && terminating_ && terminal_ && terminal_->input_is_terminal()) {
    clean_terminal(usual_undo());
  }
  screen_job_.reset();
  hold_timer_.reset();
  resume_timer_.reset();
  client_timer_.reset();
  deadline_.reset();
  // The user's terminal first: when the client says its last word nobody else may use it.
  terminal_.reset();
  pty_->set_reading(false);
  wire::Finished finished{exit_,      recorder_.lost_bytes(), recorder_.loss_reason(), discarding_,
                          uploading_, recorder_.paused()};
  if (client_ != nullptr) {
    client_->become_peer();
    if (handed_over_) {
      client_->close_after_sending();
    } else {
      client_->send({0, finished});
    }
  }
  // At a hand-over both go to the next daemon at once, whatever this one has still to do.
  if (shim_ != nullptr) {
    shim_->become_peer();
    if (!handed_over_) shim_->send({exited_request_id_, wire::Ok{}});
    shim_->close_after_sending();
  }
  if (!handed_over_) answer_end();
  answer_resumed(false);
  if (!handed_over_) tell(wire::event::Exited{std::move(finished)});
  listener_.on_session_ended(*this);
}

void Session::answer_end() {
  for (const Waiting& waiting : std::exchange(waiting_for_end_, {})) {
    if (waiting.for_removal && !discarding_) {
      waiting.peer->send_error(
          waiting.request_id, wire::ErrorCode::internal,
          "the session has ended, and its recording is still there: " + removal_failure_);
    } else {
      waiting.peer->send({waiting.request_id, wire::Ok{}});
    }
  }
}

// Everything is in the recording that will ever be.
void Session::end_recording() {
  if (pause_shown_) show_pause(false);
  const bool to_upload = start_.has_upload && !discarding_;
  Result<Fd> recording = to_upload ? recording_to_reopen() : Fd();
  if (discarding_) remove_recording();
  recorder_.close();
  log::info("session ", id_, ": ended after ", recorder_.duration_us() / 1000, " ms, ",
            recorder_.lost_bytes(), " bytes lost", discarding_ ? ", discarded" : "");
  if (to_upload) queue_upload(std::move(recording));
  recording_ended_ = true;
}

void Session::queue_upload(Result<Fd> recording) {
  if (!recording.ok()) {
    log::error("session ", id_, ": ", recording.error().message);
    notify(start_.path + " is not queued for upload: " + recording.error().message);
    return;
  }
  wire::Upload upload = start_.upload;
  upload.name = start_.path;
  upload.title = title_;
  queueing_ = true;
  if (!listener_.on_recording_to_upload(*this, std::move(upload), std::move(recording).value())) {
    queueing_ = false;
  }
}

// By its descriptor: what has another name by now is still the recording.
void Session::remove_recording() {
  Status removed = start_.append ? cut_file(recorder_.fd(), start_.kept_bytes)
                                 : remove_open_file(recorder_.fd());
  if (removed.ok()) return;
  removal_failure_ = removed.error().message;
  log::error("session ", id_, ": ", removal_failure_);
  notify("Recording not discarded: " + removal_failure_);
  discarding_ = false;
}

}  // namespace asciinemad
