// RecordingSession: the client's side of one recording, from opening the PTY to the daemon's last
// word.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "client/daemon_link.h"
#include "client/deadline.h"
#include "client/pump.h"
#include "client/shim.h"
#include "client/signals.h"
#include "client/tty.h"
#include "common/result.h"
#include "proto/message.h"

namespace asciinemad {

class RecordingSession {
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

  explicit RecordingSession(DaemonLink& link) : link_(link) {}

  // Hands everything to the daemon and lets the command run. After an error nothing has run, and
  // another session may be tried.
  Status start(Wish wish);
  // Returns when all of the command's output is recorded and shown; the terminal is as it was
  // before. An error: the daemon died, or the user insisted on leaving.
  Result<Outcome> run();

 private:
  // Descriptors to give away, beside the PTY and the recording.
  struct TerminalFds {
    wire::Terminal description;
    Fd input;
    Fd output;
  };

  Result<TerminalFds> terminal_fds();
  static void append_fds(const TerminalFds& terminal, std::vector<int>& fds);
  Status add_input_pump(TerminalFds& fds);
  Status add_output_pump(TerminalFds& fds);
  wire::WindowSize size() const;
  Result<Fd> recording_fd(const Wish& wish);
  Status handle_signals();
  Status handle_signal(int signum);
  Status take_events();
  Status end_early(int signum);
  Status stop_and_continue();
  Status call_unless_finished(wire::Request request, std::span<const int> fds);
  void report_size();
  Status wait_once();
  void drain_pumps();

  DaemonLink& link_;
  std::optional<Signals> signals_;
  Tty tty_;
  bool gave_terminal_ = false;  // the daemon reads it
  std::optional<std::uint16_t> fixed_cols_;
  std::optional<std::uint16_t> fixed_rows_;
  std::vector<Pump> pumps_;
  std::optional<int> ended_by_;
  std::optional<Deadline> end_deadline_;  // for the daemon, once told to end
  std::optional<wire::Finished> finished_;
};

}  // namespace asciinemad
