// PlaybackFeed: a thread that reads a recording ahead of its playback, so that no slow disk, pipe
// or screen model ever holds the loop up.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/recording_reader.h"
#include "common/screen_filter.h"
#include "daemon/uv_loop.h"

namespace asciinemad {

class PlaybackMailbox;

class PlaybackFeed {
 public:
  // What comes out of it, in this order: Opened, then Items, Jumps and CaughtUps, then Ended; or
  // Failed at any time.
  struct Opened {
    RecordingHeader header;
  };
  // An event, ready to be shown.
  struct Item {
    std::uint64_t played_us = 0;  // when, at speed 1
    std::uint64_t events = 0;     // of the recording, up to and with this one
    std::uint64_t frames = 0;     // those of them that the screen shows
    std::string code;
    std::string data;  // filtered if the screen shows it
    // With `status_row`: what takes the status line away before, and puts the cursor back after.
    std::string uncover;
    std::string restore;
  };
  // The answer to jump(): everything before it was about another place.
  struct Jump {
    std::uint64_t played_us = 0;  // of the event before
    std::uint64_t events = 0;
    std::uint64_t frames = 0;
    int cols = 0;
    int rows = 0;
    std::string screen;  // draws it on a terminal whose modes are off
    bool cut = false;    // the terminal has not so much room: the screen is for a ScreenView
    std::string uncover;
    std::string restore;
  };
  // Nothing more has been recorded yet.
  struct CaughtUp {};
  struct Ended {
    std::vector<std::string> warnings;  // "line N: ..."
  };
  struct Failed {
    std::string reason;
  };
  using Message = std::variant<Opened, Item, Jump, CaughtUp, Ended, Failed>;

  // Where to jump.
  struct ToTime {
    std::uint64_t played_us = 0;
  };
  struct ToFrame {
    std::uint64_t frames = 0;
  };
  struct ToEvent {
    std::uint64_t events = 0;
  };
  struct ToFraction {
    double fraction = 0;
  };
  struct ToEnd {};
  struct JumpWish {
    std::variant<ToTime, ToFrame, ToEvent, ToFraction, ToEnd> target;
    int terminal_rows = 0;  // for the screen; 0: as many as the recording's
    int status_row = -1;    // this row of the screen is covered from now on; -1: none
    bool waits = false;     // for a pipe to get there, else as far as it has come
    int terminal_cols = 0;  // 0: as many as the recording's
  };

  struct MarkerWish {
    bool forwards = true;
    std::uint64_t events = 0;     // seen from behind so many events
    std::uint64_t played_us = 0;  // backwards: before this moment
  };

  class Listener {
   public:
    // take() has something.
    virtual void on_feed_ready() = 0;
    // The answer to find_marker(): how many events there are up to and with it.
    virtual void on_marker_found(std::optional<std::uint64_t> events) = 0;

   protected:
    ~Listener() = default;
  };

  struct Options {
    ScreenPolicy policy = ScreenPolicy::untrusted;
    std::string code = "o";                      // what the screen shows
    bool all_events = false;                     // every event is an Item, unfiltered
    std::optional<std::uint64_t> idle_limit_us;  // nullopt: the header's
    bool follow = false;                         // a regular file is still growing
    std::string spool_directory;
  };

  // How much of a recording is read ahead.
  static constexpr std::size_t kMaxAheadBytes = std::size_t{1} << 20;
  static constexpr std::size_t kMaxAheadItems = 4096;

  static Result<std::unique_ptr<PlaybackFeed>> start(uv::Loop& loop, Fd recording, Options options,
                                                     Listener& listener);
  // The thread ends when it can; nobody waits for it.
  ~PlaybackFeed();

  // The next message that is about the present place.
  std::optional<Message> take();

  void jump(JumpWish wish);
  // From the beginning again, without a Jump.
  void rewind();
  void find_marker(MarkerWish wish);
  // A growing recording has got its last event.
  void finish_growing();
  // Finds the length out, for duration_us().
  void measure();
  // 0: not known yet.
  std::uint64_t duration_us() const;

 private:
  explicit PlaybackFeed(Listener& listener) : listener_(listener) {}
  void on_wake();

  std::shared_ptr<PlaybackMailbox> mailbox_;  // the thread's, too, which may outlive this object
  uv::Handle<uv_async_t> wake_;
  Listener& listener_;
};

}  // namespace asciinemad
