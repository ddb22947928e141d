// Shim: the process between the client and the recorded command; one a session.
//
// It is the command's parent and so knows how it ends; it keeps the PTY's slave open until the
// daemon has read everything, since the kernel may drop output when the last slave is closed
// (tests/integration/short_sessions_test.cc); and it hangs the command up when told to, or when the
// daemon is gone. It reads no terminal data, outlives the client, and holds no terminal of the
// user.
#pragma once

#include <string>

#include "common/fd.h"
#include "common/result.h"

namespace asciinemad {

struct ShimSetup {
  std::string shell;    // path of sh
  std::string command;  // for its -c
  Fd master;
  Fd slave;
  Fd recording;
  Fd link;  // to the daemon: our end of a socket pair
};

class ShimHandle {
 public:
  explicit ShimHandle(Fd gate) : gate_(std::move(gate)) {}
  // Lets the command run. Destroying the handle without that ends the shim, and no command runs.
  void start_command();

 private:
  Fd gate_;
};

// Forks the shim, which forks the command; that waits for start_command(). The descriptors in
// `setup` are closed in the caller, except that it may keep duplicates.
Result<ShimHandle> fork_shim(ShimSetup setup);

}  // namespace asciinemad
