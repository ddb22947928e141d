// Deadline: an end for every wait on a descriptor.
#pragma once

#include <poll.h>

#include <cerrno>
#include <cstdint>

#include "common/clock.h"

namespace asciinemad {

class Deadline {
 public:
  explicit Deadline(int timeout_ms)
      : end_us_(SystemClock().now_us() + static_cast<std::uint64_t>(timeout_ms) * 1000) {}
  // 0 when the time is over.
  int remaining_ms() const {
    const std::uint64_t now = SystemClock().now_us();
    return now >= end_us_ ? 0 : static_cast<int>((end_us_ - now) / 1000) + 1;
  }

  // Waits for `events`; false when the time is over.
  bool wait(int fd, short events) const {
    for (;;) {
      pollfd waiting{fd, events, 0};
      const int ready = ::poll(&waiting, 1, remaining_ms());
      if (ready == 0) return false;
      if (ready > 0) return true;
      if (ready < 0 && errno != EINTR) return false;
    }
  }

 private:
  std::uint64_t end_us_;
};

}  // namespace asciinemad
