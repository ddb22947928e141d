// What POSIX leaves to each system, for the daemon.
#pragma once

#include "common/result.h"

namespace asciinemad {

// accept() with CLOEXEC and O_NONBLOCK set; -1 and errno when none waits.
int accept_cloexec(int listening);

// Effective uid of the process at the other end of a Unix socket, as of its connect().
Result<unsigned> peer_uid(int socket);

// Closes every descriptor from `lowest` on except `keep` (-1: none).
void close_descriptors_from(int lowest, int keep);

// Raises the soft limit of open descriptors to the hard one: a session takes six. Safe, since
// nothing here uses select().
void raise_descriptor_limit();

}  // namespace asciinemad
