// ScreenReplay: goes through a recording with a screen model, to know what it looks like anywhere.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "common/recording_reader.h"
#include "common/screen_model.h"
#include "common/timeline.h"
#include "daemon/keyframes.h"
#include "daemon/recording_storage.h"

namespace asciinemad {

class ScreenReplay {
 public:
  // What of a recording a playback shows, and how its time runs.
  struct View {
    std::optional<std::uint64_t> idle_limit_us;
    std::string shown_code = "o";
    bool growing = false;  // the recording may get longer
  };

  // Uses and adds `keyframes`. As soon as `interrupted` is set, to() returns Errc::cancelled.
  ScreenReplay(std::shared_ptr<RecordingStorage> storage, Keyframes& keyframes, const View& view,
               const std::atomic<bool>& interrupted);

  // Goes, backwards if need be, to the last point that `bounds` allow; no bound: the end as it is
  // now. Errors are those of reading.
  Status to(const Keyframes::Bounds& bounds);

  const PlaybackPoint& point() const { return point_; }
  // Whether nothing follows, as far as is known.
  bool at_end() const { return at_end_; }
  ScreenModel& screen() { return *screen_; }
  // The unfinished escape sequence that the last event shown may end with, and more.
  const std::string& tail() const { return tail_; }

  // Takes the event that follows point() from another reader, which is then at `after`.
  void follow(const RecordingEvent& event, const PlaybackPoint& after);

 private:
  Status open();
  void restart();
  void resume(const Keyframe& keyframe);
  Status advance(const Keyframes::Bounds& bounds);
  void show(const RecordingEvent& event);
  void add_keyframe_if_due();

  std::shared_ptr<RecordingStorage> storage_;
  Keyframes& keyframes_;
  const View view_;
  const std::atomic<bool>& interrupted_;

  StorageCursor cursor_;
  std::unique_ptr<RecordingReader> reader_;
  Timeline timeline_;
  PlaybackPoint start_;
  PlaybackPoint point_;
  bool reader_is_ahead_ = false;  // it has read the event behind point_
  bool at_end_ = false;
  std::unique_ptr<ScreenModel> screen_;
  std::string tail_;
  std::uint64_t shown_bytes_ = 0;  // since the last keyframe passed
};

// "COLSxROWS" of a resize event; nullopt when it makes no sense.
std::optional<std::pair<int, int>> parse_size(std::string_view text);

}  // namespace asciinemad
