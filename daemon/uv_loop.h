// RAII over libuv: the loop, its handles, and objects whose destruction must wait for a callback.
#pragma once

#include <uv.h>

#include <memory>
#include <vector>

#include "common/result.h"

namespace asciinemad::uv {

// Owns the loop. Must outlive every handle; destroying it with a handle still open names the handle
// in the log and aborts, since its callback would find freed memory.
class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  uv_loop_t* get() { return &loop_; }
  // Runs callbacks until stop().
  void run() { uv_run(&loop_, UV_RUN_DEFAULT); }
  void stop() { uv_stop(&loop_); }

 private:
  uv_loop_t loop_{};
};

// Closes a handle: no callback of it comes any more, its memory goes when libuv is done with it.
template <typename T>
struct Closer {
  void operator()(T* handle) const {
    handle->data = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(handle),
             [](uv_handle_t* closed) noexcept { delete reinterpret_cast<T*>(closed); });
  }
};

// Declare it after the descriptor it watches, so that it is closed before.
template <typename T>
using Handle = std::unique_ptr<T, Closer<T>>;

inline Error uv_error(const char* what, int code) {
  return Error{Errc::system, std::string(what) + ": " + uv_strerror(code), -code};
}

struct Poll : uv_poll_t {
  int wanted = 0;  // events that watch() asked for
};

// Watches `fd`, which becomes nonblocking (the whole open file description). One watch an fd.
Result<Handle<Poll>> make_poll(Loop& loop, int fd);
Handle<uv_timer_t> make_timer(Loop& loop);

template <auto Method, typename Owner>
void on_poll(uv_poll_t* handle, int status, int ready) noexcept {
  auto* poll = static_cast<Poll*>(handle);
  if (status < 0) {
    // libuv stops watching when the kernel reports an error on the descriptor. It may be one that
    // the next read clears while more is to come (tests/unit/connection_test.cc).
    uv_poll_start(poll, poll->wanted, on_poll<Method, Owner>);
    ready = poll->wanted;
  }
  auto* owner = static_cast<Owner*>(poll->data);
  if (owner != nullptr) (owner->*Method)(ready);
}

// Calls owner->Method(int events) for UV_READABLE, UV_WRITABLE; an error on the descriptor counts
// as all that is watched, so that the next read or write shows it. events == 0 stops watching.
template <auto Method, typename Owner>
void watch(const Handle<Poll>& poll, int events, Owner* owner) {
  poll->wanted = events;
  poll->data = owner;
  if (events == 0) {
    uv_poll_stop(poll.get());
  } else {
    uv_poll_start(poll.get(), events, on_poll<Method, Owner>);
  }
}

// Calls owner->Method() once, after_ms from now.
template <auto Method, typename Owner>
void start_timer(const Handle<uv_timer_t>& timer, std::uint64_t after_ms, Owner* owner) {
  timer->data = owner;
  // The loop's idea of now is as old as its last wake-up.
  uv_update_time(timer->loop);
  uv_timer_start(
      timer.get(),
      [](uv_timer_t* handle) noexcept {
        auto* target = static_cast<Owner*>(handle->data);
        if (target != nullptr) (target->*Method)();
      },
      after_ms, 0);
}

inline bool is_active(const Handle<uv_timer_t>& timer) {
  return uv_is_active(reinterpret_cast<const uv_handle_t*>(timer.get())) != 0;
}

// Calls owner->Method() on the loop after uv_async_send() on the handle from any thread; several
// may become one call.
template <auto Method, typename Owner>
Result<Handle<uv_async_t>> make_async(Loop& loop, Owner* owner) {
  auto async = std::make_unique<uv_async_t>();
  const int rc = uv_async_init(loop.get(), async.get(), [](uv_async_t* handle) noexcept {
    auto* target = static_cast<Owner*>(handle->data);
    if (target != nullptr) (target->*Method)();
  });
  if (rc != 0) return uv_error("watch a thread", rc);
  async->data = owner;
  return Handle<uv_async_t>(async.release());
}

// Calls owner->Method(int signum) for each signal.
template <auto Method, typename Owner>
Handle<uv_signal_t> watch_signal(Loop& loop, int signum, Owner* owner) {
  Handle<uv_signal_t> handle(new uv_signal_t);
  uv_signal_init(loop.get(), handle.get());
  handle->data = owner;
  uv_signal_start(
      handle.get(),
      [](uv_signal_t* signal, int number) noexcept {
        auto* target = static_cast<Owner*>(signal->data);
        if (target != nullptr) (target->*Method)(number);
      },
      signum);
  return handle;
}

// What may be handed to a Graveyard.
class Mortal {
 public:
  Mortal() = default;
  Mortal(const Mortal&) = delete;
  Mortal& operator=(const Mortal&) = delete;
  virtual ~Mortal() = default;
};

// Destroys objects after the running callback has returned, so that an object can end itself.
class Graveyard {
 public:
  explicit Graveyard(Loop& loop) : timer_(make_timer(loop)) {}
  void bury(std::unique_ptr<Mortal> object) {
    dead_.push_back(std::move(object));
    start_timer<&Graveyard::clear>(timer_, 0, this);
  }

 private:
  void clear() {
    // Destructors may bury more.
    const std::vector<std::unique_ptr<Mortal>> now = std::move(dead_);
    dead_.clear();
  }

  std::vector<std::unique_ptr<Mortal>> dead_;
  Handle<uv_timer_t> timer_;
};

}  // namespace asciinemad::uv
