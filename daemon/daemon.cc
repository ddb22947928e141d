#include "daemon/daemon.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "build_config.h"
#include "common/log.h"
#include "daemon/http_loader.h"
#include "daemon/terminal_user.h"

namespace asciinemad {

Daemon::Daemon(Options options)
    : options_(std::move(options)),
      started_at_us_(clock_.now_us()),
      input_scratch_(kScratchBytes),
      graveyard_(loop_),
      service_(loop_),
      notifier_(loop_, graveyard_),
      registry_(loop_, options_.registry_directory, *this),
      sessions_({loop_, clock_, notifier_, watches_, registry_, input_scratch_, encode_scratch_,
                 options_.private_peer.has_value() ? std::string() : options_.socket_path},
                graveyard_, *this),
      playbacks_({loop_, clock_, input_scratch_, options_.spool_directory, watches_}, graveyard_,
                 *this),
      fetches_(loop_, graveyard_, options_.spool_directory),
      uploads_({{loop_, graveyard_, clock_, upload_with_module, options_.upload_directory,
                 options_.socket_path},
                notifier_},
               *this),
      commands_(sessions_, playbacks_, fetches_, uploads_, watches_, *this),
      idle_timer_(uv::make_timer(loop_)) {}

Daemon::~Daemon() = default;

Status Daemon::open() {
  if (options_.private_peer.has_value()) {
    ::fcntl(*options_.private_peer, F_SETFD, FD_CLOEXEC);  // not for notification commands
    if (add_connection(Fd(*options_.private_peer)) == nullptr) {
      return Error{Errc::invalid_argument, "the private peer's descriptor is not a socket"};
    }
  } else if (options_.listen_socket.has_value()) {
    TRY_ASSIGN(listener_, ControlListener::adopt(loop_, std::move(*options_.listen_socket),
                                                 options_.socket_path, *this));
  } else {
    TRY_ASSIGN(listener_, ControlListener::open(loop_, options_.socket_path, *this));
  }
  for (const int signum : {SIGTERM, SIGINT, ControlListener::kHandOverSignal}) {
    signals_.push_back(uv::watch_signal<&Daemon::on_signal>(loop_, signum, this));
  }
  // A private daemon has one task, and the queue is none of it, nor what others have left.
  if (!options_.private_peer.has_value()) {
    signals_.push_back(uv::watch_signal<&Daemon::on_signal>(loop_, SIGHUP, this));
    registry_.start();
    uploads_.start();
  }
  update_status();
  service_.ready();
  consider_ending();
  return {};
}

void Daemon::run() {
  loop_.run();
  log::info("asciinemad ends");
}

Connection* Daemon::add_connection(Fd socket) {
  const std::uint64_t id = next_connection_id_++;
  Result<std::unique_ptr<Connection>> connection =
      Connection::open(loop_, std::move(socket), id, input_scratch_, *this);
  if (!connection.ok()) {
    log::warn("connection ", id, ": ", connection.error().message);
    return nullptr;
  }
  Connection* added = connection->get();
  connections_.emplace(id, std::move(connection).value());
  uv_timer_stop(idle_timer_.get());
  return added;
}

void Daemon::on_peer(Fd socket) { add_connection(std::move(socket)); }

// A shim needs no hello: its client has said it, and nobody else holds the other end.
Connection* Daemon::adopt_shim(Fd socket) {
  const Result<unsigned> uid = peer_uid(socket.get());
  if (!uid.ok() || *uid != ::geteuid()) return nullptr;
  return add_connection(std::move(socket));
}

void Daemon::on_request(Connection& connection, wire::Request request, std::vector<Fd> fds) {
  commands_.handle(connection, std::move(request), std::move(fds));
}

void Daemon::on_connection_closed(Connection& connection) {
  Session* session = connection.session();
  TerminalUser* terminal_user = connection.terminal_user();
  connection.become_peer();
  if (terminal_user != nullptr) terminal_user->on_client_lost();
  if (session != nullptr) session->on_shim_lost();
  fetches_.cancel(connection);
  uploads_.forget(connection);
  watches_.forget(connection);
  sessions_.forget(connection);
  const auto found = connections_.find(connection.id());
  if (found != connections_.end()) {
    graveyard_.bury(std::move(found->second));
    connections_.erase(found);
  }
  if (listener_) listener_->resume();
  consider_ending();
}

void Daemon::on_sessions_changed() { consider_ending(); }

void Daemon::on_recording_ended(const FileId& file) { playbacks_.on_recording_ended(file); }

void Daemon::on_playbacks_changed() { consider_ending(); }

void Daemon::on_uploads_changed() { consider_ending(); }

bool Daemon::accepts_sessions() const { return !ending_; }

wire::StatusReply Daemon::status() const {
  return {"asciinemad " ASCIINEMAD_VERSION,
          static_cast<std::uint32_t>(::getpid()),
          options_.socket_path,
          options_.log_path,
          clock_.now_us() - started_at_us_,
          options_.idle_exit_ms.has_value(),
          sessions_.list(),
          playbacks_.list(),
          uploads_.waiting(),
          uploads_.held(),
          registry_.recovered(),
          service_.supervised()};
}

void Daemon::begin_ending() {
  ending_ = true;
  service_.stopping();
  listener_.reset();
}

void Daemon::shut_down(bool force) {
  log::info("told to end");
  begin_ending();
  if (force) {
    sessions_.stop_all();
    playbacks_.stop_all();
  }
  consider_ending();
}

void Daemon::hand_over() {
  log::info("handing over to the next daemon");
  begin_ending();
  handing_over_ = true;
  sessions_.hand_over();
  playbacks_.hand_over();
  consider_ending();
}

// Also SIGTERM: who ends the daemon does not mean the sessions. `shutdown` can say so.
void Daemon::on_signal(int signum) {
  log::info("signal ", signum);
  if (signum != SIGHUP) {
    hand_over();
    return;
  }
  service_.reloading();
  if (Status reloaded = reload(); !reloaded.ok()) log::error(reloaded.error().message);
  service_.ready();
}

Status Daemon::reload() {
  if (options_.reload == nullptr) return {};
  TRY_ASSIGN(const std::uint64_t idle_exit_ms, options_.reload());
  if (options_.idle_exit_ms.has_value()) options_.idle_exit_ms = idle_exit_ms;
  log::info("configuration read again");
  consider_ending();
  return {};
}

bool Daemon::on_recording_to_upload(const std::string& session, wire::Upload upload, Fd recording) {
  if (options_.private_peer.has_value() || uploads_wound_down_) return false;
  uploads_.add(session, std::move(upload), std::move(recording));
  return true;
}

void Daemon::on_recording_queued(const std::string& id, bool queued) {
  if (Session* session = sessions_.find(id)) session->on_upload_queued(queued);
}

void Daemon::update_status() {
  if (!service_.supervised()) return;
  std::string text = std::to_string(sessions_.size()) + " recorded, " +
                     std::to_string(playbacks_.list().size()) + " played, " +
                     std::to_string(uploads_.waiting()) + " uploads waiting";
  if (uploads_.held() > 0) text += ", " + std::to_string(uploads_.held()) + " held";
  service_.set_status(text);
}

void Daemon::consider_ending() {
  update_status();
  const bool forsaken = options_.private_peer.has_value() && connections_.empty();
  // Sessions that end now may have a recording for the queue.
  if (ending_ && sessions_.empty() && !uploads_wound_down_ && !uploads_.taking_recordings()) {
    uploads_wound_down_ = true;
    uploads_.wind_down();
  }
  if (!has_work() && (ending_ || forsaken)) {
    loop_.stop();
    return;
  }
  if (!options_.idle_exit_ms.has_value() || has_work() || !connections_.empty()) return;
  uv::start_timer<&Daemon::on_idle_timeout>(idle_timer_, *options_.idle_exit_ms, this);
}

void Daemon::on_idle_timeout() {
  if (has_work() || !connections_.empty()) return;
  log::info("idle");
  // A client that connects in this moment finds its connection reset and starts a new daemon.
  shut_down(false);
}

}  // namespace asciinemad
