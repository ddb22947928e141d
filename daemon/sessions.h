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

   protected:
    ~Listener() = default;
  };

  // More are refused; each holds about ten descriptors.
  static constexpr std::size_t kMaxSessions = 1000;

  Sessions(const Session::Context& context, uv::Graveyard& graveyard, Listener& listener)
      : context_(context), graveyard_(graveyard), listener_(listener) {}

  // The id of a new session.
  Result<std::string> start(wire::Start start, Session::Resources resources, Connection& client,
                            Connection& shim);

  bool empty() const { return sessions_.empty(); }
  // Null: there is none of this id, none that records into this file.
  const Session* find(std::string_view id) const;
  const Session* find_by_file(const std::optional<FileId>& file) const;
  std::vector<wire::SessionInfo> list() const;
  void stop_all();

 private:
  void on_session_ended(Session& session) override;

  Session::Context context_;
  uv::Graveyard& graveyard_;
  Listener& listener_;
  std::map<std::string, std::unique_ptr<Session>, std::less<>> sessions_;
};

}  // namespace asciinemad
