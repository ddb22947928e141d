#include "daemon/sessions.h"

#include "common/ids.h"
#include "common/log.h"

namespace asciinemad {
Status Sessions::check_new(const std::string& id, const std::string& name) const {
  if (sessions_.size() >= kMaxSessions) {
    return Error{Errc::limit_exceeded,
                 "the daemon has " + std::to_string(kMaxSessions) + " sessions already"};
  }
  if (find(id) != nullptr) return Error{Errc::busy, "there is a session " + id + " already"};
  if (!name.empty() && find(name) != nullptr) {
    return Error{Errc::busy, "there is a session named " + name + " already"};
  }
  return {};
}

Result<std::string> Sessions::start(wire::Start start, Session::Resources resources,
                                    Connection& client, Connection& shim) {
  std::string id = start.session;
  while (id.empty() || (start.session.empty() && sessions_.contains(id))) {
    TRY_ASSIGN(id, make_id());
  }
  TRY(check_new(id, start.name));
  TRY_ASSIGN(auto session, Session::create(context_, id, std::move(start), std::move(resources),
                                           client, shim, *this));
  sessions_.emplace(id, std::move(session));
  listener_.on_sessions_changed();
  return id;
}

Status Sessions::resume(wire::Resume resume, Session::Resources resources, Fd journal,
                        Connection& shim) {
  std::string id = resume.session;
  if (Session* living = find_by_id(id)) return living->adopt_shim(shim);
  // A recording is worth more than its name, or a bound.
  if (!resume.start.name.empty() && find(resume.start.name) != nullptr) {
    log::warn("session ", id, ": its name ", resume.start.name, " is taken by now");
    resume.start.name.clear();
  }
  TRY_ASSIGN(auto session, Session::resume(context_, std::move(resume), std::move(resources),
                                           std::move(journal), shim, *this));
  sessions_.emplace(std::move(id), std::move(session));
  listener_.on_sessions_changed();
  return {};
}

std::vector<wire::SessionInfo> Sessions::list() const {
  std::vector<wire::SessionInfo> infos;
  for (const auto& [id, session] : sessions_) infos.push_back(session->info());
  return infos;
}

Session* Sessions::find_by_id(std::string_view id) const {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second.get();
}

Session* Sessions::find(std::string_view id_or_name) const {
  if (Session* session = find_by_id(id_or_name)) return session;
  for (const auto& [id, session] : sessions_) {
    if (!session->name().empty() && session->name() == id_or_name) return session.get();
  }
  return nullptr;
}

const Session* Sessions::find_by_file(const std::optional<FileId>& file) const {
  if (!file.has_value()) return nullptr;
  for (const auto& [id, session] : sessions_) {
    if (session->recording_file() == file) return session.get();
  }
  return nullptr;
}

// For calls that may end a session, which changes the map.
std::vector<Session*> Sessions::all() const {
  std::vector<Session*> all;
  for (const auto& [id, session] : sessions_) all.push_back(session.get());
  return all;
}

void Sessions::stop_all() {
  for (Session* session : all()) session->stop();
}

std::size_t Sessions::bound_to_daemon() const {
  std::size_t count = 0;
  for (const auto& [id, session] : sessions_) count += session->can_be_handed_over() ? 0 : 1;
  return count;
}

void Sessions::hand_over() {
  for (Session* session : all()) {
    if (session->can_be_handed_over()) {
      session->hand_over();
    } else {
      session->stop();
    }
  }
}

void Sessions::forget(const Connection& peer) {
  for (const auto& [id, session] : sessions_) session->forget(peer);
}

void Sessions::on_session_ended(Session& session) {
  const auto found = sessions_.find(session.id());
  if (found == sessions_.end()) return;
  const std::optional<FileId> file =
      session.handed_over() ? std::nullopt : session.recording_file();
  graveyard_.bury(std::move(found->second));
  sessions_.erase(found);
  if (file.has_value()) listener_.on_recording_ended(*file);
  listener_.on_sessions_changed();
}

}  // namespace asciinemad
