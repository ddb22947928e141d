#include "daemon/commands.h"

#include <unistd.h>

#include "build_config.h"
#include "common/clock.h"
#include "common/ids.h"
#include "common/keys.h"
#include "common/log.h"
#include "daemon/terminal_user.h"

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

void answer_no_session(Connection& connection, std::uint32_t id) {
  connection.send_error(id, wire::ErrorCode::no_session, "this connection has no such session");
}

// What a client has lent its terminal to, or null after an answer that there is nothing.
TerminalUser* user_of(Connection& connection, std::uint32_t id) {
  if (connection.terminal_user() == nullptr) answer_no_session(connection, id);
  return connection.terminal_user();
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

wire::ErrorCode code_of(const Error& error) {
  switch (error.code) {
    case Errc::limit_exceeded:
    case Errc::busy:
      return wire::ErrorCode::busy;
    case Errc::invalid_argument:
    case Errc::invalid_data:
      return wire::ErrorCode::invalid;
    case Errc::unsupported:
      return wire::ErrorCode::unsupported;
    default:
      return wire::ErrorCode::internal;
  }
}

std::string count_of(std::size_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

Status check_keys(std::initializer_list<const std::string*> texts) {
  for (const std::string* text : texts) {
    if (text->empty()) continue;
    Result<Key> key = parse_key(*text);
    if (!key.ok()) return key.take_error();
  }
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

void Commands::run(Call& call, wire::Start& start) {
  if (call.fds.size() != kStartFds + fds_of(start.terminal)) {
    refuse(call.connection, call.id, wire::ErrorCode::invalid,
           "start came with a wrong number of descriptors");
    return;
  }
  if (refuse_bad_start(call, start) || refuse_new_work(call)) return;
  Connection* shim = host_.adopt_shim(std::move(call.fds[2]));
  if (shim == nullptr) {
    call.connection.send_error(call.id, wire::ErrorCode::invalid,
                               "the shim's link is not a socket");
    return;
  }
  shim->set_protocol(call.connection.protocol());
  Session::Resources resources{std::move(call.fds[0]), std::move(call.fds[1]),
                               take_terminal(start.terminal, call.fds, kStartFds)};
  Result<std::string> id =
      sessions_.start(std::move(start), std::move(resources), call.connection, *shim);
  if (!id.ok()) {
    shim->close_after_sending();
    call.connection.send_error(call.id, code_of(id.error()), id.error().message);
    return;
  }
  call.connection.send({call.id, wire::Started{*id, host_.take_news()}});
}

bool Commands::refuse_bad_start(Call& call, const wire::Start& start) {
  Status good =
      check_keys({&start.prefix_key, &start.pause_key, &start.add_marker_key, &start.detach_key});
  if (good.ok() && !start.session.empty() && !is_id(start.session)) {
    good = Error{Errc::invalid_argument, "\"" + start.session + "\" is no session id"};
  }
  if (good.ok()) return false;
  call.connection.send_error(call.id, wire::ErrorCode::invalid, good.error().message);
  return true;
}

void Commands::run(Call& call, wire::Resume& resume) {
  const std::size_t expected = resume.has_journal ? 3 : 2;
  if (call.fds.size() != expected || !is_id(resume.session)) {
    refuse(call.connection, call.id, wire::ErrorCode::invalid,
           "resume came with a wrong number of descriptors, or without a session's id");
    return;
  }
  if (refuse_bad_start(call, resume.start) || refuse_new_work(call)) return;
  Session::Resources resources{std::move(call.fds[0]), std::move(call.fds[1]), {}};
  Fd journal = resume.has_journal ? std::move(call.fds[2]) : Fd();
  const std::string id = resume.session;
  Status resumed = sessions_.resume(std::move(resume), std::move(resources), std::move(journal),
                                    call.connection);
  if (resumed.ok()) {
    call.connection.send({call.id, wire::Started{id}});
  } else {
    log::error("session ", id, ": ", resumed.error().message);
    call.connection.send_error(call.id, code_of(resumed.error()), resumed.error().message);
  }
}

void Commands::run(Call& call, wire::Steer& steer) {
  Session* session = sessions_.find(steer.session);
  if (!host_.accepts_sessions() && (session == nullptr || session->handing_over())) {
    call.connection.send_error(call.id, wire::ErrorCode::elsewhere,
                               "asciinemad is about to end; the next one has its sessions");
    return;
  }
  if (session == nullptr) {
    call.connection.send_error(call.id, wire::ErrorCode::no_session,
                               "there is no session " + steer.session);
    return;
  }
  const Result<bool> done = session->steer(steer, call.connection, call.id);
  if (!done.ok()) {
    call.connection.send_error(call.id, code_of(done.error()), done.error().message);
  } else if (*done) {
    reply_ok(call.connection, call.id);
  }
}

void Commands::run(Call& call, const wire::WatchSessions& watch) {
  const Session* session = sessions_.find(watch.session);
  const Playback* playback = playbacks_.find(watch.session);
  if (!watch.session.empty() && session == nullptr && playback == nullptr) {
    call.connection.send_error(call.id, wire::ErrorCode::no_session,
                               "there is no session " + watch.session);
    return;
  }
  reply_ok(call.connection, call.id);
  watches_.add(call.connection, session != nullptr ? session->id() : watch.session);
  if (!watch.present) return;
  const std::int64_t now_ms = time_of_day_ms();
  for (wire::SessionInfo& info : sessions_.list()) {
    if (session != nullptr && session->id() != info.session) continue;
    if (playback != nullptr) break;
    call.connection.send({0, wire::SessionEvent{info.session, info.name, now_ms, info.duration_us,
                                                wire::event::Present{std::move(info)}}});
  }
  for (wire::PlaybackInfo& info : playbacks_.list()) {
    if (playback != nullptr && watch.session != info.playback) continue;
    if (session != nullptr) break;
    call.connection.send({0, wire::SessionEvent{info.playback, info.name, now_ms, info.position_us,
                                                wire::event::PresentPlayback{std::move(info)}}});
  }
}

void Commands::run(Call& call, wire::Attach& attach) {
  if (call.fds.size() != fds_of(attach.terminal)) {
    refuse(call.connection, call.id, wire::ErrorCode::invalid,
           "attach came with a wrong number of descriptors");
    return;
  }
  if (refuse_new_work(call)) return;
  Session* session = sessions_.find(attach.session);
  if (session == nullptr) {
    call.connection.send_error(call.id, wire::ErrorCode::no_session,
                               "there is no session " + attach.session);
    return;
  }
  Terminal::Resources terminal = take_terminal(attach.terminal, call.fds, 0);
  if (session->records(terminal.output.get())) {
    call.connection.send_error(call.id, wire::ErrorCode::invalid,
                               "this terminal is the session's own");
    return;
  }
  if (Status status = session->attach(attach, std::move(terminal), call.connection); !status.ok()) {
    call.connection.send_error(call.id, code_of(status.error()), status.error().message);
    return;
  }
  call.connection.send({call.id, wire::Attached{session->info()}});
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

Result<Fd> Commands::recording_of(const wire::Play& play, std::vector<Fd>& fds) const {
  if (play.follow_session.empty()) return std::move(fds.front());
  const Session* session = sessions_.find(play.follow_session);
  if (session == nullptr) {
    return Error{Errc::not_found, "there is no session " + play.follow_session};
  }
  return session->open_recording();
}

void Commands::run(Call& call, wire::Play& play) {
  const std::size_t recording_fds = play.follow_session.empty() ? 1 : 0;
  if (call.fds.size() != recording_fds + fds_of(play.terminal)) {
    refuse(call.connection, call.id, wire::ErrorCode::invalid,
           "play came with a wrong number of descriptors");
    return;
  }
  if (Status keys = check_keys({&play.pause_key, &play.step_key, &play.next_marker_key});
      !keys.ok()) {
    call.connection.send_error(call.id, wire::ErrorCode::invalid, keys.error().message);
    return;
  }
  if (refuse_new_work(call)) return;
  Result<Fd> recording = recording_of(play, call.fds);
  if (!recording.ok()) {
    call.connection.send_error(call.id, wire::ErrorCode::no_session, recording.error().message);
    return;
  }
  Terminal::Resources terminal = take_terminal(play.terminal, call.fds, recording_fds);
  const Session* source = sessions_.find_by_file(file_id(recording->get()));
  if (source != nullptr && source->records(terminal.output.get())) {
    call.connection.send_error(call.id, wire::ErrorCode::invalid,
                               "this is the terminal that is being recorded there: it would show "
                               "its own output for ever");
    return;
  }
  Result<std::string> id = playbacks_.start(std::move(play), std::move(*recording),
                                            std::move(terminal), call.connection);
  if (!id.ok()) {
    const bool limit = id.error().code == Errc::limit_exceeded;
    call.connection.send_error(call.id, limit ? wire::ErrorCode::busy : wire::ErrorCode::internal,
                               id.error().message);
    return;
  }
  call.connection.send({call.id, wire::Playing{*id}});
}

void Commands::run(Call& call, const wire::Control& control) {
  Playback* playback = playbacks_.find(control.playback);
  if (playback == nullptr) {
    call.connection.send_error(call.id, wire::ErrorCode::no_session,
                               "there is no playback " + control.playback);
    return;
  }
  Status status = playback->control(control);
  if (!status.ok()) {
    const bool unknown = status.error().code == Errc::unsupported;
    call.connection.send_error(call.id,
                               unknown ? wire::ErrorCode::unsupported : wire::ErrorCode::invalid,
                               status.error().message);
    return;
  }
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
