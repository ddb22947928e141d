// Finding the daemon: the shared one if it answers, a new shared one if there is none, else a
// private one for this session only.
#pragma once

#include <string>

#include "client/daemon_link.h"
#include "common/paths.h"
#include "common/result.h"

namespace asciinemad {

struct DaemonConnection {
  DaemonLink link;  // hello is done
  // Why it is not the shared daemon; empty: it is.
  std::string private_because;
};

// Connects, starting a daemon when none answers. Fails only when not even a private one can be had;
// the error names the daemon's log.
Result<DaemonConnection> connect_to_daemon(const Environment& environment);

// A new daemon for this connection alone; it ends with it.
Result<DaemonLink> start_private_daemon(const Environment& environment);

// The shared daemon, started if need be; no private one.
Result<DaemonLink> connect_to_shared_daemon(const Environment& environment);

// The shared daemon if it runs. Errc::not_found when it does not.
Result<DaemonLink> connect_to_running_daemon(const Environment& environment);

}  // namespace asciinemad
