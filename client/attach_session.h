// AttachSession: the client's side of a session that it has not started and now shows.
#pragma once

#include <optional>
#include <string>

#include "client/daemon_link.h"
#include "client/session_loop.h"
#include "client/session_terminal.h"
#include "common/result.h"
#include "proto/message.h"

namespace asciinemad {

class AttachSession final : private SessionLoop::Listener {
 public:
  // How it ended for this client: the session is over, or goes on without it.
  struct Outcome {
    std::optional<wire::Finished> finished;
    std::optional<int> signal;  // that ended the client
    std::string reason;         // why it goes on without this client; empty: it was asked for
  };

  explicit AttachSession(DaemonLink& link) : link_(link), loop_(link, *this) {}

  // `session`: its whole id. `force`: another client is sent away. Errc::busy: it has one;
  // Errc::not_found: it has just ended.
  Status start(const std::string& session, bool force);
  // After start(): as it was then.
  const wire::SessionInfo& info() const { return info_; }
  // Returns when the terminal is as it was before. A daemon that dies is waited for until the
  // session is with the next one. An error: it does not come back, or the user insisted on leaving.
  Result<Outcome> run();

 private:
  wire::WindowSize size() const override;
  Result<TerminalLoan> lend_terminal() override { return terminal_.lend(loop_); }
  bool on_event(wire::Reply& event) override;
  bool ends_with_output() const override { return false; }
  Result<bool> on_daemon_lost(Error why) override;
  const std::string* detachable_session() const override {
    return info_.detachable ? &info_.session : nullptr;
  }

  DaemonLink& link_;
  SessionLoop loop_;
  SessionTerminal terminal_;
  wire::SessionInfo info_;
  std::optional<wire::Finished> finished_;
  std::optional<std::string> detached_;
};

}  // namespace asciinemad
