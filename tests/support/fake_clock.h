// FakeClock: a Clock that moves only when a test moves it.
#pragma once

#include <cstdint>

#include "common/clock.h"

namespace asciinemad::test {

class FakeClock final : public Clock {
 public:
  std::uint64_t now_us() const override { return now_us_; }
  void set(std::uint64_t now_us) { now_us_ = now_us; }
  void advance(std::uint64_t by_us) { now_us_ += by_us; }

 private:
  std::uint64_t now_us_ = 5'000'000'000;
};

}  // namespace asciinemad::test
