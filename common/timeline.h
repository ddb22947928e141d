// Timeline: from times in a recording to times of its playback: no interval longer than the idle
// limit, and never backwards.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

namespace asciinemad {

class Timeline {
 public:
  // Where a recording's time and its playback's stand to each other; part of a keyframe.
  struct Position {
    std::uint64_t recorded_us = 0;
    std::uint64_t played_us = 0;
  };

  explicit Timeline(std::optional<std::uint64_t> idle_limit_us) : idle_limit_us_(idle_limit_us) {}

  // The playback time of an event; call it for each, in order. At normal speed.
  std::uint64_t advance(std::uint64_t recorded_us) {
    // Some writers let time run backwards; the event then belongs to the moment before it.
    const std::uint64_t interval = recorded_us - std::min(recorded_us, position_.recorded_us);
    position_.recorded_us += interval;
    position_.played_us += std::min(interval, idle_limit_us_.value_or(interval));
    return position_.played_us;
  }

  const Position& position() const { return position_; }
  void resume_at(const Position& position) { position_ = position; }

 private:
  const std::optional<std::uint64_t> idle_limit_us_;
  Position position_;
};

}  // namespace asciinemad
