// Daemon: owns the loop and everything on it, and decides when to end.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "daemon/commands.h"
#include "daemon/connection.h"
#include "daemon/fetches.h"
#include "daemon/listener.h"
#include "daemon/notifier.h"
#include "daemon/playbacks.h"
#include "daemon/service.h"
#include "daemon/session_registry.h"
#include "daemon/session_watches.h"
#include "daemon/sessions.h"
#include "daemon/uploads.h"
#include "daemon/uv_loop.h"

namespace asciinemad {

class Daemon final : private Connection::Listener,
                     private ControlListener::Listener,
                     private Sessions::Listener,
                     private Playbacks::Listener,
                     private Uploads::Listener,
                     private SessionRegistry::Listener,
                     private Commands::Host {
 public:
  struct Options {
    std::string socket_path;                    // where to listen; unused with private_peer
    std::optional<int> private_peer;            // serve this one connection, then end
    std::optional<std::uint64_t> idle_exit_ms;  // end when idle for so long; none: never
    std::optional<Fd> listen_socket;            // at socket_path, bound by somebody else
    std::string log_path;                       // for status
    std::string spool_directory;                // for unnamed files
    std::string upload_directory;               // of the upload queue
    std::string registry_directory;             // of what is being recorded
    // Reads the configuration again and applies what this process as a whole has of it; the time
    // that the daemon waits when idle.
    Result<std::uint64_t> (*reload)() = nullptr;
  };

  explicit Daemon(Options options);
  ~Daemon();

  // Listens, or takes the private peer.
  Status open();
  // Returns when the daemon has ended: idle for long enough, told to by a peer, SIGTERM or SIGINT.
  void run();

 private:
  void on_peer(Fd socket) override;
  void on_request(Connection& connection, wire::Request request, std::vector<Fd> fds) override;
  void on_connection_closed(Connection& connection) override;
  void on_sessions_changed() override;
  void on_recording_ended(const FileId& file) override;
  void on_playbacks_changed() override;
  void on_uploads_changed() override;
  void on_recording_queued(const std::string& id, bool queued) override;
  void on_registry_changed() override { consider_ending(); }
  bool on_recording_to_upload(const std::string& session, wire::Upload upload,
                              Fd recording) override;
  Connection* adopt_shim(Fd socket) override;
  bool accepts_sessions() const override;
  wire::StatusReply status() const override;
  void shut_down(bool force) override;
  void hand_over() override;
  Status reload() override;
  std::vector<std::string> take_news() override { return registry_.take_news(); }
  void begin_ending();
  void update_status();

  Connection* add_connection(Fd socket);
  void on_signal(int signum);
  void on_idle_timeout();
  // Ends the daemon, or starts waiting for that, when nothing is left to do.
  void consider_ending();
  bool has_work() const {
    const bool plays = handing_over_ ? playbacks_.bound_to_daemon() > 0 : !playbacks_.empty();
    return !sessions_.empty() || plays || uploads_.busy() || (!ending_ && registry_.busy());
  }

  // Largest read at once; the kernel holds less of a PTY's output, a client's message may be
  // larger.
  static constexpr std::size_t kScratchBytes = std::size_t{64} << 10;

  Options options_;
  const SystemClock clock_;
  const std::uint64_t started_at_us_;
  bool ending_ = false;
  bool handing_over_ = false;  // ending, and the sessions go on
  bool uploads_wound_down_ = false;
  std::uint64_t next_connection_id_ = 1;

  // In the order of their needs: each uses those before it.
  std::vector<char> input_scratch_;
  std::string encode_scratch_;
  uv::Loop loop_;
  uv::Graveyard graveyard_;
  Service service_;
  Notifier notifier_;
  SessionWatches watches_;
  SessionRegistry registry_;
  Sessions sessions_;
  Playbacks playbacks_;
  Fetches fetches_;
  Uploads uploads_;
  Commands commands_;
  std::map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::unique_ptr<ControlListener> listener_;
  uv::Handle<uv_timer_t> idle_timer_;
  std::vector<uv::Handle<uv_signal_t>> signals_;
};

}  // namespace asciinemad
