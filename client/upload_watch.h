// UploadWatch: what happens to uploads, as the daemon tells it; goes on with the next daemon when
// one ends.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "client/daemon_link.h"
#include "client/signals.h"
#include "common/paths.h"
#include "common/result.h"
#include "proto/message.h"

namespace asciinemad {

class UploadWatch {
 public:
  struct News {
    enum class Kind {
      upload,     // `upload` is as it is now, changed or not
      listed,     // all there are have been told, since the (new) beginning
      restarted,  // another daemon has the queue now; all is told again
      signal,     // `signum` came
      nothing,    // the time is over
    };
    Kind kind = Kind::nothing;
    wire::UploadInfo upload = {};
    int signum = 0;
  };

  // `number` 0: all uploads.
  UploadWatch(const Environment& environment, Signals& signals, std::uint64_t number)
      : environment_(environment), signals_(signals), number_(number) {}

  // Asks for news and for the present state, which becomes news, too.
  Status begin();
  // Goes on with a connection that gets the news already.
  void begin_with(DaemonLink link) { link_.emplace(std::move(link)); }

  // Waits for something to happen; timeout_ms -1: as long as it takes. An error: no daemon that has
  // the queue could be had for 10 seconds, or it refuses.
  Result<News> wait(int timeout_ms);

 private:
  Result<std::optional<News>> next_news();
  Status take(wire::Reply& reply);
  Status list_after(std::uint64_t number);
  Result<News> begin_again();

  const Environment& environment_;
  Signals& signals_;
  const std::uint64_t number_;
  std::optional<DaemonLink> link_;
  std::deque<News> news_;
};

}  // namespace asciinemad
