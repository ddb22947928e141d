// The daemon that runs, for the commands that steer and observe what it does.
#pragma once

#include <optional>
#include <utility>

#include "client/daemon_link.h"
#include "common/paths.h"
#include "common/result.h"
#include "proto/message.h"

namespace asciinemad {

class SteerLink {
 public:
  // Connects and says hello, without waiting for the answer: what is sent next goes with it.
  // Errc::not_found when no daemon runs.
  static Result<SteerLink> connect(const Environment& environment);

  // The answer to hello, waited for once.
  Result<wire::HelloReply> hello();
  DaemonLink& link() { return link_; }

 private:
  explicit SteerLink(DaemonLink link) : link_(std::move(link)) {}

  DaemonLink link_;
  std::optional<wire::HelloReply> hello_;
};

// Errc::unsupported, with what to do about it, when that daemon can neither steer recordings nor
// tell what happens to them.
Status check_steers_recordings(const wire::HelloReply& hello);

}  // namespace asciinemad
