// Commands: what the daemon does for each request, and who may ask for it.
#pragma once

#include <string>
#include <vector>

#include "daemon/connection.h"
#include "daemon/fetches.h"
#include "daemon/playbacks.h"
#include "daemon/sessions.h"
#include "daemon/uploads.h"

namespace asciinemad {

class Commands {
 public:
  // What requests need of the daemon itself.
  class Host {
   public:
    // Takes the daemon's end of a socket pair to a shim; null when it can't be watched.
    virtual Connection* adopt_shim(Fd socket) = 0;
    // False once it has been told to end.
    virtual bool accepts_sessions() const = 0;
    virtual wire::StatusReply status() const = 0;
    // No new connections from now on; `force` ends the sessions. The daemon goes when it has none.
    virtual void shut_down(bool force) = 0;
    // The same, but sessions go on with the next daemon.
    virtual void hand_over() = 0;
    virtual Status reload() = 0;
    // Lines for the user about recordings that were repaired; told once.
    virtual std::vector<std::string> take_news() = 0;

   protected:
    ~Host() = default;
  };

  Commands(Sessions& sessions, Playbacks& playbacks, Fetches& fetches, Uploads& uploads,
           SessionWatches& watches, Host& host)
      : sessions_(sessions),
        playbacks_(playbacks),
        fetches_(fetches),
        uploads_(uploads),
        watches_(watches),
        host_(host) {}

  // May close `connection`.
  void handle(Connection& connection, wire::Request request, std::vector<Fd> fds);

 private:
  struct Call {
    Connection& connection;
    std::uint32_t id;
    std::vector<Fd> fds;
  };

  void run(Call& call, const wire::Unknown& unknown);
  void run(Call& call, const wire::Hello& hello);
  void run(Call& call, wire::Start& start);
  void run(Call& call, wire::Resume& resume);
  void run(Call& call, const wire::AttachTerminal& attach);
  void run(Call& call, const wire::ReleaseTerminal& release);
  void run(Call& call, const wire::Resize& resize);
  void run(Call& call, const wire::Stop& stop);
  void run(Call& call, const wire::Exited& exited);
  void run(Call& call, const wire::GetStatus& status);
  void run(Call& call, const wire::Shutdown& shutdown);
  void run(Call& call, const wire::Reload& reload);
  void run(Call& call, wire::Steer& steer);
  void run(Call& call, const wire::WatchSessions& watch);
  void run(Call& call, wire::Attach& attach);
  void run(Call& call, wire::Play& play);
  void run(Call& call, const wire::Control& control);
  void run(Call& call, wire::Fetch& fetch);
  void run(Call& call, wire::Upload& upload);
  void run(Call& call, wire::ListUploads& list) { ask_uploads(call, list); }
  void run(Call& call, wire::ChangeUpload& change) { ask_uploads(call, std::move(change)); }
  void run(Call& call, wire::WatchUploads& watch) { ask_uploads(call, watch); }
  void run(Call& call, wire::AskUploadServer& ask) { ask_uploads(call, std::move(ask)); }
  void ask_uploads(Call& call, Uploads::Body body);
  // What start and play have to be refused for; true: it was.
  bool refuse_new_work(Call& call);
  std::string obstacle_to_hand_over() const;
  bool refuse_bad_start(Call& call, const wire::Start& start);
  Result<Fd> recording_of(const wire::Play& play, std::vector<Fd>& fds) const;

  Sessions& sessions_;
  Playbacks& playbacks_;
  Fetches& fetches_;
  Uploads& uploads_;
  SessionWatches& watches_;
  Host& host_;
};

}  // namespace asciinemad
