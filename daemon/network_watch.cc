#include "daemon/network_watch.h"

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
  if (take_network_events(socket_.get())) listener_.on_network_changed();
}

}  // namespace asciinemad
