// RecordingSession: the client's side of one recording, from opening the PTY to the daemon's last
// word.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "client/daemon_link.h"
#include "client/session_loop.h"
#include "client/terminal_loan.h"
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
  };

  explicit RecordingSession(DaemonLink& link) : link_(link), loop_(link, *this) {}

  // Hands everything to the daemon and lets the command run. After an error nothing has run, and
  // another session may be tried.
  Status start(Wish wish);
  // Returns when all of the command's output is recorded and shown; the terminal is as it was
  // before. An error: the daemon died, or the user insisted on leaving.
  Result<Outcome> run();

 private:
  wire::WindowSize size() const override;
  Result<TerminalLoan> lend_terminal() override;
  bool on_event(wire::Reply& event) override;
  bool ends_with_output() const override { return false; }
  Result<Fd> recording_fd(const Wish& wish);

  DaemonLink& link_;
  SessionLoop loop_;
  std::optional<std::uint16_t> fixed_cols_;
  std::optional<std::uint16_t> fixed_rows_;
  std::optional<wire::Finished> finished_;
};

}  // namespace asciinemad
