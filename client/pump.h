// Pump: copies bytes between two descriptors, where one of them can't be given to the daemon (a
// file or socket as standard input, a socket as standard output).
#pragma once

#include <poll.h>

#include <string>

#include "common/fd.h"

namespace asciinemad {

// For a poll() loop. Reads only when something is there and writes only what fits, so inherited
// descriptors can stay blocking.
class Pump {
 public:
  enum class Direction {
    in,   // from the user to the daemon
    out,  // from the daemon to the user
  };

  Pump(Fd from, Fd to, Direction direction)
      : from_(std::move(from)), to_(std::move(to)), direction_(direction) {}

  // What run() needs to be ready; poll() skips it when done().
  pollfd waits_for() const;
  void run();
  bool feeds_output() const { return direction_ == Direction::out; }
  // The source has ended, or the target takes no more; both are closed then.
  bool done() const { return !to_; }
  // Why the target takes no more: an errno; 0: it does.
  int target_error() const { return target_error_; }

 private:
  void close();

  Fd from_;
  Fd to_;
  Direction direction_;
  std::string pending_;
  int target_error_ = 0;
};

}  // namespace asciinemad
