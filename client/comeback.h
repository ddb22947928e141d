// Sessions on their way to the next daemon: when theirs has died or is being replaced, it takes a
// fraction of a second until they can be found again.
#pragma once

#include <functional>
#include <optional>

#include "client/deadline.h"
#include "client/steer_link.h"
#include "common/paths.h"
#include "common/result.h"
#include "proto/message.h"

namespace asciinemad {

class Comeback {
 public:
  // Five times what it may take.
  static constexpr int kPatienceMs = 1000;

  // Whether that daemon serves for so short a time that sessions may still come to it.
  static bool may_go_on(const wire::StatusReply& daemon) {
    return daemon.uptime_us < std::uint64_t{kPatienceMs} * 1000;
  }

  // Waits a moment. False: what has not come back by now does not.
  bool wait() const;

 private:
  const Deadline until_{kPatienceMs};
};

// What the daemon that runs is doing; `link` is connected to it unless it is already. Asked again
// while sessions may be on their way and `has_it` is false of the answer; nothing is waited for
// when that is empty. Errc::not_found: no daemon runs.
Result<wire::StatusReply> ask_for_status(
    const Environment& environment, std::optional<SteerLink>& link,
    const std::function<bool(const wire::StatusReply&)>& has_it);

}  // namespace asciinemad
