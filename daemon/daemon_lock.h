// The daemon's lock: a file beside the control socket, held with flock() as long as its daemon
// lives, with the daemon's pid in it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "common/fd.h"
#include "common/result.h"

namespace asciinemad {

// Opened or created, not yet locked.
Result<Fd> open_lock_file(const std::string& path);

// Locks it and writes our pid into it; false: another process holds it. Does not wait.
Result<bool> try_lock(const Fd& lock);

// The daemon that holds it. The pid in the file alone proves nothing, it may be a dead holder's and
// somebody else's by now: it counts when it is that of an asciinemad of this user that has this
// very file open. nullopt where the system does not tell (/proc).
std::optional<pid_t> find_lock_holder(const Fd& lock);

}  // namespace asciinemad
