// PreciseTimer: a timer to the microsecond; libuv's own count milliseconds.
#pragma once

#include <cstdint>
#include <memory>

#include "common/fd.h"
#include "daemon/uv_loop.h"

namespace asciinemad::uv {

class PreciseTimer {
 public:
  class Listener {
   public:
    virtual void on_precise_timer() = 0;

   protected:
    ~Listener() = default;
  };

  static Result<std::unique_ptr<PreciseTimer>> make(Loop& loop, Listener& listener);

  // Calls once, at a time of SystemClock (past: at once, from the loop), in place of what was set
  // before.
  void set(std::uint64_t at_us);
  void stop();

 private:
  explicit PreciseTimer(Listener& listener) : listener_(listener) {}

  void on_ready(int events);
  void on_timeout() { listener_.on_precise_timer(); }

  Listener& listener_;
  // Linux: a timerfd; elsewhere a libuv timer.
  Fd fd_;
  Handle<Poll> poll_;
  Handle<uv_timer_t> timer_;
};

}  // namespace asciinemad::uv
