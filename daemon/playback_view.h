// PlaybackView: draws what a terminal smaller than the recorded screen shows of it, in a thread of
// its own and no oftener than an eye can follow.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/screen_filter.h"
#include "common/screen_view.h"
#include "daemon/uv_loop.h"

namespace asciinemad {

class PlaybackView {
 public:
  class Listener {
   public:
    // There is a frame, or room again after full(). May destroy the view.
    virtual void on_view_ready() = 0;
    // Whether a frame would be taken now. When it becomes so again, go_on() is to be called.
    virtual bool can_draw() const = 0;

   protected:
    ~Listener() = default;
  };

  // How much may wait for the thread.
  static constexpr std::size_t kMaxWaitingBytes = std::size_t{256} << 10;
  static constexpr std::uint64_t kFrameIntervalMs = 33;
  // Programs draw a screen in several portions; half a screen would flicker.
  static constexpr std::uint64_t kSettleMs = 8;

  // Frames have passed a filter of this policy.
  static Result<std::unique_ptr<PlaybackView>> start(uv::Loop& loop, ScreenPolicy policy,
                                                     Listener& listener);
  // The thread ends when it can; nobody waits for it.
  ~PlaybackView();
  PlaybackView(const PlaybackView&) = delete;
  PlaybackView& operator=(const PlaybackView&) = delete;

  // Shows another screen from now on, made by ScreenModel::snapshot(); what was to be drawn before
  // is forgotten. This comes first.
  void begin(ScreenView::Size recorded, ScreenView::Size terminal, std::string snapshot);
  void write(std::string bytes);
  void resize(ScreenView::Size recorded);
  void set_terminal(ScreenView::Size terminal);
  // Give it no more until on_view_ready().
  bool full() const;

  void go_on() { schedule(); }
  // Whether the last frame taken shows everything.
  bool idle() const { return !changed_ && !asked_; }
  // The next one is made when there is something new, but not at once.
  std::optional<ScreenView::Frame> take_frame();

 private:
  struct Shared;

  explicit PlaybackView(uv::Loop& loop, Listener& listener)
      : listener_(listener), timer_(uv::make_timer(loop)) {}
  void changed();
  void schedule();
  void on_timer();
  void on_wake() { listener_.on_view_ready(); }

  Listener& listener_;
  std::shared_ptr<Shared> shared_;  // the thread's, too, which may outlive this object
  uv::Handle<uv_async_t> wake_;
  uv::Handle<uv_timer_t> timer_;  // active: it is too soon for a frame
  bool changed_ = false;          // since a frame was asked for
  bool asked_ = false;            // and the frame not taken yet
};

}  // namespace asciinemad
