// Signals: signals as bytes on a descriptor, for a poll() loop.
#pragma once

#include <initializer_list>
#include <optional>

#include "common/fd.h"
#include "common/result.h"

namespace asciinemad {

// One at a time in a process. The dispositions found are put back at the end.
class Signals {
 public:
  // Leaves a job control or termination signal alone that was ignored before.
  static Result<Signals> watch(std::initializer_list<int> signums);
  Signals(Signals&&) = default;
  Signals& operator=(Signals&&) = delete;
  ~Signals();

  // Readable when a signal came.
  int fd() const { return events_.read_end.get(); }
  // The next signal that came, in order.
  std::optional<int> next();

  // Stops this process by SIGTSTP as if nobody watched the signal; returns when it is continued.
  static void stop_self();

 private:
  explicit Signals(Pipe events) : events_(std::move(events)) {}

  Pipe events_;
};

}  // namespace asciinemad
