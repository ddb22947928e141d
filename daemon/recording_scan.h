// RecordingScan: goes through a recording without looking at the screen, for its length and
// markers.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "common/recording_reader.h"
#include "common/timeline.h"
#include "daemon/keyframes.h"
#include "daemon/recording_storage.h"
#include "daemon/screen_replay.h"

namespace asciinemad {

class RecordingScan {
 public:
  struct Marker {
    std::uint64_t played_us = 0;
    std::uint64_t events = 0;  // up to and with it
  };

  RecordingScan(std::shared_ptr<RecordingStorage> storage, const ScreenReplay::View& view,
                const std::atomic<bool>& interrupted)
      : storage_(std::move(storage)),
        view_(view),
        interrupted_(interrupted),
        cursor_(*storage_, StorageCursor::Waiting::never, interrupted),
        timeline_(view.idle_limit_us) {}

  // Errc::cancelled as soon as `interrupted` is set; the next call goes on from there.
  Status to_end();
  // The first marker behind so many events, the last one before; nullptr when there is none.
  Result<const Marker*> find_marker_after(std::uint64_t events);
  Result<const Marker*> find_marker_before(std::uint64_t events, std::uint64_t played_us);

  // Of what was scanned.
  std::uint64_t duration_us() const { return timeline_.position().played_us; }

 private:
  // False at the end.
  Result<bool> advance();

  std::shared_ptr<RecordingStorage> storage_;
  const ScreenReplay::View view_;
  const std::atomic<bool>& interrupted_;
  StorageCursor cursor_;
  std::unique_ptr<RecordingReader> reader_;
  Timeline timeline_;
  std::uint64_t events_ = 0;
  std::vector<Marker> markers_;
};

}  // namespace asciinemad
