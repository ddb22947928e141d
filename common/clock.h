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

}  // namespace asciinemad
