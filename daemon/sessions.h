// Sessions: every session of the daemon, by id.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/session.h"

namespace asciinemad {

class Sessions final : private Session::Listener {
 public:
  class Listener {
   public:
    virtual void on_sessions_changed() = 0;
    // That file gets no longer.
    virtual void on_recording_ended(const FileId& file) = 0;
    // As in Session::Listener; `session` is its id.
    virtual bool on_recording_to_upload(const std::string& session, wire::Upload upload,
                                        Fd recording) = 0;

   protected:
    ~Listener() = default;
  };

  // More are refused; each holds about ten descriptors.
  static constexpr std::size_t kMaxSessions = 1000;

  Sessions(const Session::Context& context, uv::Graveyard& graveyard, Listener& listener)
      : context_(context), graveyard_(graveyard), listener_(listener) {}

  // The id of a new session: the one that the client has chosen, if it has. Errc::busy: there is
  // one of that id or name.
  Result<std::string> start(wire::Start start, Session::Resources resources, Connection& client,
                            Connection& shim);

  // Takes a session over from a dead daemon.
  Status resume(wire::Resume resume, Session::Resources resources, Fd journal, Connection& shim);

  bool empty() const { return sessions_.empty(); }
  std::size_t size() const { return sessions_.size(); }
  // Null: there is none of this id or name, none that records into this file.
  Session* find(std::string_view id_or_name) const;
  const Session* find_by_file(const std::optional<FileId>& file) const;
  std::vector<wire::SessionInfo> list() const;
  void stop_all();
  // Sessions whose shim knows no other daemon.
  std::size_t bound_to_daemon() const;
  // Those are stopped, the others handed over.
  void hand_over();
  // That peer gets no answers any more.
  void forget(const Connection& peer);

 private:
  void on_session_ended(Session& session) override;
  bool on_recording_to_upload(Session& session, wire::Upload upload, Fd recording) override {
    return listener_.on_recording_to_upload(session.id(), std::move(upload), std::move(recording));
  }
  Session* find_by_id(std::string_view id) const;
  Status check_new(const std::string& id, const std::string& name) const;
  std::vector<Session*> all() const;

  Session::Context context_;
  uv::Graveyard& graveyard_;
  Listener& listener_;
  std::map<std::string, std::unique_ptr<Session>, std::less<>> sessions_;
};

}  // namespace asciinemad
