#include "daemon/sessions.h"

#include <sys/random.h>

#include <array>
#include <cerrno>

namespace asciinemad {
namespace {

// 40 random bits in base 32: short enough to type, too many to meet twice.
Result<std::string> make_id() {
  constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
  std::array<unsigned char, 8> random{};
  if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
    return system_error("read random bytes", errno);
  }
  std::string id;
  for (const unsigned char byte : random) id += kAlphabet[byte % kAlphabet.size()];
  return id;
}

}  // namespace

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

void Sessions::stop_all() {
  // stop() may end a session, which changes the map.
  std::vector<Session*> all;
  for (const auto& [id, session] : sessions_) all.push_back(session.get());
  for (Session* session : all) session->stop();
}

void Sessions::on_session_ended(Session& session) {
  const auto found = sessions_.find(session.id());
  if (found == sessions_.end()) return;
  graveyard_.bury(std::move(found->second));
  sessions_.erase(found);
  listener_.on_sessions_changed();
}

}  // namespace asciinemad
