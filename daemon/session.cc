#include "daemon/session.h"

#include <utility>

#include "common/log.h"
#include "common/printable.h"
#include "daemon/platform.h"
#include "daemon/recording_mend.h"

namespace asciinemad {
namespace {

constexpr std::size_t kMaxInfoBytes = 256;

std::optional<Key> key_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  Result<Key> key = parse_key(text);
  if (!key.ok()) return std::nullopt;
  return *key;
}

HotkeyMap hotkeys_of(const wire::Start& start) {
  return {key_of(start.prefix_key), key_of(start.pause_key), key_of(start.add_marker_key),
          key_of(start.detach_key)};
}

std::optional<std::string> if_given(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

}  // namespace

Session::Session(const Context& context, std::string id, wire::Start start, Connection* client,
                 Connection& shim, Listener& listener)
    : context_(context),
      id_(std::move(id)),
      start_(std::move(start)),
      client_(client),
      shim_(&shim),
      listener_(listener),
      started_at_ms_(start_.timestamp_s * 1000),
      survives_(shim.protocol() >= wire::kProtocolSurvival),
      recorder_(context.clock, start_.format, context.encode_scratch, *this),
      scanner_(hotkeys_of(start_)),
      hold_timer_(uv::make_timer(context.loop)),
      resume_timer_(uv::make_timer(context.loop)),
      client_timer_(uv::make_timer(context.loop)),
      deadline_(uv::make_timer(context.loop)),
      size_(start_.size),
      title_(start_.title) {
  // It may hold the place of this session's descriptors in messages that are long gone.
  start_.terminal = {};
}

Result<std::unique_ptr<Session>> Session::create(const Context& context, std::string id,
                                                 wire::Start start, Resources resources,
                                                 Connection& client, Connection& shim,
                                                 Listener& listener) {
  // Of a detached one it only waits for the answer: who attaches next need not wait for its end.
  Connection* const user = start.detached ? nullptr : &client;
  std::unique_ptr<Session> session(
      new Session(context, std::move(id), std::move(start), user, shim, listener));
  TRY_ASSIGN(session->journal_, Journal::create());
  TRY(session->open(std::move(resources)));
  if (user != nullptr) user->become_client(*session);
  shim.become_shim(*session);
  session->begin_recording();
  return session;
}

Result<std::unique_ptr<Session>> Session::resume(const Context& context, wire::Resume resume,
                                                 Resources resources, Fd journal, Connection& shim,
                                                 Listener& listener) {
  std::unique_ptr<Session> session(new Session(context, std::move(resume.session),
                                               std::move(resume.start), nullptr, shim, listener));
  Result<std::unique_ptr<Journal>> adopted = Journal::adopt(std::move(journal));
  const bool has_journal = adopted.ok();
  if (!has_journal) {
    // Of a version with another layout, whose daemon has handed over what it had.
    log::warn("session ", session->id_, ": ", adopted.error().message);
    adopted = Journal::create();
  }
  TRY_ASSIGN(session->journal_, std::move(adopted));
  session->journal_->load(resume.checkpoint);
  const std::optional<Journal::Unfinished> unfinished = session->journal_->unfinished();
  // A file that can't be read is whole all the same, most likely.
  if (Status mended = mend_recording(
          resources.recording.get(), session->start_.format, session->start_.kept_bytes,
          unfinished.has_value() ? unfinished->recorded_bytes : std::nullopt);
      !mended.ok()) {
    log::warn("session ", session->id_, ": ", mended.error().message);
  }
  TRY(session->open(std::move(resources)));
  TRY(session->go_on(resume.checkpoint));
  shim.become_shim(*session);
  if (!has_journal) session->send_journal();
  session->send_checkpoint();
  session->update_flow();
  return session;
}

Status Session::open(Resources resources) {
  recording_file_ = file_id(resources.recording.get());
  TRY(recorder_.open(context_.loop, std::move(resources.recording)));
  TRY_ASSIGN(pty_, Pty::open(context_.loop, std::move(resources.master), journal_->batch(), *this));
  if (resources.terminal.input || resources.terminal.output) {
    TRY_ASSIGN(terminal_, Terminal::open(context_.loop, std::move(resources.terminal),
                                         context_.input_scratch, *this));
  }
  return {};
}

AsciicastHeader Session::header() const {
  AsciicastHeader header;
  header.cols = size_.cols;
  header.rows = size_.rows;
  header.timestamp = start_.timestamp_s;
  if (start_.idle_time_limit_s > 0) header.idle_time_limit = start_.idle_time_limit_s;
  header.title = if_given(start_.title);
  header.env = start_.captured_env;
  return header;
}

void Session::begin_recording() {
  log::info("session ", id_, ": started, ", size_.cols, "x", size_.rows, ", recording to ",
            start_.path);
  if (start_.append) {
    recorder_.begin_appending(start_.time_offset_us, size_);
  } else {
    recorder_.begin(header(), size_);
  }
  if (start_.pause_at_start) {
    recorder_.pause();
    show_pause(true);
  }
  register_recording();
  save_place();
  send_journal();
  send_checkpoint();
  update_flow();
  tell(wire::event::Started{info()});
}

// As the dead daemon had left it; what that one had read and not recorded is recorded first.
Status Session::go_on(const wire::Checkpoint& checkpoint) {
  TRY(recorder_.restore(checkpoint));
  if (Status keys = scanner_.restore(checkpoint.input_parser);
      !keys.ok() && !checkpoint.input_parser.empty()) {
    log::warn("session ", id_, ": ", keys.error().message);
  }
  size_ = checkpoint.size;
  markers_ = checkpoint.markers;
  title_ = checkpoint.title;
  output_markers_.restore(checkpoint.output_filter);
  terminating_ = checkpoint.terminating;
  discarding_ = checkpoint.discarding;
  client_expected_ = checkpoint.attached;
  client_pid_ = checkpoint.client;
  start_.detached |= checkpoint.goes_on;
  recorder_.continue_recording(header());
  recorder_.count_queue_of_dead(journal_->queued());
  note_queue();
  log::info("session ", id_, ": taken over", recorder_.paused() ? ", paused" : "");
  behind_ = journal_->screen_behind();
  if (const std::optional<Journal::Unfinished> unfinished = journal_->unfinished()) {
    set_behind(client_expected_);
    take_output(std::string(unfinished->bytes));
  }
  pause_shown_ = true;  // perhaps, by the dead one
  show_pause(recorder_.paused());
  register_recording();
  if (client_expected_) expect_client();
  if (terminating_) {
    uv::start_timer<&Session::on_deadline>(deadline_, kTerminateTimeoutMs, this);
  }
  if (scanner_.holding()) uv::start_timer<&Session::on_hold_timeout>(hold_timer_, kHoldMs, this);
  return {};
}

void Session::send_journal() {
  if (!survives_) return;
  Result<Fd> copy = duplicate(journal_->fd());
  if (copy.ok()) shim_->send_with_fd({0, wire::Journal{}}, *std::move(copy));
}

// For whoever starts after the machine has died.
void Session::register_recording() {
  if (start_.file.empty() || !recording_file_.has_value()) return;
  context_.registry.add({id_, start_.file, started_at_ms_, start_.kept_bytes});
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
  info.name = start_.name;
  info.title = title_.substr(0, kMaxInfoBytes);
  info.attached = client_ != nullptr;
  info.markers = markers_;
  info.terminal = pty_->terminal_path();
  info.started_at_ms = started_at_ms_;
  info.detachable = goes_on_alone();
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
  save_place();
  send_checkpoint();
  tell(wire::event::Resized{size});
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
  if (released_) {
    uv_timer_stop(deadline_.get());
  } else {
    uv::start_timer<&Session::on_deadline>(deadline_, kFlushTimeoutMs, this);
  }
  finish_if_flushed();
  update_flow();
}

Status Session::adopt_shim(Connection& shim) {
  if (shim_ != nullptr || phase_ == Phase::ended) {
    return Error{Errc::busy, "there is a session " + id_ + " already"};
  }
  shim_ = &shim;
  shim.become_shim(*this);
  log::info("session ", id_, ": the shim is back");
  send_journal();
  send_checkpoint();
  return {};
}

void Session::on_shim_lost() {
  shim_ = nullptr;
  if (phase_ != Phase::running) return;
  log::warn("session ", id_, ": the shim is gone");
  // Nobody else can tell the command to go than the kernel, when the master is closed.
  if (terminating_) begin_draining();
}

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
  if (terminal_) set_behind(terminal_->congested());
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

void Session::set_behind(bool behind) {
  if (behind == behind_) return;
  behind_ = behind;
  journal_->set_screen_behind(behind);
}

void Session::on_pty_end() { begin_flushing(); }

void Session::on_pty_input_drained() { update_flow(); }

void Session::on_terminal_drained() { on_drained(); }

void Session::on_recorder_drained() { on_drained(); }

// Progress: a slow line may take longer than the time-out for all, not for a part.
void Session::on_drained() {
  if (terminal_) set_behind(terminal_->congested());
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
  end();
}

void Session::on_deadline() {
  if (phase_ == Phase::handing_over) {
    log::warn("session ", id_, ": handed over with bytes that nobody has taken");
    end();
    return;
  }
  log::warn("session ", id_, ": gave up waiting for ",
            phase_ == Phase::running ? "the command to end" : "the last bytes to be taken");
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
  if (phase_ < Phase::flushing) recorder_.finish();
  end();
}

void Session::hand_over() {
  if (phase_ == Phase::ended) return;
  // Also in its end: the shim reports that to the next daemon again.
  if (phase_ != Phase::handing_over) {
    log::info("session ", id_, ": handing over");
    finish_resuming();
    phase_ = Phase::handing_over;
    screen_job_.reset();
    pty_->set_reading(false);
    if (terminal_) terminal_->set_reading(false);
    uv::start_timer<&Session::on_deadline>(deadline_, kHandOverTimeoutMs, this);
  }
  const bool screen_waits = terminal_ && terminal_->congested();
  if (recorder_.idle() && !screen_waits && !pty_->has_pending_input()) end();
}

void Session::end() {
  if (phase_ == Phase::ended) return;
  const bool handed_over = phase_ == Phase::handing_over;
  phase_ = Phase::ended;
  if (handed_over) {
    // What is still in a queue is counted here, not by the successor.
    recorder_.close();
    journal_->set_queued(0);
    save_place();
    send_checkpoint();
  } else {
    end_recording();
  }
  screen_job_.reset();
  hold_timer_.reset();
  resume_timer_.reset();
  client_timer_.reset();
  deadline_.reset();
  // The user's terminal first: when the client says its last word nobody else may use it.
  terminal_.reset();
  pty_->set_reading(false);
  wire::Finished finished{exit_, recorder_.lost_bytes(), recorder_.loss_reason(), discarding_,
                          uploading_};
  if (client_ != nullptr) {
    client_->become_peer();
    if (handed_over) {
      client_->close_after_sending();
    } else {
      client_->send({0, finished});
    }
  }
  // At a hand-over both go to the next daemon at once, whatever this one has still to do.
  if (shim_ != nullptr) {
    shim_->become_peer();
    if (!handed_over) shim_->send({exited_request_id_, wire::Ok{}});
    shim_->close_after_sending();
  }
  for (const Waiting& waiting : std::exchange(waiting_for_end_, {})) {
    if (!handed_over) waiting.peer->send({waiting.request_id, wire::Ok{}});
  }
  answer_resumed(false);
  if (!handed_over) tell(wire::event::Exited{std::move(finished)});
  listener_.on_session_ended(*this);
}

// Everything is in the recording that will ever be.
void Session::end_recording() {
  if (pause_shown_) show_pause(false);
  Fd reader;
  if (start_.has_upload && !discarding_) {
    if (Result<Fd> opened = open_recording(); opened.ok()) reader = *std::move(opened);
  }
  if (discarding_) remove_recording();
  recorder_.close();
  log::info("session ", id_, ": ended after ", recorder_.duration_us() / 1000, " ms, ",
            recorder_.lost_bytes(), " bytes lost", discarding_ ? ", discarded" : "");
  context_.registry.remove(id_);
  if (!reader) return;
  wire::Upload upload = start_.upload;
  upload.name = start_.path;
  upload.title = title_;
  uploading_ = listener_.on_recording_to_upload(std::move(upload), std::move(reader));
}

// By its descriptor: what has another name by now is still the recording.
void Session::remove_recording() {
  Status removed = start_.append ? cut_file(recorder_.fd(), start_.kept_bytes)
                                 : remove_open_file(recorder_.fd());
  if (removed.ok()) return;
  log::error("session ", id_, ": ", removed.error().message);
  notify("Recording not discarded: " + removed.error().message);
  discarding_ = false;
}

wire::Checkpoint Session::recorder_place() const {
  wire::Checkpoint place;
  recorder_.save(place);
  place.size = size_;
  place.markers = markers_;
  place.output_filter = output_markers_.held();
  return place;
}

void Session::send_checkpoint() {
  if (shim_ == nullptr) return;
  wire::Checkpoint checkpoint = recorder_place();
  checkpoint.input_parser = scanner_.state();
  checkpoint.attached = client_ != nullptr || client_expected_;
  checkpoint.title = title_;
  checkpoint.terminating = terminating_;
  checkpoint.discarding = discarding_;
  checkpoint.goes_on = start_.detached;
  // Sent when it begins, while things are being written, and in its end.
  checkpoint.handed_over = phase_ == Phase::ended;
  checkpoint.client = client_ != nullptr ? client_->peer_pid() : client_pid_;
  shim_->send({0, std::move(checkpoint)});
}

void Session::tell(decltype(wire::SessionEvent::what) what) {
  if (context_.watches.empty()) return;
  context_.watches.publish({id_, start_.name, 0, recorder_.duration_us(), std::move(what)});
}

}  // namespace asciinemad
