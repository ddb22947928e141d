#include "daemon/uv_loop.h"

#include <cstdlib>

#include "common/log.h"

namespace asciinemad::uv {

Loop::Loop() {
  if (uv_loop_init(&loop_) != 0) {
    log::error("cannot create an event loop");
    std::abort();
  }
}

Loop::~Loop() {
  bool all_closed = true;
  uv_walk(
      &loop_,
      [](uv_handle_t* handle, void* flag) {
        if (uv_is_closing(handle) != 0) return;
        log::error("event loop ends with an open ", uv_handle_type_name(handle->type));
        *static_cast<bool*>(flag) = false;
      },
      &all_closed);
  if (!all_closed) std::abort();
  // The close callbacks, and the syncs still under way.
  uv_run(&loop_, UV_RUN_DEFAULT);
  if (uv_loop_close(&loop_) != 0) {
    log::error("event loop ends while in use");
    std::abort();
  }
}

Result<Handle<Poll>> make_poll(Loop& loop, int fd) {
  auto poll = std::make_unique<Poll>();
  if (const int rc = uv_poll_init(loop.get(), poll.get(), fd); rc != 0) {
    return uv_error("watch descriptor", rc);
  }
  poll->data = nullptr;
  return Handle<Poll>(poll.release());
}

Handle<uv_timer_t> make_timer(Loop& loop) {
  Handle<uv_timer_t> timer(new uv_timer_t);
  uv_timer_init(loop.get(), timer.get());
  timer->data = nullptr;
  return timer;
}

}  // namespace asciinemad::uv
