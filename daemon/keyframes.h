// Keyframes: the screen at moments of a recording, for jumping there; shared by threads.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/recording_reader.h"
#include "common/timeline.h"

namespace asciinemad {

// A place between two events of a recording.
struct PlaybackPoint {
  RecordingReader::Position position;
  Timeline::Position time;   // of the event before it
  std::uint64_t events = 0;  // before it
  std::uint64_t frames = 0;  // the events of these that the screen shows
};

struct Keyframe {
  PlaybackPoint point;
  int cols = 0;
  int rows = 0;
  std::string screen;  // ScreenModel::snapshot()
};

class Keyframes {
 public:
  // Rendering so much takes 25 ms, which is what a jump costs.
  static constexpr std::uint64_t kSpacingBytes = std::uint64_t{512} << 10;
  // When they take more, every other one goes, and the distance doubles.
  static constexpr std::size_t kMaxBytes = std::size_t{32} << 20;

  // Whether somebody who has come so far without a keyframe should make one.
  bool wants(const PlaybackPoint& point, std::uint64_t shown_bytes_since_last) const;
  void add(Keyframe keyframe);
  // The last one that is not after the wanted moment; all bounds given hold.
  struct Bounds {
    std::optional<std::uint64_t> played_us;
    std::optional<std::uint64_t> events;
    std::optional<std::uint64_t> frames;

    bool allow(const PlaybackPoint& point) const {
      return point.time.played_us <= played_us.value_or(point.time.played_us) &&
             point.events <= events.value_or(point.events) &&
             point.frames <= frames.value_or(point.frames);
    }
    // Whether the last allowed point is reached from there by going on. For a frame that is the
    // event that shows it, not what follows up to the next.
    bool are_ahead_of(const PlaybackPoint& point) const {
      return allow(point) && (!frames.has_value() || point.frames < *frames);
    }
  };
  std::optional<Keyframe> find_before(const Bounds& bounds) const;

 private:
  void thin_out();

  mutable std::mutex mutex_;
  std::vector<Keyframe> keyframes_;  // in order
  std::size_t bytes_ = 0;
  std::uint64_t spacing_bytes_ = kSpacingBytes;
};

}  // namespace asciinemad
