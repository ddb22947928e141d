#include "daemon/commands.h"

#include <unistd.h>

#include "build_config.h"
#include "common/keys.h"
#include "common/log.h"

namespace asciinemad {
namespace {

constexpr std::size_t kStartFds = 3;  // PTY master, recording, shim link

void reply_ok(Connection& connection, std::uint32_t id) {
  if (id != 0) connection.send({id, wire::Ok{}});
}

// A peer that breaks the protocol is told so and sent away.
void refuse(Connection& connection, std::uint32_t id, wire::ErrorCode code, std::string message) {
  connection.send_error(id, code, std::move(message));
  connection.close_after_sending();
}

// The session of a connection in `role`, or null after an answer that there is none.
Session* session_of(Connection& connection, std::uint32_t id, Connection::Role role) {
  if (connection.role() == role && connection.session() != nullptr) return connection.session();
  connection.send_error(id, wire::ErrorCode::no_session, "this connection has no such session");
  return nullptr;
}

std::size_t fds_of(const wire::Terminal& terminal) {
  return (terminal.has_input ? 1U : 0U) + (terminal.has_output ? 1U : 0U);
}

Terminal::Resources take_terminal(const wire::Terminal& terminal, std::vector<Fd>& fds,
                                  std::size_t first) {
  Terminal::Resources resources;
  resources.input_is_terminal = terminal.input_is_terminal;
  resources.saved_termios = terminal.saved_termios;
  if (terminal.has_input) resources.input = std::move(fds[first++]);
  if (terminal.has_output) resources.output = std::move(fds[first]);
  return resources;
}

Status check_key(const std::string& text) {
  if (text.empty()) return {};
  Result<Key> key = parse_key(text);
  if (!key.ok()) return key.take_error();
  return {};
}

}  // namespace

void Commands::handle(Connection& connection, wire::Request request, std::vector<Fd> fds) {
  if (connection.role() == Connection::Role::stranger &&
      !std::holds_alternative<wire::Hello>(request.body)) {
    refuse(connection, request.id, wire::ErrorCode::invalid, "the first message must be hello");
    return;
  }
  Call call{connection, request.id, std::move(fds)};
  std::visit([&](auto& body) { run(call, body); }, request.body);
}

void Commands::run(Call& call, const wire::Unknown& unknown) {
  call.connection.send_error(
      call.id, wire::ErrorCode::unsupported,
      "asciinemad " ASCIINEMAD_VERSION " does not know request " + std::to_string(unknown.member));
}

void Commands::run(Call& call, const wire::Hello& hello) {
  if (hello.protocol_min > wire::kProtocolMax || hello.protocol_max < wire::kProtocolMin) {
    refuse(call.connection, call.id, wire::ErrorCode::version,
           "asciinemad " ASCIINEMAD_VERSION " speaks protocol versions " +
               std::to_string(wire::kProtocolMin) + " to " + std::to_string(wire::kProtocolMax) +
               ", not " + std::to_string(hello.protocol_min) + " to " +
               std::to_string(hello.protocol_max));
    return;
  }
  if (call.connection.role() == Connection::Role::stranger) {
    call.connection.become(Connection::Role::peer, nullptr);
  }
  log::debug("connection ", call.connection.id(), ": ", hello.software);
  call.connection.send({call.id, wire::HelloReply{std::min(hello.protocol_max, wire::kProtocolMax),
                                                  "asciinemad " ASCIINEMAD_VERSION,
                                                  static_cast<std::uint32_t>(::getpid())}});
}

void Commands::run(Call& call, wire::Start& start) {
  if (call.connection.role() != Connection::Role::peer) {
    call.connection.send_error(call.id, wire::ErrorCode::busy,
                               "this connection has a session already");
    return;
  }
  if (call.fds.size() != kStartFds + fds_of(start.terminal)) {
    refuse(call.connection, call.id, wire::ErrorCode::invalid,
           "start came with a wrong number of descriptors");
    return;
  }
  for (const std::string* key : {&start.prefix_key, &start.pause_key, &start.add_marker_key}) {
    if (Status status = check_key(*key); !status.ok()) {
      call.connection.send_error(call.id, wire::ErrorCode::invalid, status.error().message);
      return;
    }
  }
  if (!host_.accepts_sessions()) {
    call.connection.send_error(call.id, wire::ErrorCode::busy, "asciinemad is about to end");
    return;
  }
  // A client that has lost patience may record elsewhere by now, into the same file.
  if (call.connection.peer_has_left()) return;
  Connection* shim = host_.adopt_shim(std::move(call.fds[2]));
  if (shim == nullptr) {
    call.connection.send_error(call.id, wire::ErrorCode::invalid,
                               "the shim's link is not a socket");
    return;
  }
  Session::Resources resources{std::move(call.fds[0]), std::move(call.fds[1]),
                               take_terminal(start.terminal, call.fds, kStartFds)};
  Result<std::string> id =
      sessions_.start(std::move(start), std::move(resources), call.connection, *shim);
  if (!id.ok()) {
    shim->close_after_sending();
    const bool limit = id.error().code == Errc::limit_exceeded;
    call.connection.send_error(call.id, limit ? wire::ErrorCode::busy : wire::ErrorCode::internal,
                               id.error().message);
    return;
  }
  call.connection.send({call.id, wire::Started{*id}});
}

void Commands::run(Call& call, const wire::Resume& /*resume*/) {
  call.connection.send_error(call.id, wire::ErrorCode::unsupported,
                             "asciinemad " ASCIINEMAD_VERSION " does not take sessions over");
}

void Commands::run(Call& call, const wire::AttachTerminal& attach) {
  if (call.fds.size() != fds_of(attach.terminal)) {
    refuse(call.connection, call.id, wire::ErrorCode::invalid,
           "attachTerminal came with a wrong number of descriptors");
    return;
  }
  Session* session = session_of(call.connection, call.id, Connection::Role::client);
  if (session == nullptr) return;
  Status status =
      session->attach_terminal(take_terminal(attach.terminal, call.fds, 0), attach.size);
  if (!status.ok()) {
    call.connection.send_error(call.id, wire::ErrorCode::invalid, status.error().message);
    return;
  }
  reply_ok(call.connection, call.id);
}

void Commands::run(Call& call, const wire::ReleaseTerminal& /*release*/) {
  Session* session = session_of(call.connection, call.id, Connection::Role::client);
  if (session == nullptr) return;
  session->release_terminal();
  reply_ok(call.connection, call.id);
}

void Commands::run(Call& call, const wire::Resize& resize) {
  Session* session = session_of(call.connection, call.id, Connection::Role::client);
  if (session == nullptr) return;
  session->resize(resize.size);
  reply_ok(call.connection, call.id);
}

void Commands::run(Call& call, const wire::Stop& /*stop*/) {
  Session* session = session_of(call.connection, call.id, Connection::Role::client);
  if (session == nullptr) return;
  reply_ok(call.connection, call.id);
  session->stop();
}

void Commands::run(Call& call, const wire::Exited& exited) {
  Session* session = session_of(call.connection, call.id, Connection::Role::shim);
  if (session != nullptr) session->on_exited(exited.exit, call.id);
}

void Commands::run(Call& call, const wire::GetStatus& /*status*/) {
  call.connection.send({call.id, host_.status()});
}

void Commands::run(Call& call, const wire::Shutdown& shutdown) {
  if (!sessions_.empty() && !shutdown.force) {
    const std::size_t count = sessions_.list().size();
    call.connection.send_error(
        call.id, wire::ErrorCode::busy,
        std::to_string(count) + (count == 1 ? " session is" : " sessions are") + " being recorded");
    return;
  }
  host_.shut_down(shutdown.force);
  reply_ok(call.connection, call.id);
}

}  // namespace asciinemad
