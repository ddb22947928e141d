// Session: one recording: the PTY, the user's terminal, the recorder, and the two peers that it
// belongs to, its client and its shim. Either may go and come back.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock.h"
#include "common/output_markers.h"
#include "common/terminal_answers.h"
#include "daemon/connection.h"
#include "daemon/file_id.h"
#include "daemon/input_scanner.h"
#include "daemon/journal.h"
#include "daemon/notifier.h"
#include "daemon/pty.h"
#include "daemon/recorder.h"
#include "daemon/session_registry.h"
#include "daemon/session_screen.h"
#include "daemon/session_watches.h"
#include "daemon/terminal.h"
#include "daemon/terminal_user.h"
#include "daemon/thread_job.h"
#include "daemon/uv_loop.h"
#include "proto/message.h"

namespace asciinemad {

class Session final : public uv::Mortal,
                      public TerminalUser,
                      private Pty::Listener,
                      private Terminal::Listener,
                      private InputScanner::Listener,
                      private OutputMarkers::Listener,
                      private TerminalAnswers::Listener,
                      private Recorder::Listener,
                      private ThreadJob<Result<SessionScreen>>::Listener {
 public:
  class Listener {
   public:
    // Everything is written and every peer told, or handed over. The last call; the listener
    // disposes of the session.
    virtual void on_session_ended(Session& session) = 0;
    // The recording is complete and to be uploaded. False: that can't be; else
    // Session::on_upload_queued() comes, possibly at once.
    virtual bool on_recording_to_upload(Session& session, wire::Upload upload, Fd recording) = 0;

   protected:
    ~Listener() = default;
  };

  // What all sessions of a daemon share. The buffers hold data only during a callback.
  struct Context {
    uv::Loop& loop;
    const Clock& clock;
    Notifier& notifier;
    SessionWatches& watches;
    SessionRegistry& registry;
    std::span<char> input_scratch;
    std::string& encode_scratch;
    std::string socket_path;  // state files stand beside it; empty: none
  };

  struct Resources {
    Fd master;
    Fd recording;
    Terminal::Resources terminal;
  };

  // How long the end waits for a terminal or a pipe that does not take the last bytes.
  static constexpr std::uint64_t kFlushTimeoutMs = 10'000;
  // How long it waits for the shim to report the end of a command that was told to go; the shim
  // itself kills it after 5 s.
  static constexpr std::uint64_t kTerminateTimeoutMs = 8'000;
  // How long a hotkey's unfinished escape sequence is kept from the program.
  static constexpr std::uint64_t kHoldMs = 50;
  // How long after the last key of a pause its echo may still come.
  static constexpr std::uint64_t kEchoMs = 50;
  // How long what a program wrote before it asked for the end of a pause may be on its way through
  // the kernel.
  static constexpr std::uint64_t kPassageMs = 10;
  // How long a client that lives may take to follow its session to a new daemon.
  static constexpr std::uint64_t kRejoinMs = 15'000;
  // How long the end waits for the recording to be in the upload queue. Should this daemon die
  // before, the next one puts it there.
  static constexpr std::uint64_t kQueueTimeoutMs = 20'000;
  // How long a hand-over waits for what still has to be written.
  static constexpr std::uint64_t kHandOverTimeoutMs = 2'000;
  static constexpr std::size_t kMaxCursorQueries = 16;

  // The connections become the session's; the header texts in `start` are kept for a successor.
  static Result<std::unique_ptr<Session>> create(const Context& context, std::string id,
                                                 wire::Start start, Resources resources,
                                                 Connection& client, Connection& shim,
                                                 Listener& listener);

  // Goes on with the session of a dead daemon. `journal` may be empty; the terminal is.
  static Result<std::unique_ptr<Session>> resume(const Context& context, wire::Resume resume,
                                                 Resources resources, Fd journal, Connection& shim,
                                                 Listener& listener);

  const std::string& id() const { return id_; }
  const std::string& name() const { return start_.name; }
  wire::SessionInfo info() const;
  // Where the recording goes, if that is a regular file.
  const std::optional<FileId>& recording_file() const { return recording_file_; }
  // The recording, for reading. Errc::unsupported: it is no regular file.
  Result<Fd> open_recording() const;

  // Whether `terminal` is the one that is recorded.
  bool records(int terminal) const { return pty_->is_terminal(terminal); }

  // From any peer. True: done, and the caller answers. False: the session does, when it is.
  Result<bool> steer(wire::Steer& steer, Connection& peer, std::uint32_t request_id);
  // That peer gets no answer any more.
  void forget(const Connection& peer);
  // Its shim has lost the connection to this living daemon and is back. Errc::busy: it has one.
  Status adopt_shim(Connection& shim);

  // A client and its terminal; the screen is redrawn soon. Errc::busy: there is one already.
  Status attach(const wire::Attach& attach, Terminal::Resources resources, Connection& client);

  // From the client.
  Status attach_terminal(Terminal::Resources resources, const wire::WindowSize& size) override;
  void release_terminal() override;
  void resize(const wire::WindowSize& size) override;
  // Hangs the command up, like a closed terminal.
  void stop() override;
  void on_client_lost() override;

  // From the shim. `request_id` is answered when the PTY has been drained.
  void on_exited(const wire::Exit& exit, std::uint32_t request_id);
  void on_shim_lost();

  // The recording is in the upload queue, or cannot get there.
  void on_upload_queued(bool queued);

  // Whether the shim knows how to bring the session to another daemon.
  bool can_be_handed_over() const { return survives_ && shim_ != nullptr; }
  // Writes what is left and ends without telling anybody: the shim's connection is going to end,
  // and it takes the session to the next daemon.
  void hand_over();
  bool handing_over() const { return phase_ == Phase::handing_over; }
  bool handed_over() const { return handed_over_; }

 private:
  enum class Phase {
    running,
    handing_over,
    draining,  // the command is gone; the PTY may hold more of its output
    flushing,  // all is read; the recording or the terminal has not taken everything
    ended,
  };
  // What a screen that is being worked out is for; several may wait for one.
  struct ScreenWishes {
    bool attach = false;
    bool detach = false;
    bool cursor = false;
  };
  struct Waiting {
    Connection* peer = nullptr;
    std::uint32_t request_id = 0;
    bool for_removal = false;  // of the recording
  };

  Session(const Context& context, std::string id, wire::Start start, Connection* client,
          Connection& shim, Listener& listener);
  Status open(Resources resources);
  void begin_recording();
  // For a thread, which gets it by reopen_for_reading(): opening a file of a network can take for
  // ever.
  Result<Fd> recording_to_reopen() const;
  Status go_on(const wire::Checkpoint& checkpoint);
  void send_journal();
  AsciicastHeader header() const;
  void register_recording();

  void on_pty_output(std::string_view bytes) override;
  void on_pty_end() override;
  void on_pty_input_drained() override;
  void on_plain_output(std::string_view bytes) override;
  void on_output_marker(std::string_view label) override;
  void on_terminal_input(std::string_view bytes) override;
  void on_terminal_input_end() override;
  void on_terminal_drained() override;
  void on_input(std::string_view bytes) override;
  void on_typed(std::string_view bytes) override;
  void on_hotkey(Hotkey hotkey) override;
  void on_recording_incomplete(const std::string& reason) override;
  void on_recorder_drained() override;
  void take_output(std::string_view bytes);

  void on_drained();
  void on_hold_timeout();
  void scan_done();
  void record_typed();
  // Whether everybody downstream has room: of the PTY's output, of what is typed.
  bool can_show() const;
  bool can_type() const;
  void update_flow();
  void begin_draining();
  void wait_for_end();
  void begin_flushing();
  void finish_if_flushed();
  void on_deadline();
  void conclude();
  void end();
  void answer_end();
  void end_recording();
  void queue_upload(Result<Fd> recording);
  void remove_recording();
  void send_checkpoint();
  wire::Checkpoint recorder_place() const;
  // Not within a batch, which is saved as a whole: a successor begins it again.
  void save_place() {
    if (!in_batch_) journal_->save_recorder(recorder_place());
  }
  void note_screen();
  void set_behind(bool behind);
  void note_queue();
  void tell(decltype(wire::SessionEvent::what) what);
  void notify(const std::string& text) { context_.notifier.notify(start_.notifications, text); }

  // session_pause.cc
  void toggle_pause();
  void pause();
  void begin_resuming(std::uint64_t at_least_ms);
  void cancel_resuming();
  void finish_resuming();
  void show_pause(bool paused);
  // Answers those that wait for the end of a pause.
  void answer_resumed(bool resumed);

  // session_steer.cc
  Result<bool> run(const wire::steer::Unknown& unknown, const Waiting& waiting);
  Result<bool> run(const wire::steer::Pause& pause, const Waiting& waiting);
  Result<bool> run(const wire::steer::Resume& resume, const Waiting& waiting);
  Result<bool> run(const wire::steer::Toggle& toggle, const Waiting& waiting);
  Result<bool> run(const wire::steer::Mark& mark, const Waiting& waiting);
  Result<bool> run(const wire::steer::Stop& stop, const Waiting& waiting);
  Result<bool> run(const wire::steer::Discard& discard, const Waiting& waiting);
  Result<bool> run(const wire::steer::Resize& resize, const Waiting& waiting);
  Result<bool> run(const wire::steer::Send& send, const Waiting& waiting);
  Result<bool> run(const wire::steer::Title& title, const Waiting& waiting);
  Result<bool> run(const wire::steer::Detach& detach, const Waiting& waiting);
  // What the program had written before its request was made.
  void catch_up();
  Status add_marker(std::string_view label);
  std::string label_of_key() const;

  // session_client.cc
  bool goes_on_alone() const;
  void send_client_away(const std::string& reason);
  void forget_screen_of_client();
  void clean_terminal(std::string_view undo);
  void begin_detaching();
  void finish_detaching(std::string_view undo);
  void expect_client();
  void on_client_timer();
  void nudge();
  void want_screen(bool ScreenWishes::*wish);
  void on_screen(const SessionScreen* screen);
  void on_job_done(ThreadJob<Result<SessionScreen>>& job, Result<SessionScreen> outcome) override;
  void on_answer(std::string_view bytes) override;
  void on_cursor_query(bool dec) override;
  void answer_queries(std::string_view output);
  void answer_cursor_queries(const ScreenModel& screen);

  Context context_;
  const std::string id_;
  wire::Start start_;
  Connection* client_;
  Connection* shim_;
  Listener& listener_;
  const std::int64_t started_at_ms_;
  const bool survives_;  // client and shim know of resuming and detaching

  std::optional<FileId> recording_file_;
  std::unique_ptr<Journal> journal_;
  Recorder recorder_;
  InputScanner scanner_;
  OutputMarkers output_markers_;
  std::unique_ptr<Pty> pty_;
  std::unique_ptr<Terminal> terminal_;  // null: the screen's bytes go nowhere
  uv::Handle<uv_timer_t> hold_timer_;
  uv::Handle<uv_timer_t> resume_timer_;
  uv::Handle<uv_timer_t> client_timer_;  // for the client to come back, or the size to
  uv::Handle<uv_timer_t> deadline_;      // of whatever the session waits for in its end

  Phase phase_ = Phase::running;
  wire::WindowSize size_;
  std::string title_;
  std::uint32_t markers_ = 0;
  bool released_ = false;  // the client has taken the terminal back for a while
  std::string kept_screen_bytes_;
  std::string typed_;  // of the current batch, when input is recorded
  // From the key that ends a pause until the echo of what was typed in it is through.
  bool resuming_ = false;
  std::string fenced_input_;  // typed meanwhile; the terminal is not read past Pty's bound
  bool input_ended_ = false;
  std::uint64_t typed_in_pause_at_ms_ = 0;  // loop time; 0: nothing was
  bool pause_shown_ = false;
  bool keys_saved_ = false;  // the journal's scanner state is another than the initial one
  bool in_batch_ = false;
  std::uint64_t queued_ = 0;  // as the journal has it
  bool behind_ = false;       // the terminal lacks something that is recorded

  // The client after a daemon's death: whether it is waited for, and its process.
  bool client_expected_ = false;
  std::uint32_t client_pid_ = 0;
  bool detach_wanted_ = false;  // by the key that is being scanned
  bool detaching_ = false;
  std::unique_ptr<ThreadJob<Result<SessionScreen>>> screen_job_;
  ScreenWishes screen_wishes_;
  std::unique_ptr<TerminalAnswers> answers_;  // while nobody is attached
  std::shared_ptr<ScreenModel> screen_;       // from the first query for the cursor then
  std::vector<bool> cursor_queries_;          // DEC's form or not

  std::vector<Waiting> waiting_for_resumption_;
  std::vector<Waiting> waiting_for_end_;
  bool terminating_ = false;  // the command was told to go
  bool handed_over_ = false;
  bool discarding_ = false;
  std::string removal_failure_;  // why it could not be discarded
  bool recording_ended_ = false;
  bool queueing_ = false;  // the upload is on its way into the queue
  bool uploading_ = false;
  wire::Exit exit_;
  std::uint32_t exited_request_id_ = 0;
};

}  // namespace asciinemad
