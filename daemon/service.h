// Service: the daemon as a unit of systemd: notifications, the watchdog, sockets and the journal.
//
// Spoken by hand, after sd_notify(3), sd_listen_fds(3) and systemd.exec(5), which promise to keep
// these interfaces: linked, libsystemd (252) adds 0.7 MiB to an idle daemon of 5.1 MiB and 0.4 ms
// to a start of 1.9 ms, for four datagrams.
#pragma once

#include <sys/un.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/fd.h"
#include "common/result.h"
#include "daemon/uv_loop.h"

namespace asciinemad {

// Where nobody supervises, all of it does nothing. Failures to notify are logged, and no more.
// A manager that does not read holds the loop up for a second at most when ready() is called first,
// for 50 ms by ready(), reloading() and stopping() later, and not at all by the rest.
class Service {
 public:
  // Takes NOTIFY_SOCKET and the watchdog's variables out of the environment: what the daemon
  // executes is not to speak for it. From here on, where systemd has set a watchdog, the loop
  // feeds it twice as often as needed: the only timer that ticks in an idle daemon.
  explicit Service(uv::Loop& loop);

  bool supervised() const { return static_cast<bool>(socket_); }

  // Serves, or serves again after reloading().
  void ready();
  void reloading();
  void stopping();
  // One line for `systemctl status`; sent only when it is not what was sent last. When the manager
  // has no room for it, or had none for ready(), that is sent with the next call or feeding.
  void set_status(const std::string& text);

 private:
  // False: the manager reads too slowly.
  bool notify(std::string_view message, int flags = 0);
  void limit_waiting(std::uint64_t ms);
  void tell_rest();
  void feed_watchdog();

  sockaddr_un address_{};
  socklen_t address_size_ = 0;
  Fd socket_;
  std::string status_;
  bool status_told_ = true;
  bool ready_told_ = true;
  bool stuck_ = false;  // the manager did not read when it was told something last
  std::uint64_t feed_every_ms_ = 0;
  uv::Handle<uv_timer_t> watchdog_timer_;
};

// The listening Unix socket that systemd has bound for this process, CLOEXEC and nonblocking;
// nullopt when it was given none. Errc::invalid_argument when it is something else, or several.
// Takes the variables that tell of it out of the environment.
Result<std::optional<Fd>> take_listen_socket();

// Whether standard error is a stream to the journal.
bool logs_to_journal();

}  // namespace asciinemad
