// DaemonLaunch: a new daemon process, until it says that it serves.
#pragma once

#include <poll.h>

#include <optional>
#include <string>
#include <vector>

#include "client/deadline.h"
#include "common/fd.h"
#include "common/paths.h"
#include "common/result.h"

namespace asciinemad {

// How long a new daemon may take to serve. It takes milliseconds; this is for a machine on its
// knees.
inline constexpr int kLaunchTimeoutMs = 5000;

// Runs asciinemad with `arguments`, not as a child of this process; of our descriptors above 2 it
// inherits `inherited` alone.
Status spawn_daemon(const Environment& environment, std::vector<std::string> arguments,
                    int inherited);

// Errc::unavailable, with the daemon's log in the message.
Error cannot_start(const Environment& environment, const std::string& reason);

// For a poll() loop.
class DaemonLaunch {
 public:
  // Spawns one that serves `socket_path`.
  static Result<DaemonLaunch> begin(const Environment& environment, const std::string& socket_path);

  pollfd waits_for() const { return {ready_.get(), POLLIN, 0}; }
  int timeout_ms() const { return deadline_.remaining_ms(); }
  // True: a daemon serves, this one or one that was faster; false: to be called again.
  Result<bool> step(const Environment& environment);

 private:
  explicit DaemonLaunch(Fd ready) : ready_(std::move(ready)) {}

  Fd ready_;
  std::string message_;
  Deadline deadline_{kLaunchTimeoutMs};
};

}  // namespace asciinemad
