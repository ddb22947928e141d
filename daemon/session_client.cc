// The client's coming and going: attaching, detaching, following the session to a new daemon, and
// what stands in for a terminal meanwhile.
#include <signal.h>

#include <cerrno>
#include <utility>

#include "common/log.h"
#include "daemon/platform.h"
#include "daemon/session.h"

namespace asciinemad {
namespace {

// How long a program may take to notice the first of two changes of size.
constexpr std::uint64_t kNudgeMs = 50;

// 0: not known, as that of a client in a container.
bool may_live(std::uint32_t pid) {
  if (pid == 0) return true;
  const bool exists = ::kill(static_cast<pid_t>(pid), 0) == 0 || errno == EPERM;
  return exists && process_state(pid) != 'Z';
}

}  // namespace

bool Session::goes_on_alone() const {
  return start_.detached || start_.on_disconnect == wire::OnDisconnect::detach;
}

void Session::on_client_lost() {
  client_ = nullptr;
  client_expected_ = false;
  if (terminal_) {
    // Nobody else will: the terminal may outlive its client, as a shell's does one that is killed.
    if (terminal_->input_is_terminal()) clean_terminal(usual_undo());
    terminal_->restore_settings();
  }
  terminal_.reset();
  forget_screen_of_client();
  log::info("session ", id_, ": the client is gone");
  released_ = false;
  if (phase_ != Phase::running) {
    if (phase_ != Phase::handing_over) wait_for_end();
    return;
  }
  if (!goes_on_alone()) {
    stop();
    return;
  }
  send_checkpoint();
  tell(wire::event::Detached{});
  update_flow();
}

// What is worked out for one client must not reach the next.
void Session::forget_screen_of_client() {
  detaching_ = false;
  screen_wishes_.attach = false;
  screen_wishes_.detach = false;
}

// The terminal is given back as it is; `reason` is for the user.
void Session::send_client_away(const std::string& reason) {
  Connection* client = std::exchange(client_, nullptr);
  client_expected_ = false;
  forget_screen_of_client();
  released_ = false;
  terminal_.reset();
  kept_screen_bytes_ = std::string();
  uv_timer_stop(hold_timer_.get());
  on_hold_timeout();
  if (client != nullptr) {
    client->become_peer();
    client->send({0, wire::Detached{reason}});
  }
  log::info("session ", id_, ": detached");
  send_checkpoint();
  tell(wire::event::Detached{});
  update_flow();
}

void Session::clean_terminal(std::string_view undo) {
  const bool titled = pause_shown_ && !start_.paused_title.empty();
  terminal_->write_last((titled ? "\x1b[23;2t" : "") + std::string(undo));
}

// The terminal is to look as if nothing had been there: what has to be undone tells the screen.
void Session::begin_detaching() {
  if (client_ == nullptr || std::exchange(detaching_, true)) return;
  if (terminal_) {
    want_screen(&ScreenWishes::detach);
  } else {
    send_client_away({});
  }
}

void Session::finish_detaching(std::string_view undo) {
  clean_terminal(std::string(undo) + "\r\n");
  // From now on it goes on without a client, whatever the rule was for one that dies.
  start_.detached = true;
  send_client_away({});
}

Status Session::attach(const wire::Attach& attach, Terminal::Resources resources,
                       Connection& client) {
  // Whoever was there when its daemon died wants to see the end.
  const bool ending = phase_ != Phase::running && !(attach.rejoin && phase_ < Phase::ended);
  if (ending || phase_ == Phase::handing_over) {
    return Error{Errc::busy, "the session is about to end"};
  }
  if (client_ != nullptr || (client_expected_ && !attach.rejoin)) {
    if (!attach.force) {
      return Error{Errc::busy, "somebody is attached to " + id_ + "; --force takes it over"};
    }
  }
  TRY_ASSIGN(auto terminal,
             Terminal::open(context_.loop, std::move(resources), context_.input_scratch, *this));
  if (client_ != nullptr) {
    if (terminal_) clean_terminal(usual_undo());
    send_client_away("another terminal has taken the session over");
  }
  terminal_ = std::move(terminal);
  // That may have been to undo a nudge.
  uv_timer_stop(client_timer_.get());
  static_cast<void>(pty_->resize(size_));
  client_expected_ = false;
  released_ = false;
  input_ended_ = false;
  answers_.reset();
  screen_.reset();
  if (!screen_wishes_.cursor) cursor_queries_.clear();
  client_ = &client;
  client.become_client(*this);
  log::info("session ", id_, attach.rejoin ? ": the client is back" : ": attached");
  if (attach.rejoin && !behind_) {
    resize(attach.size);
  } else {
    // Before the screen is worked out, so that it is as large as the terminal.
    const bool same_size = attach.size == size_;
    resize(attach.size);
    if (pause_shown_ && !attach.rejoin) show_pause(true);
    want_screen(&ScreenWishes::attach);
    note_screen();
    if (same_size && !screen_job_) nudge();
  }
  send_checkpoint();
  if (!attach.rejoin) tell(wire::event::Attached{});
  if (phase_ == Phase::running) {
    update_flow();
  } else {
    wait_for_end();
  }
  return {};
}

// Its daemon has died, and it may still be on its way here; or have died as well.
void Session::expect_client() {
  if (!may_live(client_pid_)) {
    on_client_lost();
    return;
  }
  uv::start_timer<&Session::on_client_timer>(client_timer_, kRejoinMs, this);
}

void Session::on_client_timer() {
  if (client_expected_) {
    // It has had time enough, unless it is stopped.
    const char state = process_state(client_pid_);
    if (state == 'T' || state == 't') {
      uv::start_timer<&Session::on_client_timer>(client_timer_, kRejoinMs, this);
    } else {
      on_client_lost();
    }
  } else {
    static_cast<void>(pty_->resize(size_));
  }
}

// Makes a full-screen program repaint, whose terminal has the size that it had before.
void Session::nudge() {
  wire::WindowSize other = size_;
  other.rows = static_cast<std::uint16_t>(other.rows > 1 ? other.rows - 1 : other.rows + 1);
  static_cast<void>(pty_->resize(other));
  uv::start_timer<&Session::on_client_timer>(client_timer_, kNudgeMs, this);
}

// A thread plays the recording for it; the program waits meanwhile, as it does for a slow terminal.
void Session::want_screen(bool ScreenWishes::*wish) {
  screen_wishes_.*wish = true;
  screen_job_.reset();
  // What is shown in a pause is not recorded, and a raw recording is no asciicast.
  Result<Fd> recording = Error{Errc::unsupported, "there is no screen to be had"};
  if (start_.format == wire::Format::asciicast_v2) recording = recording_to_reopen();
  if (recording.ok()) {
    auto file = std::make_shared<Fd>(std::move(*recording));  // std::function wants copies
    const int rows = size_.rows;
    auto job = ThreadJob<Result<SessionScreen>>::start(
        context_.loop, "read the recording",
        [file, size = size_, rows](int cancel_fd) -> Result<SessionScreen> {
          TRY_ASSIGN(Fd reader, reopen_for_reading(file->get()));
          return read_session_screen(std::move(reader), size, rows, cancel_fd);
        },
        *this);
    if (job.ok()) {
      screen_job_ = *std::move(job);
      pty_->set_reading(false);
      return;
    }
    log::warn("session ", id_, ": ", job.error().message);
  }
  on_screen(nullptr);
}

void Session::on_job_done(ThreadJob<Result<SessionScreen>>& /*job*/,
                          Result<SessionScreen> outcome) {
  screen_job_.reset();
  if (!outcome.ok()) log::warn("session ", id_, ": ", outcome.error().message);
  on_screen(outcome.ok() ? &*outcome : nullptr);
  finish_if_flushed();
  if (phase_ != Phase::ended) update_flow();
}

// Null: it could not be worked out.
void Session::on_screen(const SessionScreen* screen) {
  const ScreenWishes wishes = std::exchange(screen_wishes_, {});
  if (wishes.cursor) {
    auto model =
        screen != nullptr ? screen->model : std::make_shared<ScreenModel>(size_.cols, size_.rows);
    answer_cursor_queries(*model);
    // From now on it is told what comes, unless a terminal is.
    if (client_ == nullptr) screen_ = std::move(model);
  }
  // The client is stopped, and its terminal away: again when it is back.
  if (released_) screen_wishes_ = {wishes.attach, wishes.detach, false};
  if (wishes.attach && terminal_) {
    if (screen != nullptr) terminal_->write(screen->redraw);
    if (screen == nullptr || recorder_.paused()) nudge();
    note_screen();
  }
  if (wishes.detach && terminal_) {
    finish_detaching(screen != nullptr ? std::string_view(screen->undo) : usual_undo());
  }
}

// Programs wait for answers that no terminal is there to give.
void Session::answer_queries(std::string_view output) {
  if (!answers_) answers_ = std::make_unique<TerminalAnswers>();
  if (screen_) {
    if (screen_->cols() != size_.cols || screen_->rows() != size_.rows) {
      screen_->resize(size_.cols, size_.rows);
    }
    screen_->write(output);
  }
  answers_->feed(output, size_.cols, size_.rows, *this);
  if (cursor_queries_.empty() || screen_wishes_.cursor) return;
  if (screen_) {
    answer_cursor_queries(*screen_);
  } else {
    want_screen(&ScreenWishes::cursor);
  }
}

// Where it was when the last of the output was there; programs ask and wait.
void Session::answer_cursor_queries(const ScreenModel& screen) {
  const ScreenModel::CursorPosition cursor = screen.cursor_position();
  for (const bool dec : std::exchange(cursor_queries_, {})) {
    on_answer(cursor_report(cursor.row, cursor.col, dec));
  }
}

void Session::on_answer(std::string_view bytes) {
  if (!pty_->congested()) pty_->write(bytes);
}

void Session::on_cursor_query(bool dec) {
  if (cursor_queries_.size() < kMaxCursorQueries) cursor_queries_.push_back(dec);
}

}  // namespace asciinemad
