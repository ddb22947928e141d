#include "client/steer_link.h"

#include <poll.h>

#include <cerrno>
#include <string>
#include <utility>

#include "client/deadline.h"

namespace asciinemad {

Result<SteerLink> SteerLink::connect(const Environment& environment) {
  TRY_ASSIGN(const std::string path, control_socket_path(environment));
  const Error none{Errc::not_found, "no asciinemad runs at " + path};
  Result<DaemonLink> link = DaemonLink::connect(path);
  if (!link.ok()) {
    const int reason = link.error().sys_errno;
    return reason == ENOENT || reason == ECONNREFUSED ? none : link.take_error();
  }
  if (Status sent = link->send_hello(); !sent.ok()) {
    return link->ended() ? none : sent.take_error();
  }
  return SteerLink(std::move(link).value());
}

Result<wire::HelloReply> SteerLink::hello() {
  // Whoever steers has nothing to fall back on: a slow daemon is better than none.
  const Deadline deadline(DaemonLink::kAnswerTimeoutMs);
  while (!hello_.has_value()) {
    TRY_ASSIGN(hello_, link_.take_hello());
    if (hello_.has_value()) break;
    if (!deadline.wait(link_.fd(), POLLIN)) return link_.no_answer();
  }
  return *hello_;
}

Status check_steers_recordings(const wire::HelloReply& hello) {
  if (hello.protocol >= wire::kProtocolSurvival) return {};
  return Error{Errc::unsupported,
               "the asciinemad that runs is too old for that; replace it by `asciinema daemon "
               "restart`"};
}

}  // namespace asciinemad
