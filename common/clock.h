// Clock: monotonic time, injectable so that tests need not wait.
#pragma once

#include <cstdint>
#include <ctime>

namespace asciinemad {

class Clock {
 public:
  virtual ~Clock() = default;
  // Microseconds since an arbitrary start; never decreases. Stands still while the machine sleeps.
  virtual std::uint64_t now_us() const = 0;
};

class SystemClock final : public Clock {
 public:
  std::uint64_t now_us() const override {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 +
           static_cast<std::uint64_t>(now.tv_nsec) / 1'000;
  }
};

// Milliseconds since 1970-01-01 UTC, as the system's clock has them; it may be set at any time.
inline std::int64_t time_of_day_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

}  // namespace asciinemad
