// Requests that begin playbacks and steer them.
#include <utility>

#include "common/log.h"
#include "daemon/commands.h"
#include "daemon/request_parts.h"

namespace asciinemad {

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

}  // namespace asciinemad
