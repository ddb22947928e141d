#include "daemon/keyframe_indexer.h"

#include <condition_variable>
#include <limits>
#include <mutex>
#include <system_error>
#include <thread>

#include "daemon/platform.h"

namespace asciinemad {

struct KeyframeIndexer::Shared {
  std::shared_ptr<RecordingStorage> storage;
  std::shared_ptr<Keyframes> keyframes;
  ScreenReplay::View view;
  std::atomic<bool> stopping = false;

  std::mutex mutex;
  std::condition_variable changed;
  std::uint64_t wanted_events = 0;  // guarded by `mutex`

  void run();
};

void KeyframeIndexer::Shared::run() {
  lower_thread_priority();
  ScreenReplay replay(storage, *keyframes, view, stopping);
  std::uint64_t done = 0;
  for (;;) {
    {
      std::unique_lock<std::mutex> lock(mutex);
      changed.wait(lock, [&] { return stopping || wanted_events > done; });
      if (stopping) return;
      done = wanted_events;
    }
    Keyframes::Bounds bounds;
    if (done != std::numeric_limits<std::uint64_t>::max()) bounds.events = done;
    // Errors are the player's to report, who reads the same bytes.
    if (!replay.to(bounds).ok()) return;
  }
}

KeyframeIndexer::KeyframeIndexer(std::shared_ptr<RecordingStorage> storage,
                                 std::shared_ptr<Keyframes> keyframes,
                                 const ScreenReplay::View& view)
    : shared_(std::make_shared<Shared>()) {
  shared_->storage = std::move(storage);
  shared_->keyframes = std::move(keyframes);
  shared_->view = view;
  try {
    std::thread([shared = shared_] { shared->run(); }).detach();
  } catch (const std::system_error&) {
    // Without one, jumps take longer.
  }
}

KeyframeIndexer::~KeyframeIndexer() {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  shared_->stopping = true;
  shared_->changed.notify_one();
}

void KeyframeIndexer::want(std::uint64_t events) {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  if (events <= shared_->wanted_events) return;
  shared_->wanted_events = events;
  shared_->changed.notify_one();
}

void KeyframeIndexer::want_all() { want(std::numeric_limits<std::uint64_t>::max()); }

}  // namespace asciinemad
