// PlaybackMailbox: what the loop and a playback's reader thread have in common.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "common/fd.h"
#include "daemon/playback_feed.h"
#include "daemon/uv_loop.h"

namespace asciinemad {

class PlaybackMailbox {
 public:
  struct JumpCommand {
    std::uint64_t generation = 0;
    std::optional<PlaybackFeed::JumpWish> wish;  // nullopt: rewind
  };
  struct FinishGrowing {};
  struct Measure {};
  using Command = std::variant<JumpCommand, PlaybackFeed::MarkerWish, FinishGrowing, Measure>;
  struct MarkerAnswer {
    std::optional<std::uint64_t> events;
  };
  using Messages = std::vector<PlaybackFeed::Message>;

  Status open();
  void set_wake(uv_async_t* wake) { wake_ = wake; }

  // The loop's side.
  std::optional<PlaybackFeed::Message> take();
  std::optional<MarkerAnswer> take_marker_answer();
  // Everything that was read ahead is dropped, and a jump still under way is given up.
  void post_jump(std::optional<PlaybackFeed::JumpWish> wish);
  void post(Command command);
  // Nobody listens any more; the thread ends.
  void abandon();

  // The thread's side.
  std::optional<Command> next_command();
  // Readable when there is a command, an end or room; until drain_signal().
  int signal_fd() const { return signal_.get(); }
  void drain_signal() const;
  bool has_room();
  // Dropped if they are of an earlier generation.
  void send(std::uint64_t generation, Messages messages);
  // The thread's last word, whatever place it was about.
  void send_failure(PlaybackFeed::Failed failure);
  void send_marker_answer(MarkerAnswer answer);

  std::atomic<bool> stopping = false;
  std::atomic<bool> interrupted = false;  // a jump or the end waits
  std::atomic<std::uint64_t> duration_us = 0;

 private:
  void signal() const;
  void wake();

  Fd signal_;
  std::mutex mutex_;  // guards what follows
  uv_async_t* wake_ = nullptr;
  std::uint64_t generation_ = 0;
  std::deque<Command> commands_;
  std::deque<PlaybackFeed::Message> messages_;
  std::size_t bytes_ = 0;
  bool wants_room_ = false;
  bool failed_ = false;
  std::deque<MarkerAnswer> marker_answers_;
};

}  // namespace asciinemad
