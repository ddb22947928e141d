#include "daemon/session_watches.h"

#include <utility>

#include "common/clock.h"

namespace asciinemad {

void SessionWatches::add(Connection& connection, std::string session) {
  watches_[connection.id()] = {&connection, std::move(session)};
}

void SessionWatches::publish(wire::SessionEvent event) const {
  if (watches_.empty()) return;
  event.at_ms = time_of_day_ms();
  for (const auto& [id, watch] : watches_) {
    if (watch.session.empty() || watch.session == event.session) {
      watch.connection->send({0, event});
    }
  }
}

}  // namespace asciinemad
