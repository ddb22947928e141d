// KeyframeIndexer: a thread that makes keyframes behind a playback, so that jumping back is quick
// however far that has come.
#pragma once

#include <cstdint>
#include <memory>

#include "daemon/screen_replay.h"

namespace asciinemad {

class KeyframeIndexer {
 public:
  // `keyframes` is shared with the thread, which may outlive this object.
  KeyframeIndexer(std::shared_ptr<RecordingStorage> storage, std::shared_ptr<Keyframes> keyframes,
                  const ScreenReplay::View& view);
  ~KeyframeIndexer();
  KeyframeIndexer(const KeyframeIndexer&) = delete;
  KeyframeIndexer& operator=(const KeyframeIndexer&) = delete;

  // The recording has been played so far.
  void want(std::uint64_t events);
  // It will be jumped about in.
  void want_all();

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace asciinemad
