// SessionLoop: what recordings and playbacks have in common while the daemon works: signals, job
// control, pumps, the terminal's mode, and the daemon's events.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "client/daemon_link.h"
#include "client/deadline.h"
#include "client/pump.h"
#include "client/signals.h"
#include "client/terminal_loan.h"
#include "client/tty.h"
#include "common/result.h"
#include "proto/message.h"

namespace asciinemad {

class SessionLoop {
 public:
  class Listener {
   public:
    // What the daemon shall take for the window's size.
    virtual wire::WindowSize size() const = 0;
    // For the daemon to go on with after it had to let go of the terminal.
    virtual Result<TerminalLoan> lend_terminal() = 0;
    // Whether that was the session's end.
    virtual bool on_event(wire::Reply& event) = 0;
    // Whether the session shall end, now that an output pump's target takes no more.
    virtual bool ends_with_output() const = 0;
    // Has the link replaced by one to the next daemon, and the terminal lent there. Whether that
    // was the session's end; an error: it can't go on. `why` says that the daemon has died.
    virtual Result<bool> on_daemon_lost(Error why) = 0;
    // The session that goes on without this client when a signal ends that; nullptr: it ends, too.
    virtual const std::string* detachable_session() const { return nullptr; }

   protected:
    ~Listener() = default;
  };

  // `listener` is called from within run() alone.
  SessionLoop(DaemonLink& link, Listener& listener) : link_(link), listener_(listener) {}

  // To be called first: from now on no signal ends or stops this process.
  Status watch_signals();

  // Raw while the session runs; the owner of the loop opens it and makes it raw.
  Tty& tty() { return tty_; }
  const Tty& tty() const { return tty_; }
  std::vector<Pump>& pumps() { return pumps_; }
  // Whether the daemon must let go of the terminal before this process stops.
  void set_gave_terminal(bool gave) { gave_terminal_ = gave; }

  Signals& signals() { return *signals_; }

  // Returns when the session is over; the terminal is still as it was. An error: the daemon died
  // and the listener had none to go on with, or the user insisted on leaving.
  Status run();

  // The daemon has closed its ends: hands over what is left in output pumps.
  void drain(int timeout_ms);
  // The same for a reader that may take as long as it likes, until a signal ends that.
  void drain_until_signal();

  // The signal that ended the session, if one did.
  std::optional<int> ended_by() const { return ended_by_; }

 private:
  Status wait_once();
  void run_pumps(std::span<const pollfd> ready);
  Status handle_signals();
  Status handle_signal(int signum);
  Status end_early(int signum);
  Status stop_session();
  Status go_on_without_daemon(const Error& lost);
  Status stop_and_continue();
  Status call_unless_ended(wire::Request request, std::span<const int> fds);
  void report_size();
  Status take_events();
  bool has_lost_output() const;

  DaemonLink& link_;
  Listener& listener_;
  std::optional<Signals> signals_;
  Tty tty_;
  bool gave_terminal_ = false;
  std::vector<Pump> pumps_;
  bool ended_ = false;
  bool stopping_ = false;  // the daemon was told to end the session
  std::optional<int> ended_by_;
  std::optional<Deadline> end_deadline_;  // for the daemon, once told to end
};

}  // namespace asciinemad
