#include "daemon/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "common/log.h"
#include "proto/codec.h"

namespace asciinemad {
namespace {

// About 14 small requests, 60 us of work.
constexpr std::size_t kReadBytes = 1024;

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(uv::Loop& loop, Fd socket, std::uint64_t id,
                                                     std::span<char> scratch, Listener& listener) {
  std::unique_ptr<Connection> connection(new Connection(std::move(socket), id, scratch, listener));
  TRY_ASSIGN(connection->poll_, uv::make_poll(loop, connection->socket_.get()));
  connection->greeting_timer_ = uv::make_timer(loop);
  uv::start_timer<&Connection::on_greeting_timeout>(connection->greeting_timer_, kGreetingTimeoutMs,
                                                    connection.get());
  connection->update_watch();
  return connection;
}

void Connection::update_watch() {
  const int wanted = UV_READABLE | (outgoing_.empty() ? 0 : UV_WRITABLE);
  if (wanted == watched_) return;
  watched_ = wanted;
  uv::watch<&Connection::on_ready>(poll_, wanted, this);
}

void Connection::on_ready(int events) {
  if ((events & UV_WRITABLE) != 0) flush();
  if (open() && (events & UV_READABLE) != 0) receive();
}

void Connection::receive() {
  // A peer that floods must not keep the loop from sessions: little at a time, except of a message
  // that is larger.
  const std::span<char> room = parser_.pending_bytes() > 0
                                   ? scratch_
                                   : scratch_.first(std::min(scratch_.size(), kReadBytes));
  Result<Received> received = receive_with_fds(socket_.get(), room);
  if (!received.ok()) {
    if (received.error().sys_errno != EAGAIN) close(received.error().message);
    return;
  }
  if (received->size == 0) {
    close("closed by the peer");
    return;
  }
  for (Fd& fd : received->fds) received_fds_.push_back(std::move(fd));
  if (received->truncated) {
    reject(Error{Errc::limit_exceeded,
                 "descriptors were lost: too many with one message, or none left"});
    return;
  }
  if (received_fds_.size() > kMaxFdsPerMessage) {
    reject(Error{Errc::limit_exceeded, "more than " + std::to_string(kMaxFdsPerMessage) +
                                           " descriptors with one message"});
    return;
  }
  parser_.append({scratch_.data(), received->size});
  handle_messages();
}

void Connection::handle_messages() {
  while (open()) {
    Result<std::optional<std::string_view>> message = parser_.next();
    if (!message.ok()) {
      reject(message.error());
      return;
    }
    if (!message->has_value()) {
      // They travel with a message's first byte, so that message is here already.
      if (parser_.pending_bytes() == 0 && !received_fds_.empty()) {
        reject(Error{Errc::invalid_data, std::to_string(received_fds_.size()) +
                                             " descriptors came that no message announces"});
      }
      return;
    }
    Result<wire::Request> request = wire::decode_request(**message);
    if (!request.ok()) {
      reject(request.error());
      return;
    }
    handle(std::move(*request));
  }
}

void Connection::handle(wire::Request request) {
  if (request.fds > received_fds_.size()) {
    reject(Error{Errc::invalid_data, "the message announces " + std::to_string(request.fds) +
                                         " descriptors, " + std::to_string(received_fds_.size()) +
                                         " came"});
    return;
  }
  std::vector<Fd> fds;
  for (int i = 0; i < request.fds; ++i) {
    fds.push_back(std::move(received_fds_.front()));
    received_fds_.pop_front();
  }
  log::debug("connection ", id_, ": request ", request.id, " kind ", request.body.index(), " fds ",
             request.fds);
  listener_.on_request(*this, std::move(request), std::move(fds));
}

void Connection::send_with_fd(wire::Reply reply, Fd fd) {
  if (!open()) return;
  reply.fds = fd ? 1 : 0;
  Result<std::string> bytes = wire::encode(reply);
  if (!bytes.ok()) {
    log::error("connection ", id_, ": ", bytes.error().message);
    // Whoever asked must not wait for ever.
    bytes = wire::encode(
        wire::Reply{reply.id, wire::ErrorReply{wire::ErrorCode::internal, bytes.error().message}});
    if (!bytes.ok()) return;
    fd.reset();
  }
  if (outgoing_.size() + bytes->size() > kMaxQueuedBytes) {
    log::warn("connection ", id_, ": the peer does not read its answers");
    // Closed at the next read, outside of whoever is sending now.
    outgoing_.clear();
    outgoing_fds_.clear();
    ::shutdown(socket_.get(), SHUT_RDWR);
    update_watch();
    return;
  }
  if (fd) outgoing_fds_.push_back({outgoing_.size(), std::move(fd)});
  outgoing_.append(*bytes);
  flush();
}

void Connection::send_error(std::uint32_t request_id, wire::ErrorCode code, std::string message) {
  log::debug("connection ", id_, ": error: ", message);
  send(wire::Reply{request_id, wire::ErrorReply{code, std::move(message)}});
}

void Connection::flush() {
  while (!outgoing_.empty()) {
    Result<std::size_t> sent = send_some();
    if (!sent.ok()) {
      // A broken connection shows itself at the next read, outside of whoever is sending now.
      if (sent.error().sys_errno != EAGAIN) {
        outgoing_.clear();
        outgoing_fds_.clear();
      }
      break;
    }
    outgoing_.erase(0, *sent);
    for (OutgoingFd& waiting : outgoing_fds_) waiting.offset -= *sent;
  }
  update_watch();
}

// A descriptor goes with the first byte of its message, so no call may reach into the next one's.
Result<std::size_t> Connection::send_some() {
  const bool has_fd = !outgoing_fds_.empty() && outgoing_fds_.front().offset == 0;
  const std::size_t next = has_fd ? 1 : 0;
  const std::size_t end =
      outgoing_fds_.size() > next ? outgoing_fds_[next].offset : outgoing_.size();
  const std::string_view bytes = std::string_view(outgoing_).substr(0, end);
  if (!has_fd) return send_with_fds(socket_.get(), bytes, {});
  const int fd = outgoing_fds_.front().fd.get();
  TRY_ASSIGN(const std::size_t sent, send_with_fds(socket_.get(), bytes, {&fd, 1}));
  outgoing_fds_.pop_front();
  return sent;
}

std::uint32_t Connection::peer_pid() const {
  const Result<unsigned> pid = asciinemad::peer_pid(socket_.get());
  return pid.ok() ? *pid : 0;
}

bool Connection::peer_has_left() const {
  pollfd peer{socket_.get(), POLLRDHUP, 0};
  return ::poll(&peer, 1, 0) > 0;
}

void Connection::close_after_sending() {
  if (!open()) return;
  flush();
  close("sent away");
}

void Connection::reject(const Error& error) {
  const bool limit = error.code == Errc::limit_exceeded;
  log::warn("connection ", id_, ": ", error.message);
  send_error(0, limit ? wire::ErrorCode::limit : wire::ErrorCode::invalid, error.message);
  close_after_sending();
}

void Connection::close(std::string_view reason) {
  if (!open()) return;
  log::debug("connection ", id_, ": ", reason);
  greeting_timer_.reset();
  poll_.reset();
  socket_.reset();
  received_fds_.clear();
  listener_.on_connection_closed(*this);
}

}  // namespace asciinemad
