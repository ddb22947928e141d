// Shim: what the shim process does after its forks; client/shim.h says what it is for.
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "client/daemon_link.h"
#include "client/shim.h"
#include "client/shim_resume.h"
#include "common/fd.h"
#include "proto/message.h"

namespace asciinemad {

class Shim {
 public:
  struct Command {
    pid_t pid = 0;
    Fd gate;        // brings a byte when the session has started, or else its end
    Fd exec_error;  // brings the errno of the command's exec, if that fails
  };

  // `child_events`: readable when a child has ended.
  Shim(ShimSetup setup, Command command, Fd child_events);

  // Until the command has ended and the daemon has taken all of its output, or there is none.
  void run();

 private:
  enum class Daemon {
    there,
    asked,    // the next one, whether it takes the session
    away,     // it is looked for
    given_up  // the client serves the command, if anybody does
  };

  bool is_over() const;
  bool has_started();
  pollfd waits_for_daemon() const;
  int timeout_ms() const;
  void serve_daemon();

  void take_messages();
  void take_message(const wire::Reply& message);
  void on_daemon_gone();
  void look_for_daemon();
  Status resume(DaemonLink link);
  void on_refused(const Error& why);
  void give_up(const std::string& reason);
  void go_on_alone();
  void take_home_event();

  void hang_up();
  void kill_when_due();
  void reap();
  void report_exit();
  void tell_client_the_end() const;
  void signal_command(int signum) const;

  ShimSetup setup_;
  DaemonLink link_;
  Command command_;
  Fd child_events_;
  wire::Checkpoint checkpoint_;
  Fd journal_;

  Daemon daemon_ = Daemon::there;
  NextDaemon next_;
  bool running_ = true;                // the command is
  std::optional<wire::Exit> exit_;     // of the command
  bool drained_ = false;               // the daemon has everything
  std::uint64_t answer_until_us_ = 0;  // while asked
  std::uint64_t kill_at_us_ = 0;       // 0: nobody was told to go
};

}  // namespace asciinemad
