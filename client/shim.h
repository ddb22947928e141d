// Shim: the process between the client and the recorded command; one a session.
//
// It is the command's parent and so knows how it ends; it keeps the PTY's slave open until the
// daemon has read everything, since the kernel may drop output when the last slave is closed
// (tests/integration/short_sessions_test.cc); and it hangs the command up when told to. When the
// daemon dies, it takes the session to the next one, which it starts if nobody else does. It reads
// no terminal data, outlives the client, and holds no terminal of the user.
#pragma once

#include <cstdint>
#include <string>

#include "common/fd.h"
#include "common/result.h"
#include "proto/message.h"

namespace asciinemad {

struct ShimSetup {
  std::string shell;  // path of sh
  // As the daemon got it, but without a terminal: for the next one. `command` is for the shell's
  // -c.
  wire::Start start;
  std::string session;         // id
  std::uint16_t protocol = 0;  // of the daemon; an older one than kProtocolSurvival is the last one
  Fd master;
  Fd slave;
  Fd recording;
  Fd link;  // to the daemon: our end of a socket pair
  // To the client, which gets a ShimWord when no daemon can be had, or when the session has ended
  // well; none: it leaves the session alone.
  Fd home;
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
