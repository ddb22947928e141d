// RateLimit: so many times in a span of time, and no more.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace asciinemad {

template <std::size_t kTimes>
class RateLimit {
 public:
  explicit RateLimit(std::uint64_t span_us) : span_us_(span_us) {}

  // False, and not counted: it was kTimes already. `now_us` is never 0.
  bool take(std::uint64_t now_us) {
    std::uint64_t& oldest_us = taken_at_us_.at(next_);
    if (oldest_us != 0 && now_us - oldest_us < span_us_) return false;
    oldest_us = now_us;
    next_ = (next_ + 1) % kTimes;
    return true;
  }
  void reset() { taken_at_us_ = {}; }

 private:
  const std::uint64_t span_us_;
  std::array<std::uint64_t, kTimes> taken_at_us_{};  // a ring; 0: not yet
  std::size_t next_ = 0;
};

}  // namespace asciinemad
