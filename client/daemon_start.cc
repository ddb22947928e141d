#include "client/daemon_start.h"

#include <poll.h>

#include <cerrno>

#include "client/daemon_launch.h"

namespace asciinemad {

Result<DaemonLink> start_private_daemon(const Environment& environment) {
  TRY_ASSIGN(SocketPair pair, make_socket_pair());
  TRY(spawn_daemon(environment, {"--private", std::to_string(pair.second.get())},
                   pair.second.get()));
  pair.second.reset();
  DaemonLink link(std::move(pair.first));
  if (Result<wire::HelloReply> hello = link.hello(kLaunchTimeoutMs); !hello.ok()) {
    return cannot_start(environment, hello.error().message);
  }
  return link;
}

bool another_daemon_may_help(const Error& error) {
  switch (error.code) {
    case Errc::busy:
    case Errc::limit_exceeded:
    case Errc::unsupported:
    case Errc::unavailable:
    case Errc::timed_out:
      return true;
    default:
      return false;
  }
}

Result<DaemonLink> connect_to_shared_daemon(const Environment& environment, Niceness niceness) {
  DaemonSearch search(environment, niceness, DaemonLink::kHelloTimeoutMs);
  for (;;) {
    TRY_ASSIGN(std::optional<DaemonLink> link, search.step());
    if (link.has_value()) return *std::move(link);
    pollfd waiting = search.waits_for();
    if (::poll(&waiting, 1, search.timeout_ms()) < 0 && errno != EINTR) {
      return system_error("poll", errno);
    }
  }
}

Result<DaemonLink> connect_to_running_daemon(const Environment& environment, int hello_timeout_ms) {
  TRY_ASSIGN(const std::string path, control_socket_path(environment));
  Result<DaemonLink> link = DaemonLink::connect(path);
  if (link.ok()) {
    TRY(link->hello(hello_timeout_ms));
    return link;
  }
  const int reason = link.error().sys_errno;
  if (reason != ENOENT && reason != ECONNREFUSED) return link;
  return Error{Errc::not_found, "no asciinemad runs at " + path};
}

Result<DaemonConnection> connect_to_daemon(const Environment& environment) {
  Result<DaemonLink> shared = connect_to_shared_daemon(environment);
  if (shared.ok()) return DaemonConnection{std::move(shared).value(), {}};
  TRY_ASSIGN(DaemonLink own, start_private_daemon(environment));
  return DaemonConnection{std::move(own), shared.error().message};
}

}  // namespace asciinemad
