// What POSIX leaves to each system, for the client.
#pragma once

#include <termios.h>

#include <initializer_list>
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

// Closes every descriptor above 2 except those.
void close_descriptors_except(std::initializer_list<int> kept);

// For ps and top; at most 15 bytes.
void set_process_name(const char* name);

}  // namespace asciinemad
