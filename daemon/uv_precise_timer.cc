#include "daemon/uv_precise_timer.h"

#ifdef __linux__
#include <sys/timerfd.h>
#endif
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "common/clock.h"

namespace asciinemad::uv {

#ifdef __linux__

Result<std::unique_ptr<PreciseTimer>> PreciseTimer::make(Loop& loop, Listener& listener) {
  std::unique_ptr<PreciseTimer> timer(new PreciseTimer(listener));
  timer->fd_.reset(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer->fd_) return system_error("create a timer", errno);
  TRY_ASSIGN(timer->poll_, make_poll(loop, timer->fd_.get()));
  watch<&PreciseTimer::on_ready>(timer->poll_, UV_READABLE, timer.get());
  return timer;
}

void PreciseTimer::set(std::uint64_t at_us) {
  itimerspec when{};
  // Zero would disarm it.
  const std::uint64_t at = std::max<std::uint64_t>(at_us, 1);
  when.it_value.tv_sec = static_cast<time_t>(at / 1'000'000);
  when.it_value.tv_nsec = static_cast<long>(at % 1'000'000 * 1'000);
  ::timerfd_settime(fd_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

void PreciseTimer::stop() {
  const itimerspec never{};
  ::timerfd_settime(fd_.get(), 0, &never, nullptr);
}

#else

Result<std::unique_ptr<PreciseTimer>> PreciseTimer::make(Loop& loop, Listener& listener) {
  std::unique_ptr<PreciseTimer> timer(new PreciseTimer(listener));
  timer->timer_ = make_timer(loop);
  return timer;
}

void PreciseTimer::set(std::uint64_t at_us) {
  const std::uint64_t now = SystemClock().now_us();
  const std::uint64_t wait_us = at_us - std::min(at_us, now);
  start_timer<&PreciseTimer::on_timeout>(timer_, (wait_us + 999) / 1000, this);
}

void PreciseTimer::stop() { uv_timer_stop(timer_.get()); }

#endif

void PreciseTimer::on_ready(int /*events*/) {
  std::uint64_t expirations = 0;
  if (::read(fd_.get(), &expirations, sizeof(expirations)) == sizeof(expirations)) on_timeout();
}

}  // namespace asciinemad::uv
