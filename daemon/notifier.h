// Notifier: short messages to the user outside the terminal, by running a command.
//
// A session's own command if it has one; else notify-send; where that fails, the status line of the
// tmux the session runs in. Commands run in the session's environment, never hold the session up,
// and one that has not ended after kTimeoutMs is killed with its children.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "daemon/uv_loop.h"
#include "proto/message.h"

namespace asciinemad {

class Notifier {
 public:
  static constexpr std::uint64_t kTimeoutMs = 2000;
  // More at the same time are dropped: a stuck key must not fill the process table.
  static constexpr std::size_t kMaxRunning = 4;

  Notifier(uv::Loop& loop, uv::Graveyard& graveyard);
  ~Notifier();

  // `settings` is copied.
  void notify(const wire::Notifications& settings, const std::string& text);

 private:
  class Run;

  void on_run_done(Run& run);

  uv::Loop& loop_;
  uv::Graveyard& graveyard_;
  std::vector<std::unique_ptr<Run>> running_;
};

}  // namespace asciinemad
