// Connection: one peer's stream of messages: a client, a script or a session's shim.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/fd.h"
#include "daemon/uv_loop.h"
#include "proto/framing.h"
#include "proto/message.h"

namespace asciinemad {

class Session;
class TerminalUser;

class Connection final : public uv::Mortal {
 public:
  class Listener {
   public:
    // `fds` are the request's own; those not taken are closed. May close the connection.
    virtual void on_request(Connection& connection, wire::Request request, std::vector<Fd> fds) = 0;
    // The peer is gone or was sent away. The last call; the listener disposes of the connection.
    virtual void on_connection_closed(Connection& connection) = 0;

   protected:
    ~Listener() = default;
  };

  enum class Role {
    stranger,  // has not said hello
    peer,      // has, but owns nothing
    client,    // has lent its terminal to terminal_user()
    shim,      // of session()
  };

  // Replies wait here for a peer that does not read; one past this bound is sent away.
  static constexpr std::size_t kMaxQueuedBytes = std::size_t{1} << 20;

  // How long a stranger may take to say hello.
  static constexpr std::uint64_t kGreetingTimeoutMs = 10'000;

  // `scratch` is the loop's read buffer.
  static Result<std::unique_ptr<Connection>> open(uv::Loop& loop, Fd socket, std::uint64_t id,
                                                  std::span<char> scratch, Listener& listener);

  std::uint64_t id() const { return id_; }
  bool open() const { return static_cast<bool>(socket_); }

  // As agreed on by hello.
  std::uint16_t protocol() const { return protocol_; }
  void set_protocol(std::uint16_t protocol) { protocol_ = protocol; }
  // Process id of the peer when it connected; 0 where the system does not tell.
  std::uint32_t peer_pid() const;

  Role role() const { return role_; }
  TerminalUser* terminal_user() const { return terminal_user_; }
  Session* session() const { return session_; }
  void become_peer() { become(Role::peer, nullptr, nullptr); }
  void become_client(TerminalUser& user) { become(Role::client, &user, nullptr); }
  void become_shim(Session& session) { become(Role::shim, nullptr, &session); }

  // Queued in order; dropped when the connection is closed.
  void send(wire::Reply reply) { send_with_fd(std::move(reply), Fd()); }
  // `fd` goes along, if there is one.
  void send_with_fd(wire::Reply reply, Fd fd);
  void send_error(std::uint32_t request_id, wire::ErrorCode code, std::string message);
  // Whether the peer has closed its end, though what it sent before may still wait to be read.
  bool peer_has_left() const;
  // Sends what the socket takes of the queue, then closes.
  void close_after_sending();

 private:
  Connection(Fd socket, std::uint64_t id, std::span<char> scratch, Listener& listener)
      : socket_(std::move(socket)), id_(id), scratch_(scratch), listener_(listener) {}

  void become(Role role, TerminalUser* user, Session* session) {
    role_ = role;
    terminal_user_ = user;
    session_ = session;
    greeting_timer_.reset();
  }

  // A descriptor that goes with byte `offset` of outgoing_.
  struct OutgoingFd {
    std::size_t offset = 0;
    Fd fd;
  };

  void on_ready(int events);
  void on_greeting_timeout() { close("did not say hello"); }
  void receive();
  void handle_messages();
  void handle(wire::Request request);
  void flush();
  Result<std::size_t> send_some();
  void update_watch();
  void reject(const Error& error);
  void close(std::string_view reason);

  Fd socket_;
  uv::Handle<uv::Poll> poll_;
  uv::Handle<uv_timer_t> greeting_timer_;  // while a stranger
  const std::uint64_t id_;
  std::span<char> scratch_;
  Listener& listener_;

  wire::FrameParser parser_;
  std::deque<Fd> received_fds_;
  std::string outgoing_;
  std::deque<OutgoingFd> outgoing_fds_;
  int watched_ = 0;

  Role role_ = Role::stranger;
  std::uint16_t protocol_ = wire::kProtocolMin;
  TerminalUser* terminal_user_ = nullptr;
  Session* session_ = nullptr;
};

}  // namespace asciinemad
