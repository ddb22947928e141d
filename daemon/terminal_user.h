// TerminalUser: what a client has lent its terminal to: a recording session or a playback.
#pragma once

#include "daemon/terminal.h"
#include "proto/message.h"

namespace asciinemad {

class TerminalUser {
 public:
  // A terminal instead of the one released, or of none.
  virtual Status attach_terminal(Terminal::Resources resources, const wire::WindowSize& size) = 0;
  // The client takes the terminal back for a while.
  virtual void release_terminal() = 0;
  virtual void resize(const wire::WindowSize& size) = 0;
  // The client wants an end.
  virtual void stop() = 0;
  // The client's connection is gone, and it perhaps dead.
  virtual void on_client_lost() = 0;

 protected:
  ~TerminalUser() = default;
};

}  // namespace asciinemad
