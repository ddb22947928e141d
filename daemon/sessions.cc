#include "daemon/sessions.h"

#include "daemon/ids.h"

namespace asciinemad {
Result<std::string> Sessions::start(wire::Start start, Session::Resources resources,
                                    Connection& client, Connection& shim) {
  if (sessions_.size() >= kMaxSessions) {
    return Error{Errc::limit_exceeded,
                 "the daemon has " + std::to_string(kMaxSessions) + " sessions already"};
  }
  std::string id;
  do {
    TRY_ASSIGN(id, make_id());
  } while (sessions_.contains(id));
  TRY_ASSIGN(auto session, Session::create(context_, id, std::move(start), std::move(resources),
                                           client, shim, *this));
  sessions_.emplace(id, std::move(session));
  listener_.on_sessions_changed();
  return id;
}

std::vector<wire::SessionInfo> Sessions::list() const {
  std::vector<wire::SessionInfo> infos;
  for (const auto& [id, session] : sessions_) infos.push_back(session->info());
  return infos;
}

const Session* Sessions::find(std::string_view id) const {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second.get();
}

const Session* Sessions::find_by_file(const std::optional<FileId>& file) const {
  if (!file.has_value()) return nullptr;
  for (const auto& [id, session] : sessions_) {
    if (session->recording_file() == file) return session.get();
  }
  return nullptr;
}

void Sessions::stop_all() {
  // stop() may end a session, which changes the map.
  std::vector<Session*> all;
  for (const auto& [id, session] : sessions_) all.push_back(session.get());
  for (Session* session : all) session->stop();
}

void Sessions::on_session_ended(Session& session) {
  const auto found = sessions_.find(session.id());
  if (found == sessions_.end()) return;
  const std::optional<FileId> file = session.recording_file();
  graveyard_.bury(std::move(found->second));
  sessions_.erase(found);
  if (file.has_value()) listener_.on_recording_ended(*file);
  listener_.on_sessions_changed();
}

}  // namespace asciinemad
