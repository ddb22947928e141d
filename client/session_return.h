// The way of a session's client back to its session when their daemon has died.
#pragma once

#include <string>
#include <variant>

#include "client/daemon_link.h"
#include "client/session_loop.h"
#include "client/shim_word.h"
#include "common/result.h"

namespace asciinemad {

// A link over which the session is attached again, or what the shim had to say instead.
using SessionReturn = std::variant<DaemonLink, ShimWord>;

// Waits for the session's shim to take it to another daemon, and lends that the terminal. Starts no
// daemon. `home`: the socket from the shim; -1: there is none. Errc::busy: another client was
// faster. Other errors: the shim is gone, or nothing happened in 20 s.
Result<SessionReturn> return_to_session(const std::string& session, int home,
                                        SessionLoop::Listener& listener);

}  // namespace asciinemad
