// LoopDriver: runs a uv::Loop until something has happened, or fails the test at a deadline.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>

#include "daemon/uv_loop.h"

namespace asciinemad::test {

// Declare it after the loop.
class LoopDriver {
 public:
  explicit LoopDriver(uv::Loop& loop) : loop_(loop), deadline_(uv::make_timer(loop)) {}

  // `done` is asked before each wait and after each batch of callbacks, so it must depend on what
  // wakes the loop.
  template <typename Predicate>
  void run_until(Predicate done, std::uint64_t timeout_ms = 10'000) {
    expired_ = false;
    uv::start_timer<&LoopDriver::on_deadline>(deadline_, timeout_ms, this);
    bool reached = done();
    while (!reached && !expired_) {
      uv_run(loop_.get(), UV_RUN_ONCE);
      reached = done();
    }
    uv_timer_stop(deadline_.get());
    REQUIRE_MESSAGE(reached, "what the test waits for did not happen in time");
  }

 private:
  void on_deadline() { expired_ = true; }

  uv::Loop& loop_;
  uv::Handle<uv_timer_t> deadline_;
  bool expired_ = false;
};

}  // namespace asciinemad::test
