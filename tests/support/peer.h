// Peer: somebody on the daemon's control socket who says whatever a test wants.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/fd.h"
#include "proto/framing.h"
#include "proto/message.h"
#include "tests/support/deadline.h"
#include "tests/support/sandbox.h"

namespace asciinemad::test {

// What does not come in time fails the test.
class Peer {
 public:
  explicit Peer(const Sandbox& sandbox);

  void send(std::string_view bytes, std::span<const int> fds = {});
  void send(std::uint32_t id, decltype(wire::Request::body) body, std::span<const int> fds = {});
  // False when the daemon has closed the connection, or when for a while it takes no more.
  bool try_send(std::string_view bytes);
  // Says hello and takes the answer.
  void greet();

  wire::Reply receive();
  // Reads until the daemon closes the connection; what came before that.
  std::vector<wire::Reply> receive_until_end(int timeout_ms = kWaitMs);
  // An answer of that kind, and the connection is closed behind it.
  void is_sent_away(wire::ErrorCode code);
  // An answer of that kind, and the connection can still be used.
  void is_told(wire::ErrorCode code);
  wire::StatusReply status();

  void close() { socket_.reset(); }

 private:
  std::optional<wire::Reply> next();
  // False at the end.
  bool read(const Deadline& deadline);

  Fd socket_;
  wire::FrameParser parser_;
};

}  // namespace asciinemad::test
