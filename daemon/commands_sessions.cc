// Requests that begin sessions, go on with them, and steer and watch them.
#include <utility>

#include "common/clock.h"
#include "common/ids.h"
#include "common/log.h"
#include "daemon/commands.h"
#include "daemon/request_parts.h"

namespace asciinemad {
namespace {

constexpr std::size_t kStartFds = 3;  // PTY master, recording, shim link

}  // namespace

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

}  // namespace asciinemad
