// NextDaemon: where a session whose daemon has died finds the next one, in steps for a poll() loop;
// and when to stop trying.
#pragma once

#include <poll.h>

#include <cstddef>
#include <cstdint>
#include <optional>

#include "client/daemon_link.h"
#include "client/daemon_search.h"
#include "client/rate_limit.h"
#include "common/clock.h"
#include "common/paths.h"
#include "common/result.h"

namespace asciinemad {

class NextDaemon {
 public:
  // So often within a minute a session is taken to another daemon: it may be what kills them.
  static constexpr std::size_t kMaxResumes = 5;
  static constexpr std::uint64_t kResumesWithinUs = 60'000'000;
  // How long one is looked for.
  static constexpr std::uint64_t kPatienceUs = 10'000'000;

  // A daemon has died: the search begins. An error: too many did lately.
  Status begin();
  // The one that was found can't take the session. An error, as after all failures: it is not worth
  // trying on.
  Status refused(const Error& why);
  // Begins anew when that time has passed, and with another kMaxResumes.
  void begin_after(std::uint64_t wait_us);

  // As DaemonSearch has them.
  pollfd waits_for() const;
  int timeout_ms() const;
  Result<std::optional<DaemonLink>> step();

 private:
  const ProcessEnvironment environment_{};
  const SystemClock clock_{};
  std::optional<DaemonSearch> search_;
  std::uint64_t retry_at_us_ = 0;
  std::uint64_t retry_us_ = 0;
  std::uint64_t give_up_at_us_ = 0;
  RateLimit<kMaxResumes> resumes_{kResumesWithinUs};
};

}  // namespace asciinemad
