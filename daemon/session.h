// Session: one recording: the PTY, the user's terminal, the recorder, and the two peers that steer
// it, its client and its shim.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/clock.h"
#include "daemon/connection.h"
#include "daemon/file_id.h"
#include "daemon/input_scanner.h"
#include "daemon/notifier.h"
#include "daemon/pty.h"
#include "daemon/recorder.h"
#include "daemon/terminal.h"
#include "daemon/terminal_user.h"
#include "daemon/uv_loop.h"
#include "proto/message.h"

namespace asciinemad {

class Session final : public uv::Mortal,
                      public TerminalUser,
                      private Pty::Listener,
                      private Terminal::Listener,
                      private InputScanner::Listener,
                      private Recorder::Listener {
 public:
  class Listener {
   public:
    // Everything is written and every peer told. The last call; the listener disposes of the
    // session.
    virtual void on_session_ended(Session& session) = 0;

   protected:
    ~Listener() = default;
  };

  // What all sessions of a daemon share. The buffers hold data only during a callback.
  struct Context {
    uv::Loop& loop;
    const Clock& clock;
    Notifier& notifier;
    std::span<char> output_scratch;
    std::span<char> input_scratch;
    std::string& encode_scratch;
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

  // The connections become the session's; `start.captured_env` and the header texts are used up.
  static Result<std::unique_ptr<Session>> create(const Context& context, std::string id,
                                                 wire::Start start, Resources resources,
                                                 Connection& client, Connection& shim,
                                                 Listener& listener);

  const std::string& id() const { return id_; }
  wire::SessionInfo info() const;
  // Where the recording goes, if that is a regular file.
  const std::optional<FileId>& recording_file() const { return recording_file_; }
  // The recording, for reading. Errc::unsupported: it is no regular file.
  Result<Fd> open_recording() const;

  // Whether `terminal` is the one that is recorded.
  bool records(int terminal) const { return pty_->is_terminal(terminal); }

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

 private:
  enum class Phase {
    running,
    draining,  // the command is gone; the PTY may hold more of its output
    flushing,  // all is read; the recording or the terminal has not taken everything
    ended,
  };

  Session(const Context& context, std::string id, wire::Start start, Connection& client,
          Connection& shim, Listener& listener);
  Status open(Resources resources);
  void begin_recording();

  void on_pty_output(std::string_view bytes) override;
  void on_pty_end() override;
  void on_pty_input_drained() override;
  void on_terminal_input(std::string_view bytes) override;
  void on_terminal_input_end() override;
  void on_terminal_drained() override;
  void on_input(std::string_view bytes) override;
  void on_typed(std::string_view bytes) override;
  void on_hotkey(Hotkey hotkey) override;
  void on_recording_incomplete(const std::string& reason) override;
  void on_recorder_drained() override;

  void on_drained();
  void on_hold_timeout();
  void begin_resuming();
  void cancel_resuming();
  void finish_resuming();
  void on_deadline();
  void toggle_pause();
  void add_marker();
  void record_typed();
  // Whether everybody downstream has room: of the PTY's output, of what is typed.
  bool can_show() const;
  bool can_type() const;
  void update_flow();
  void begin_draining();
  void wait_for_end();
  void begin_flushing();
  void finish_if_flushed();
  void end();
  void send_checkpoint();
  void notify(const std::string& text) { context_.notifier.notify(start_.notifications, text); }

  Context context_;
  const std::string id_;
  wire::Start start_;
  Connection* client_;
  Connection* shim_;
  Listener& listener_;

  std::optional<FileId> recording_file_;
  Recorder recorder_;
  InputScanner scanner_;
  std::unique_ptr<Pty> pty_;
  std::unique_ptr<Terminal> terminal_;  // null: the screen's bytes go nowhere
  uv::Handle<uv_timer_t> hold_timer_;
  uv::Handle<uv_timer_t> resume_timer_;
  uv::Handle<uv_timer_t> deadline_;  // of whatever the session waits for in its end

  Phase phase_ = Phase::running;
  wire::WindowSize size_;
  bool released_ = false;  // the client has taken the terminal back for a while
  std::string kept_screen_bytes_;
  std::string typed_;  // of the current batch, when input is recorded
  // From the key that ends a pause until the echo of what was typed in it is through.
  bool resuming_ = false;
  std::string fenced_input_;  // typed meanwhile; the terminal is not read past Pty's bound
  bool input_ended_ = false;
  std::uint64_t typed_in_pause_at_ms_ = 0;  // loop time; 0: nothing was
  std::size_t checkpoint_tail_bytes_ = 0;
  bool terminating_ = false;  // the command was told to go
  wire::Exit exit_;
  std::uint32_t exited_request_id_ = 0;
};

}  // namespace asciinemad
