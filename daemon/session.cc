#include "daemon/session.h"

#include "common/log.h"
#include "common/printable.h"
#include "daemon/platform.h"

namespace asciinemad {
namespace {

// Output that arrives in smaller batches leaves the kernel empty, so an incomplete character in it
// may stand for a while and belongs into the checkpoint. In a flood the next batch completes it.
constexpr std::size_t kFloodBatch = 4096;

constexpr std::size_t kMaxInfoBytes = 256;

std::optional<Key> key_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  Result<Key> key = parse_key(text);
  if (!key.ok()) return std::nullopt;
  return *key;
}

HotkeyMap hotkeys_of(const wire::Start& start) {
  return {key_of(start.prefix_key), key_of(start.pause_key), key_of(start.add_marker_key)};
}

std::optional<std::string> if_given(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

}  // namespace

Session::Session(const Context& context, std::string id, wire::Start start, Connection& client,
                 Connection& shim, Listener& listener)
    : context_(context),
      id_(std::move(id)),
      start_(std::move(start)),
      client_(&client),
      shim_(&shim),
      listener_(listener),
      recorder_(context.clock, start_.format, context.encode_scratch, *this),
      scanner_(hotkeys_of(start_)),
      hold_timer_(uv::make_timer(context.loop)),
      resume_timer_(uv::make_timer(context.loop)),
      deadline_(uv::make_timer(context.loop)),
      size_(start_.size) {}

Result<std::unique_ptr<Session>> Session::create(const Context& context, std::string id,
                                                 wire::Start start, Resources resources,
                                                 Connection& client, Connection& shim,
                                                 Listener& listener) {
  std::unique_ptr<Session> session(
      new Session(context, std::move(id), std::move(start), client, shim, listener));
  TRY(session->open(std::move(resources)));
  client.become_client(*session);
  shim.become_shim(*session);
  session->begin_recording();
  return session;
}

Status Session::open(Resources resources) {
  recording_file_ = file_id(resources.recording.get());
  TRY(recorder_.open(context_.loop, std::move(resources.recording)));
  TRY_ASSIGN(pty_,
             Pty::open(context_.loop, std::move(resources.master), context_.output_scratch, *this));
  if (resources.terminal.input || resources.terminal.output) {
    TRY_ASSIGN(terminal_, Terminal::open(context_.loop, std::move(resources.terminal),
                                         context_.input_scratch, *this));
  }
  return {};
}

void Session::begin_recording() {
  log::info("session ", id_, ": started, ", size_.cols, "x", size_.rows, ", recording to ",
            start_.path);
  if (start_.append) {
    recorder_.begin_appending(start_.time_offset_us, size_);
  } else {
    AsciicastHeader header;
    header.cols = size_.cols;
    header.rows = size_.rows;
    header.timestamp = start_.timestamp_s;
    if (start_.idle_time_limit_s > 0) header.idle_time_limit = start_.idle_time_limit_s;
    header.title = if_given(start_.title);
    header.env = std::move(start_.captured_env);
    recorder_.begin(header, size_);
  }
  send_checkpoint();
  update_flow();
}

wire::SessionInfo Session::info() const {
  wire::SessionInfo info;
  info.session = id_;
  // Cut, so that a thousand sessions fit into a message.
  info.command = start_.command.substr(0, kMaxInfoBytes);
  info.path = start_.path.substr(0, kMaxInfoBytes);
  info.paused = recorder_.paused();
  info.duration_us = recorder_.duration_us();
  info.size = size_;
  info.lost_bytes = recorder_.lost_bytes();
  return info;
}

Result<Fd> Session::open_recording() const {
  if (!recording_file_.has_value()) {
    return Error{Errc::unsupported,
                 start_.path + " is not a regular file, which cannot be followed"};
  }
  return reopen_for_reading(recorder_.fd());
}

Status Session::attach_terminal(Terminal::Resources resources, const wire::WindowSize& size) {
  if (terminal_) kept_screen_bytes_ = terminal_->take_unwritten();
  terminal_.reset();
  TRY_ASSIGN(terminal_,
             Terminal::open(context_.loop, std::move(resources), context_.input_scratch, *this));
  released_ = false;
  terminal_->write(std::exchange(kept_screen_bytes_, {}));
  resize(size);
  update_flow();
  finish_if_flushed();
  return {};
}

void Session::release_terminal() {
  if (terminal_) kept_screen_bytes_ = terminal_->take_unwritten();
  terminal_.reset();
  released_ = true;
  // The client is stopped and may take its time, as any stopped job.
  uv_timer_stop(deadline_.get());
  update_flow();
}

void Session::resize(const wire::WindowSize& size) {
  if (size == size_) return;
  size_ = size;
  if (Status status = pty_->resize(size); !status.ok()) {
    log::warn("session ", id_, ": ", status.error().message);
  }
  recorder_.resize(size);
  send_checkpoint();
}

void Session::stop() {
  const bool was_released = std::exchange(released_, false);
  if (phase_ != Phase::running) {
    if (was_released) wait_for_end();
    return;
  }
  if (std::exchange(terminating_, true)) return;
  log::info("session ", id_, ": hanging the command up");
  if (shim_ != nullptr) {
    shim_->send({0, wire::Terminate{}});
    uv::start_timer<&Session::on_deadline>(deadline_, kTerminateTimeoutMs, this);
    update_flow();
    return;
  }
  // Without a shim only the kernel can: it hangs the program up when the master is closed.
  begin_draining();
}

void Session::on_client_lost() {
  client_ = nullptr;
  if (terminal_) terminal_->restore_settings();
  terminal_.reset();
  log::info("session ", id_, ": the client is gone");
  released_ = false;
  if (phase_ == Phase::running) {
    stop();
  } else {
    wait_for_end();
  }
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

void Session::on_pty_output(std::string_view bytes) {
  recorder_.output(bytes);
  if (terminal_) terminal_->write(bytes);
  if (!can_show()) pty_->set_reading(false);
  if (bytes.size() < kFloodBatch && recorder_.output_tail_bytes() != checkpoint_tail_bytes_) {
    send_checkpoint();
  }
}

void Session::on_pty_end() { begin_flushing(); }

void Session::on_pty_input_drained() { update_flow(); }

void Session::on_terminal_drained() { on_drained(); }

void Session::on_recorder_drained() { on_drained(); }

// Progress: a slow line may take longer than the time-out for all, not for a part.
void Session::on_drained() {
  if (phase_ == Phase::running) update_flow();
  if (phase_ == Phase::draining || phase_ == Phase::flushing) wait_for_end();
}

void Session::on_recording_incomplete(const std::string& reason) {
  log::error("session ", id_, ": ", start_.path, ": ", reason);
  notify("Recording is incomplete: " + reason);
  if (!terminal_) return;
  // On the screen, since it may be the only place the user looks at; not in the recording.
  terminal_->write("\r\n\x1b[0;31masciinema: " + printable(start_.path) + ": " + reason +
                   "; the recording is INCOMPLETE, the session goes on\x1b[0m\r\n");
}

bool Session::can_show() const {
  return !released_ && !(terminal_ && terminal_->congested()) && !recorder_.congested();
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

void Session::begin_flushing() {
  if (phase_ >= Phase::flushing) return;
  phase_ = Phase::flushing;
  recorder_.finish();
  wait_for_end();
}

void Session::finish_if_flushed() {
  if (phase_ != Phase::flushing) return;
  if (released_ || !recorder_.idle() || (terminal_ && terminal_->congested())) return;
  end();
}

void Session::on_deadline() {
  log::warn("session ", id_, ": gave up waiting for ",
            phase_ == Phase::running ? "the command to end" : "the last bytes to be taken");
  // A terminal that takes nothing must not keep what is still in the PTY from the recording.
  if (phase_ == Phase::draining && terminal_ && terminal_->congested()) {
    terminal_.reset();
    wait_for_end();
    return;
  }
  if (phase_ < Phase::flushing) recorder_.finish();
  end();
}

void Session::end() {
  if (phase_ == Phase::ended) return;
  phase_ = Phase::ended;
  recorder_.close();
  log::info("session ", id_, ": ended after ", recorder_.duration_us() / 1000, " ms, ",
            recorder_.lost_bytes(), " bytes lost");
  hold_timer_.reset();
  resume_timer_.reset();
  deadline_.reset();
  // The user's terminal first: when the client says its last word nobody else may use it.
  terminal_.reset();
  pty_->set_reading(false);
  if (client_ != nullptr) {
    client_->become_peer();
    client_->send({0, wire::Finished{exit_, recorder_.lost_bytes(), recorder_.loss_reason()}});
  }
  if (shim_ != nullptr) {
    shim_->become_peer();
    shim_->send({exited_request_id_, wire::Ok{}});
    shim_->close_after_sending();
  }
  listener_.on_session_ended(*this);
}

void Session::send_checkpoint() {
  if (shim_ == nullptr) return;
  wire::Checkpoint checkpoint;
  recorder_.save(checkpoint);
  checkpoint.size = size_;
  checkpoint.input_parser = scanner_.state();
  checkpoint_tail_bytes_ = checkpoint.output_tail.size();
  shim_->send({0, std::move(checkpoint)});
}

}  // namespace asciinemad
