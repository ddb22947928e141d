// SessionWatches: the peers that want to be told what happens to sessions and playbacks.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "daemon/connection.h"
#include "proto/message.h"

namespace asciinemad {

class SessionWatches {
 public:
  // From now on `connection` is told; about one session or playback, or all (an empty id).
  void add(Connection& connection, std::string session);
  // The peer is gone.
  void forget(const Connection& connection) { watches_.erase(connection.id()); }

  bool empty() const { return watches_.empty(); }
  // Fills in when it happened. A peer that does not read is dropped by its connection's bound.
  void publish(wire::SessionEvent event) const;

 private:
  struct Watch {
    Connection* connection = nullptr;
    std::string session;
  };

  std::map<std::uint64_t, Watch> watches_;  // by connection
};

}  // namespace asciinemad
