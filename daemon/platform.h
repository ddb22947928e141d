// What POSIX leaves to each system, for the daemon.
#pragma once

#include "common/fd.h"
#include "common/result.h"

namespace asciinemad {

// accept() with CLOEXEC and O_NONBLOCK set; -1 and errno when none waits.
int accept_cloexec(int listening);

// Raises soft limits to the hard ones: of descriptors, since a session takes six (and nothing here
// uses select()), and those that a user sets in one shell, which must not bind every session.
void raise_limits();

// A new open file description of the file that `fd` is open for writing; nobody's name is needed.
Result<Fd> reopen_for_reading(int fd);

// Whether `terminal` is the other end of that PTY. False where the system does not tell.
bool is_slave_of(int terminal, int master);

// The calling thread works when nobody else wants to.
void lower_thread_priority();

// A descriptor that threads wake each other with: readable from raise to drain. Linux and
// FreeBSD: an eventfd.
Result<Fd> make_wake_fd();
void raise_wake_fd(int fd);
void drain_wake_fd(int fd);

}  // namespace asciinemad
