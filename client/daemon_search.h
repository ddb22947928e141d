// DaemonSearch: the way to the shared daemon, which is started if need be, in steps for a poll()
// loop.
//
// When a daemon dies, all of its sessions look for the next one at once. A lock, "start.lock"
// beside the socket, decides who of them starts it; the others try again every few milliseconds.
#pragma once

#include <poll.h>

#include <optional>
#include <string>

#include "client/daemon_launch.h"
#include "client/daemon_link.h"
#include "client/deadline.h"
#include "common/fd.h"
#include "common/paths.h"
#include "common/result.h"

namespace asciinemad {

// Whether a process of low priority may start the shared daemon, which then has that, too:
// recording goes on with a private one, uploads can do without haste.
enum class Niceness { refused, accepted };

class DaemonSearch {
 public:
  // How long a daemon may take to say hello when it must be had: a service manager may just be
  // starting it behind a socket that takes connections already.
  static constexpr int kPatientHelloTimeoutMs = 5000;

  // `environment` has to outlive it.
  DaemonSearch(const Environment& environment, Niceness niceness, int hello_timeout_ms)
      : environment_(environment), niceness_(niceness), hello_timeout_ms_(hello_timeout_ms) {}

  // What the next step needs: an event there (none when the descriptor is -1), or that much time.
  pollfd waits_for() const;
  int timeout_ms() const;
  // Does not wait, but for the fork of a daemon. A link whose hello is done; nullopt: to be called
  // again. An error: the shared daemon can't be had.
  Result<std::optional<DaemonLink>> step();
  // For whoever has no more time.
  Error no_answer() const;

 private:
  using Step = Result<std::optional<DaemonLink>>;

  Step connect();
  Step greet(DaemonLink link);
  Step take_hello();
  Step start();
  Step take_launch();
  Step try_later();

  const Environment& environment_;
  const Niceness niceness_;
  const int hello_timeout_ms_;
  std::string socket_path_;  // empty: not yet known
  std::optional<DaemonLink> link_;
  std::optional<Deadline> hello_until_;
  bool waited_for_manager_ = false;
  std::optional<DaemonLaunch> launch_;
  Fd lock_;  // while `launch_` is under way
  int launches_ = 0;
  bool found_going_ = false;  // the last one met was about to end
  // For what somebody else has to do: start the daemon, or take connections.
  std::optional<Deadline> others_until_;
  int retry_ms_ = 0;
  std::optional<Deadline> retry_at_;
};

}  // namespace asciinemad
