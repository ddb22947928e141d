// Finding the daemon: the shared one if it answers, a new shared one if there is none, else a
// private one for this session only.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "client/daemon_link.h"
#include "client/daemon_search.h"
#include "client/messages.h"
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

// Whether another daemon might do what this one did not: it is busy, full, older or gone. No other
// one makes sense of a request that makes none.
bool another_daemon_may_help(const Error& error);

// Calls `attempt`, a Status(DaemonLink&), with the shared daemon, and where that can't be had or
// the attempt fails, with a private one; a warning says why, and what it is `doing` ("recording").
// `link` holds the connection in the end.
template <typename Attempt>
Status use_daemon(const Environment& environment, const Messages& messages,
                  std::optional<DaemonLink>& link, const std::string& doing, Attempt attempt) {
  TRY_ASSIGN(DaemonConnection connection, connect_to_daemon(environment));
  std::string reason = std::move(connection.private_because);
  link.emplace(std::move(connection.link));
  if (reason.empty()) {
    Status done = attempt(*link);
    if (done.ok()) return done;
    reason = done.error().message;
    TRY_ASSIGN(DaemonLink own, start_private_daemon(environment));
    link.emplace(std::move(own));
  }
  messages.warn(reason + "; " + doing + " with a private asciinemad");
  return attempt(*link);
}

// The shared daemon, started if need be; no private one.
Result<DaemonLink> connect_to_shared_daemon(const Environment& environment,
                                            Niceness niceness = Niceness::refused);

// The shared daemon if it runs. Errc::not_found when it does not.
Result<DaemonLink> connect_to_running_daemon(const Environment& environment,
                                             int hello_timeout_ms = DaemonLink::kHelloTimeoutMs);

}  // namespace asciinemad
