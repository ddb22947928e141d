#include "daemon/session.h"

#include <utility>

#include "common/log.h"
#include "daemon/platform.h"
#include "daemon/recording_mend.h"

namespace asciinemad {
namespace {

constexpr std::size_t kMaxInfoBytes = 200;

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
    if (start_.pause_markers) recorder_.marker("paused");
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
  // Once, not again by the next one.
  recorder_.count_queue_of_dead(journal_->queued());
  queued_ = recorder_.queued_bytes();
  save_place();
  journal_->set_queued(queued_);
  log::info("session ", id_, ": taken over", recorder_.paused() ? ", paused" : "");
  behind_ = journal_->screen_behind();
  if (const std::optional<Journal::Unfinished> unfinished = journal_->unfinished()) {
    set_behind(client_expected_);
    take_output(std::string(unfinished->bytes));
  }
  pause_shown_ = true;  // perhaps, by the dead one
  show_pause(recorder_.paused());
  register_recording();
  // The dead one may have been at showing the program another size for a moment.
  static_cast<void>(pty_->resize(size_));
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
  context_.registry.add({id_, start_.file, started_at_ms_, start_.kept_bytes, recording_file_});
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
  // A part of it would be another file's name.
  if (start_.file.size() <= kMaxInfoBytes) info.file = start_.file;
  return info;
}

Result<Fd> Session::open_recording() const {
  if (!recording_file_.has_value()) {
    return Error{Errc::unsupported,
                 start_.path + " is not a regular file, which cannot be followed"};
  }
  return reopen_for_reading(recorder_.fd());
}

Result<Fd> Session::recording_to_reopen() const {
  if (!recording_file_.has_value()) {
    return Error{Errc::unsupported, start_.path + " is not a regular file"};
  }
  return duplicate(recorder_.fd());
}

Status Session::attach_terminal(Terminal::Resources resources, const wire::WindowSize& size) {
  if (terminal_) kept_screen_bytes_ = terminal_->take_unwritten();
  terminal_.reset();
  TRY_ASSIGN(terminal_,
             Terminal::open(context_.loop, std::move(resources), context_.input_scratch, *this));
  released_ = false;
  terminal_->write(std::exchange(kept_screen_bytes_, {}));
  resize(size);
  // What was worked out while there was no terminal to show it.
  if (screen_wishes_.attach && !screen_job_) want_screen(&ScreenWishes::attach);
  if (screen_wishes_.detach && !screen_job_) want_screen(&ScreenWishes::detach);
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
  checkpoint.handed_over = handed_over_;
  checkpoint.uploading = uploading_;
  checkpoint.client = client_ != nullptr ? client_->peer_pid() : client_pid_;
  shim_->send({0, std::move(checkpoint)});
}

void Session::tell(decltype(wire::SessionEvent::what) what) {
  if (context_.watches.empty()) return;
  context_.watches.publish({id_, start_.name, 0, recorder_.duration_us(), std::move(what)});
}

}  // namespace asciinemad
