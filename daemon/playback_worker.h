// PlaybackWorker: what a playback's reader thread does.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/recording_reader.h"
#include "common/screen_filter.h"
#include "common/timeline.h"
#include "daemon/file_watch.h"
#include "daemon/keyframe_indexer.h"
#include "daemon/keyframes.h"
#include "daemon/playback_feed.h"
#include "daemon/playback_mailbox.h"
#include "daemon/recording_scan.h"
#include "daemon/recording_storage.h"
#include "daemon/screen_replay.h"

namespace asciinemad {

class PlaybackWorker {
 public:
  PlaybackWorker(std::shared_ptr<PlaybackMailbox> mailbox, Fd recording,
                 PlaybackFeed::Options options);

  // Returns when the mailbox is abandoned, or after a failure.
  void run();

 private:
  // The place the reader reads from; what was read must reach the loop before it waits.
  class Cursor final : public StorageCursor {
   public:
    explicit Cursor(PlaybackWorker& worker)
        : StorageCursor(*worker.storage_, Waiting::allowed, worker.mailbox_->interrupted),
          worker_(worker) {}

   private:
    void on_pull() override { worker_.flush(); }

    PlaybackWorker& worker_;
  };

  Status open();
  Status open_reader();
  Status work();
  Status handle(PlaybackMailbox::JumpCommand& command);
  Status handle(const PlaybackFeed::MarkerWish& wish);
  Status handle(PlaybackMailbox::FinishGrowing finish);
  Status handle(PlaybackMailbox::Measure measure);
  Result<Keyframes::Bounds> bounds_of(const PlaybackFeed::JumpWish& wish);
  // False: the recording ends before the bounds, as far as is known.
  Result<bool> go_to(const PlaybackFeed::JumpWish& wish, const Keyframes::Bounds& bounds);
  Result<bool> pull_to(const Keyframes::Bounds& bounds);
  Status resume_at(const PlaybackPoint& point);
  Status produce();
  void add_item(const RecordingEvent& event);
  void at_end();
  void wait();
  void send(PlaybackFeed::Message message);
  void flush();
  void measure_if_wanted();
  bool growing() const { return options_.follow && !finishing_; }

  std::shared_ptr<PlaybackMailbox> mailbox_;
  Fd recording_;
  PlaybackFeed::Options options_;
  std::uint64_t generation_ = 0;

  std::shared_ptr<RecordingStorage> storage_;
  std::optional<FileWatch> watch_;  // while the recording grows
  std::optional<Cursor> cursor_;
  std::unique_ptr<RecordingReader> reader_;
  ScreenReplay::View view_;
  std::optional<Timeline> timeline_;
  ScreenFilter filter_;
  PlaybackPoint start_;
  PlaybackPoint point_;
  std::shared_ptr<Keyframes> keyframes_ = std::make_shared<Keyframes>();
  std::unique_ptr<ScreenReplay> replay_;
  std::unique_ptr<RecordingScan> scan_;
  std::unique_ptr<KeyframeIndexer> indexer_;
  std::uint64_t shown_bytes_ = 0;
  int status_row_ = -1;

  PlaybackMailbox::Messages outbox_;
  std::size_t outbox_bytes_ = 0;
  bool at_end_ = false;     // nothing to read before a command, or a change of a growing file
  bool finishing_ = false;  // a growing recording grows no more
  bool measured_ = false;   // or tried to, unasked
  bool wants_measure_ = false;
};

}  // namespace asciinemad
