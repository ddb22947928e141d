// PlaybackSession: the client's side of one playback, from opening the terminal to the daemon's
// last word.
#pragma once

#include <optional>
#include <string>

#include "client/daemon_link.h"
#include "client/rate_limit.h"
#include "client/session_loop.h"
#include "client/terminal_loan.h"
#include "common/fd.h"
#include "common/result.h"
#include "proto/message.h"

namespace asciinemad {

// What is shown goes to standard output. Keys come from the terminal, also where standard input is
// the recording and standard output a file; without a terminal there are none.
class PlaybackSession final : private SessionLoop::Listener {
 public:
  struct Wish {
    wire::Play play;     // the terminal and its size are filled in here
    int recording = -1;  // -1: that of play.follow_session
  };

  // How the playback ended.
  struct Outcome {
    wire::PlaybackFinished finished;
    std::optional<int> signal;  // that ended the client
    int output_error = 0;       // errno with which standard output took no more; 0: it took all
  };

  explicit PlaybackSession(DaemonLink& link) : link_(link), loop_(link, *this) {}

  // Hands everything to the daemon. After an error another session may be tried.
  Status start(Wish wish);
  // Returns when standard output has all of it; the terminal is as it was before. A session that is
  // followed on a terminal is followed on with the next daemon. An error: the daemon died, or the
  // user insisted on leaving.
  Result<Outcome> run();

 private:
  wire::WindowSize size() const override;
  Result<TerminalLoan> lend_terminal() override;
  bool on_event(wire::Reply& event) override;
  bool ends_with_output() const override { return true; }
  Result<bool> on_daemon_lost(Error why) override;

  Status begin(int recording);
  Status follow_on();
  Status open_output();
  Status lend_keys(TerminalLoan& loan);
  void undo_screen();
  void clean_up_for_dead_daemon();
  int output_error();

  DaemonLink& link_;
  SessionLoop loop_;
  // What the daemon gets duplicates of: the terminal, or the end of a pipe to a pump. It outlives
  // their closing, which does not end the pump's input.
  Fd output_;
  bool output_is_terminal_ = false;
  wire::Play play_;
  RateLimit<5> next_daemons_{60'000'000};
  std::string screen_undo_;
  std::optional<wire::PlaybackFinished> finished_;
};

}  // namespace asciinemad
