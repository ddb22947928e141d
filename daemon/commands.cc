#include "daemon/commands.h"

#include <unistd.h>

#include "build_config.h"
#include "common/log.h"
#include "daemon/request_parts.h"
#include "daemon/terminal_user.h"

namespace asciinemad {
namespace {

void answer_no_session(Connection& connection, std::uint32_t id) {
  connection.send_error(id, wire::ErrorCode::no_session, "this connection has no such session");
}

// What a client has lent its terminal to, or null after an answer that there is nothing.
TerminalUser* user_of(Connection& connection, std::uint32_t id) {
  if (connection.terminal_user() == nullptr) answer_no_session(connection, id);
  return connection.terminal_user();
}

std::string count_of(std::size_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
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
    call.connection.become_peer();
  }
  log::debug("connection ", call.connection.id(), ": ", hello.software);
  call.connection.set_protocol(std::min(hello.protocol_max, wire::kProtocolMax));
  call.connection.send(
      {call.id, wire::HelloReply{call.connection.protocol(), "asciinemad " ASCIINEMAD_VERSION,
                                 static_cast<std::uint32_t>(::getpid())}});
}

bool Commands::refuse_new_work(Call& call) {
  if (call.connection.role() != Connection::Role::peer) {
    call.connection.send_error(call.id, wire::ErrorCode::busy,
                               "this connection has a session already");
    return true;
  }
  if (!host_.accepts_sessions()) {
    call.connection.send_error(call.id, wire::ErrorCode::busy, "asciinemad is about to end");
    return true;
  }
  // A client that has lost patience may work with another daemon by now, on the same file.
  return call.connection.peer_has_left();
}

void Commands::run(Call& call, const wire::Reload& /*reload*/) {
  if (Status reloaded = host_.reload(); !reloaded.ok()) {
    call.connection.send_error(call.id, wire::ErrorCode::invalid, reloaded.error().message);
    return;
  }
  reply_ok(call.connection, call.id);
}

void Commands::run(Call& call, const wire::AttachTerminal& attach) {
  if (call.fds.size() != fds_of(attach.terminal)) {
    refuse(call.connection, call.id, wire::ErrorCode::invalid,
           "attachTerminal came with a wrong number of descriptors");
    return;
  }
  TerminalUser* user = user_of(call.connection, call.id);
  if (user == nullptr) return;
  Status status = user->attach_terminal(take_terminal(attach.terminal, call.fds, 0), attach.size);
  if (!status.ok()) {
    call.connection.send_error(call.id, wire::ErrorCode::invalid, status.error().message);
    return;
  }
  reply_ok(call.connection, call.id);
}

void Commands::run(Call& call, const wire::ReleaseTerminal& /*release*/) {
  TerminalUser* user = user_of(call.connection, call.id);
  if (user == nullptr) return;
  user->release_terminal();
  reply_ok(call.connection, call.id);
}

void Commands::run(Call& call, const wire::Resize& resize) {
  TerminalUser* user = user_of(call.connection, call.id);
  if (user == nullptr) return;
  user->resize(resize.size);
  reply_ok(call.connection, call.id);
}

void Commands::run(Call& call, const wire::Stop& /*stop*/) {
  TerminalUser* user = user_of(call.connection, call.id);
  if (user == nullptr) return;
  reply_ok(call.connection, call.id);
  user->stop();
}

void Commands::run(Call& call, const wire::Exited& exited) {
  Session* session = call.connection.session();
  if (session == nullptr) {
    answer_no_session(call.connection, call.id);
    return;
  }
  session->on_exited(exited.exit, call.id);
}

void Commands::run(Call& call, const wire::GetStatus& /*status*/) {
  call.connection.send({call.id, host_.status()});
}

// Why a hand-over would end something; empty: it would not.
std::string Commands::obstacle_to_hand_over() const {
  const std::size_t bound = sessions_.bound_to_daemon();
  if (bound > 0) {
    return count_of(bound, "session was", "sessions were") +
           " started by an older asciinema and would end";
  }
  const std::size_t played = playbacks_.bound_to_daemon();
  return played > 0 ? count_of(played, "recording is", "recordings are") + " being played" : "";
}

void Commands::run(Call& call, const wire::Shutdown& shutdown) {
  if (shutdown.hand_over) {
    if (std::string obstacle = obstacle_to_hand_over(); !shutdown.force && !obstacle.empty()) {
      call.connection.send_error(call.id, wire::ErrorCode::busy, std::move(obstacle));
      return;
    }
    host_.hand_over();
    reply_ok(call.connection, call.id);
    return;
  }
  if (!shutdown.force && !(sessions_.empty() && playbacks_.empty())) {
    const std::size_t recorded = sessions_.size();
    const std::size_t played = playbacks_.list().size();
    std::string reason;
    if (recorded > 0) reason = count_of(recorded, "session is", "sessions are") + " being recorded";
    if (played > 0) {
      reason += (reason.empty() ? "" : ", ") + count_of(played, "recording is", "recordings are") +
                " being played";
    }
    call.connection.send_error(call.id, wire::ErrorCode::busy, reason);
    return;
  }
  host_.shut_down(shutdown.force);
  reply_ok(call.connection, call.id);
}

void Commands::run(Call& call, wire::Fetch& fetch) {
  Status status = fetches_.start(call.connection, call.id, std::move(fetch));
  if (status.ok()) return;
  const bool busy = status.error().code == Errc::busy;
  call.connection.send_error(call.id, busy ? wire::ErrorCode::busy : wire::ErrorCode::invalid,
                             status.error().message);
}

void Commands::run(Call& call, wire::Upload& upload) {
  if (host_.accepts_sessions()) {
    ask_uploads(call, std::move(upload));
  } else {
    call.connection.send_error(call.id, wire::ErrorCode::busy, "asciinemad is about to end");
  }
}

void Commands::ask_uploads(Call& call, Uploads::Body body) {
  uploads_.handle(call.connection, call.id, std::move(body), std::move(call.fds));
}

}  // namespace asciinemad
