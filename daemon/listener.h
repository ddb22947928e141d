// ControlListener: the control socket: one daemon a socket, its own user only.
//
// A lock file beside the socket, held with flock() for the daemon's lifetime and holding its pid,
// decides who owns it: the holder may replace a socket file that a dead daemon left; nobody ever
// replaces a live one's. systemd's socket takes precedence: a daemon that was given it asks the
// holder to hand over.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <memory>
#include <string>

#include "common/fd.h"
#include "daemon/uv_loop.h"

namespace asciinemad {

class ControlListener {
 public:
  class Listener {
   public:
    virtual void on_peer(Fd socket) = 0;

   protected:
    ~Listener() = default;
  };

  // How long a new daemon waits for one that is just ending.
  static constexpr int kLockTimeoutMs = 2000;
  // How long for one that was asked to hand over: it has recordings to write out.
  static constexpr int kHandOverTimeoutMs = 5000;
  // Asks a daemon to write everything out and to end.
  static constexpr int kHandOverSignal = SIGUSR1;

  // Creates the directory (0700), takes the lock, binds (0600), listens. Errc::unavailable when
  // another daemon answers there.
  static Result<std::unique_ptr<ControlListener>> open(uv::Loop& loop, const std::string& path,
                                                       Listener& listener);
  // Takes peers from `socket`, which systemd has bound to `path` and goes on to listen on after
  // this daemon's end: the socket file stays its own. Waits for the lock, and tells a daemon that
  // holds it to hand over; Errc::timed_out when that one does not.
  static Result<std::unique_ptr<ControlListener>> adopt(uv::Loop& loop, Fd socket,
                                                        const std::string& path,
                                                        Listener& listener);
  // Takes peers again that had to wait, when descriptors were closed.
  void resume();

  // Removes the socket file, where it is ours, while the lock is still held.
  ~ControlListener();

  const std::string& path() const { return path_; }

 private:
  ControlListener(std::string path, Listener& listener)
      : path_(std::move(path)), listener_(listener) {}

  Status bind_and_listen();
  Status start(uv::Loop& loop);
  void on_ready(int events);
  // No descriptor is left: sends the waiting peer away. Left in the backlog it would wake the loop
  // for ever.
  void refuse_one();

  const std::string path_;
  Listener& listener_;
  Fd lock_;
  Fd socket_;
  Fd reserve_;  // given up for a moment to accept when no descriptor is left
  uv::Handle<uv::Poll> poll_;
  bool bound_ = false;
  ino_t inode_ = 0;  // of the socket file, which may have been replaced when we end
  bool out_of_descriptors_ = false;
};

}  // namespace asciinemad
