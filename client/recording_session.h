// RecordingSession: the client's side of one recording, from opening the PTY to the daemon's last
// word.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/daemon_link.h"
#include "client/session_loop.h"
#include "client/session_terminal.h"
#include "client/shim_word.h"
#include "client/terminal_loan.h"
#include "common/fd.h"
#include "common/result.h"
#include "proto/message.h"

namespace asciinemad {

class RecordingSession final : private SessionLoop::Listener {
 public:
  struct Wish {
    std::string shell;                  // path of sh
    wire::Start start;                  // the terminal, sizes and descriptors are filled in here
    int recording = -1;                 // where it goes; -1: standard output, through a pump
    std::optional<std::uint16_t> cols;  // instead of the terminal's
    std::optional<std::uint16_t> rows;
  };

  // How the session ended.
  struct Outcome {
    wire::Finished finished;
    std::optional<int> signal;  // that ended the client
    // Why the session goes on without this client; empty: it was asked for. `finished` then means
    // nothing.
    std::optional<std::string> detached;
  };

  explicit RecordingSession(DaemonLink& link) : link_(link), loop_(link, *this) {}

  // Hands everything to the daemon and lets the command run. After an error nothing has run, and
  // another session may be tried. Sets $ASCIINEMA_SESSION and $ASCIINEMA_STATE_FILE.
  Status start(Wish wish);
  // After start(): the id, and lines about recordings that were repaired after a crash.
  const std::string& session() const { return session_; }
  const std::vector<std::string>& recovered() const { return recovered_; }
  // Returns when all of the command's output is recorded and shown; the terminal is as it was
  // before. A daemon that dies is replaced. An error: none could be had and the recording is cut
  // short (the command has ended, or was served to its end without being recorded), or the user
  // insisted on leaving. Not to be called for a session that was started detached.
  Result<Outcome> run();
  // After run(), when the daemon has said that the recording is on its way into the upload queue:
  // waits until it is there for good. What goes wrong with it is told by a notification. An error:
  // the daemon has died before it could.
  Status wait_for_upload();

 private:
  wire::WindowSize size() const override;
  Result<TerminalLoan> lend_terminal() override;
  bool on_event(wire::Reply& event) override;
  bool ends_with_output() const override { return false; }
  Result<bool> on_daemon_lost(Error why) override;
  const std::string* detachable_session() const override {
    return detachable_ ? &session_ : nullptr;
  }

  Status name_session(wire::Start& start) const;
  Status open_terminal();
  Status start_shim(Wish wish, const TerminalLoan& terminal);
  Result<Fd> recording_fd(const Wish& wish);
  Error serve_without_recording(ShimWord word);

  DaemonLink& link_;
  SessionLoop loop_;
  SessionTerminal terminal_;
  Fd home_;  // to the shim
  std::string path_;
  bool detachable_ = false;
  std::optional<std::uint16_t> fixed_cols_;
  std::optional<std::uint16_t> fixed_rows_;
  std::optional<wire::Finished> finished_;
  std::optional<std::string> detached_;
  std::string session_;
  std::vector<std::string> recovered_;
};

}  // namespace asciinemad
