#include "daemon/network_watch.h"

#include <sys/socket.h>

#include <array>

#include "common/log.h"
#include "daemon/platform.h"

namespace asciinemad {

void NetworkWatch::turn(bool on) {
  if (on == static_cast<bool>(poll_)) return;
  poll_.reset();
  socket_.reset();
  if (!on) return;
  Result<Fd> socket = open_network_events();
  if (!socket.ok()) {
    log::debug("network changes are not noticed: ", socket.error().message);
    return;
  }
  socket_ = std::move(socket).value();
  Result<uv::Handle<uv::Poll>> poll = uv::make_poll(loop_, socket_.get());
  if (!poll.ok()) return;
  poll_ = std::move(poll).value();
  uv::watch<&NetworkWatch::on_ready>(poll_, UV_READABLE, this);
}

void NetworkWatch::on_ready(int /*events*/) {
  // What came does not matter; also not that the kernel dropped some of it (ENOBUFS).
  std::array<char, 4096> message;
  while (::recv(socket_.get(), message.data(), message.size(), MSG_DONTWAIT) > 0) {
  }
  listener_.on_network_changed();
}

}  // namespace asciinemad
