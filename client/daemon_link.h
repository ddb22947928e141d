// DaemonLink: the client's connection to the daemon: requests out, answers and events in.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>

#include "common/fd.h"
#include "common/result.h"
#include "proto/framing.h"
#include "proto/message.h"

namespace asciinemad {

// What the daemon refused, as an Error: Errc::unsupported (a version, or a request newer than it),
// busy, not_found (no such session or upload), invalid_argument, limit_exceeded, or else
// unavailable.
Error to_error(const wire::ErrorReply& reply);

class DaemonLink {
 public:
  // How long a living daemon may take to say hello before the client goes on without it.
  static constexpr int kHelloTimeoutMs = 300;
  // How long any other answer may take.
  static constexpr int kAnswerTimeoutMs = 5000;

  explicit DaemonLink(Fd socket) : socket_(std::move(socket)) {}

  // Errc::system with ENOENT or ECONNREFUSED: no daemon there.
  static Result<DaemonLink> connect(const std::string& path);

  // Errc::unsupported: no common protocol version; Errc::timed_out: the daemon does not answer;
  // Errc::unavailable: the connection ended, as when the daemon was just going.
  Result<wire::HelloReply> hello(int timeout_ms);
  // The same in two steps, for a poll() loop: nullopt as long as there is no answer.
  Status send_hello();
  Result<std::optional<wire::HelloReply>> take_hello();

  // What both sides speak; 0 before hello.
  std::uint16_t protocol() const { return protocol_; }

  // Sends a request and does not wait; `fds` stay the caller's. Returns the request's id.
  Result<std::uint32_t> send(wire::Request request, std::span<const int> fds);

  // The answer to request `id`; events that come before it are kept for next_event(). An error
  // reply is an Error with the daemon's text, and of the code that to_error() gives it.
  Result<wire::Reply> wait_for(std::uint32_t id, int timeout_ms);

  // The same, except that an error reply is an answer like others.
  Result<wire::Reply> answer(std::uint32_t id, int timeout_ms);

  // send() and wait_for().
  Result<wire::Reply> call(wire::Request request, std::span<const int> fds);

  // An event or answer that has arrived; nullopt when there is none. Errc::unavailable at the end
  // of the connection.
  Result<std::optional<wire::Reply>> next_event();

  // The next descriptor of the last message that was returned and not kept; none when there are no
  // more. Whoever does not take them before the next message loses them.
  Fd take_fd();

  int fd() const { return socket_.get(); }
  // Errc::timed_out, for a person: that the daemon has not answered in time, which process it is,
  // as far as that is known, and how to get rid of it.
  Error no_answer() const;
  // Name of the program that listens at the other end; empty: the system does not tell.
  std::string peer_program() const;
  // Whether the connection was found to have ended; and if so, whether the daemon had not read all
  // that was sent, so that it has not done what was asked for last.
  bool ended() const { return ended_; }
  bool ended_unread() const { return ended_unread_; }

 private:
  // `unread`: see ended_unread().
  Error end(bool unread);
  // Reads what is there into the parser.
  Status receive();
  Result<std::optional<wire::Reply>> parse_next();

  Fd socket_;
  wire::FrameParser parser_;
  std::deque<Fd> received_fds_;  // of messages that are still to be parsed
  std::deque<Fd> message_fds_;   // of the last one parsed
  std::deque<wire::Reply> events_;
  std::uint32_t next_id_ = 1;
  std::uint16_t protocol_ = 0;
  bool ended_ = false;
  bool ended_unread_ = false;
};

}  // namespace asciinemad
