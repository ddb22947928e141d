// What POSIX leaves to each system, for the daemon.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

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

// Removes the name of the open regular file `fd`, whatever it is called by now; where it has none
// that can be found, empties it.
Status remove_open_file(int fd);
// Cuts the regular file `fd` to that size.
Status cut_file(int fd, std::uint64_t bytes);

// Syncs the whole file system that `fd` is on, like fsync(); where the system can't, the file
// alone.
int sync_file_system(int fd);

// A process's state as Linux has it: 'T' and 't' are stopped, 'Z' is a zombie. 0: there is no such
// process, or the system does not tell.
char process_state(std::uint32_t pid);

// Path of the terminal that is the other end of that PTY; empty where the system does not tell.
std::string slave_path(int master);

// Zeroed memory of that size that processes share by passing the descriptor; it can be neither cut
// nor extended. Linux: a sealed memfd. Elsewhere an unlinked file, which is not sealed.
Result<Fd> make_shared_memory(const char* name, std::size_t bytes);
// Whether it is such memory, so that nobody can cut it under a mapping.
bool is_sealed_memory(int fd);

// Names this run of the machine since it was started; empty where the system does not tell.
std::string boot_id();
// Names the machine, among those that may share a home directory.
std::string machine_id();

// Whether any process of this machine has the regular file of this user open for writing, which
// `fd` has for reading only; nullopt where the system or the file system does not tell.
std::optional<bool> has_writers(int fd);

// Makes the empty file `to` share the blocks of `from`. False where the file system can't.
bool clone_file(int from, int to);

// Lets the kernel copy up to `size` bytes from `offset` of one file to where the other one stands.
// How many; 0 at the end; -1 and errno: not between these files, or the disk's errors.
std::int64_t copy_file_part(int from, int to, std::uint64_t offset, std::uint64_t size);

// The calling thread works when nobody else wants to.
void lower_thread_priority();

// A nonblocking socket that becomes readable when an address or a route of the machine changes.
// Errc::unsupported where there is no such thing. Linux: rtnetlink(7).
Result<Fd> open_network_events();
// Reads all of them; whether the machine may have got an address or a route.
bool take_network_events(int socket);

// A descriptor that threads wake each other with: readable from raise to drain. Linux and
// FreeBSD: an eventfd.
Result<Fd> make_wake_fd();
void raise_wake_fd(int fd);
void drain_wake_fd(int fd);

}  // namespace asciinemad
