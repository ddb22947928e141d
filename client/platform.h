// What POSIX leaves to each system, for the client.
#pragma once

#include <sys/types.h>
#include <termios.h>

#include <optional>

#include "common/fd.h"
#include "proto/message.h"

namespace asciinemad {

struct PtyPair {
  Fd master;  // nonblocking
  Fd slave;
};

// A new pseudo-terminal of that size, nobody's controlling terminal, with the given settings or the
// system's own.
Result<PtyPair> open_pty(const std::optional<termios>& settings, const wire::WindowSize& size);

// To every process of the session, where the system tells which those are.
void signal_session(pid_t session, int signum);

// For ps and top; at most 15 bytes.
void set_process_name(const char* name);

}  // namespace asciinemad
