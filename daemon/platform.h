// What POSIX leaves to each system, for the daemon.
#pragma once

#include "common/result.h"

namespace asciinemad {

// accept() with CLOEXEC and O_NONBLOCK set; -1 and errno when none waits.
int accept_cloexec(int listening);

// Raises soft limits to the hard ones: of descriptors, since a session takes six (and nothing here
// uses select()), and those that a user sets in one shell, which must not bind every session.
void raise_limits();

}  // namespace asciinemad
