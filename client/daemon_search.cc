#include "client/daemon_search.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

namespace asciinemad {
namespace {

// For a daemon that is just going when it is asked, and its successor that does the same.
constexpr int kMaxLaunches = 3;
constexpr int kFirstRetryMs = 2;
constexpr int kMaxRetryMs = 16;

bool nobody_listens(const Error& error) {
  return error.sys_errno == ENOENT || error.sys_errno == ECONNREFUSED;
}

// Whether the peer listens for a daemon that it may have to start first.
bool is_service_managers(const DaemonLink& link) { return link.peer_program() == "systemd"; }

Status check_niceness(Niceness niceness) {
  const int nice = ::getpriority(PRIO_PROCESS, 0);
  if (nice <= 0 || niceness == Niceness::accepted) return {};
  return Error{Errc::unavailable, "a shared asciinemad must not start here, it would be as nice (" +
                                      std::to_string(nice) + ") for everybody"};
}

// nullopt: another process has it. No descriptor: it can't be had, and the daemon that is started
// without it will say why.
std::optional<Fd> take_start_lock(const std::string& socket_path) {
  const std::string directory = socket_path.substr(0, socket_path.rfind('/'));
  if (!ensure_private_directory(directory).ok()) return Fd();
  Fd lock(
      ::open((directory + "/start.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock || ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno == EWOULDBLOCK) return std::nullopt;
  return Fd();
}

}  // namespace

pollfd DaemonSearch::waits_for() const {
  if (launch_.has_value()) return launch_->waits_for();
  return {link_.has_value() ? link_->fd() : -1, POLLIN, 0};
}

int DaemonSearch::timeout_ms() const {
  if (launch_.has_value()) return launch_->timeout_ms();
  if (link_.has_value()) return hello_until_->remaining_ms();
  return retry_at_.has_value() ? retry_at_->remaining_ms() : 0;
}

DaemonSearch::Step DaemonSearch::step() {
  if (socket_path_.empty()) {
    TRY_ASSIGN(socket_path_, control_socket_path(environment_));
  }
  if (launch_.has_value()) return take_launch();
  if (link_.has_value()) return take_hello();
  return connect();
}

DaemonSearch::Step DaemonSearch::connect() {
  TRY(check_socket_path(socket_path_));
  Result<DaemonLink> link = DaemonLink::connect(socket_path_);
  if (link.ok()) return greet(std::move(link).value());
  if (nobody_listens(link.error())) return start();
  // The queue of those who want to connect is full.
  if (link.error().code == Errc::timed_out) {
    if (!others_until_.has_value()) others_until_.emplace(hello_timeout_ms_);
    if (others_until_->remaining_ms() > 0) return try_later();
  }
  return link.take_error();
}

DaemonSearch::Step DaemonSearch::greet(DaemonLink link) {
  if (!link.send_hello().ok()) {
    found_going_ = true;
    return start();
  }
  link_.emplace(std::move(link));
  hello_until_.emplace(hello_timeout_ms_);
  return take_hello();
}

DaemonSearch::Step DaemonSearch::take_hello() {
  Result<std::optional<wire::HelloReply>> hello = link_->take_hello();
  if (!hello.ok()) {
    link_.reset();
    if (hello.error().code != Errc::unavailable) return hello.take_error();
    found_going_ = true;
    return start();
  }
  if (hello->has_value()) return std::exchange(link_, std::nullopt);
  if (hello_until_->remaining_ms() > 0) return std::optional<DaemonLink>();
  if (!waited_for_manager_ && is_service_managers(*link_)) {
    waited_for_manager_ = true;
    hello_until_.emplace(kPatientHelloTimeoutMs);
    return std::optional<DaemonLink>();
  }
  return no_answer();
}

Error DaemonSearch::no_answer() const {
  return link_.has_value() ? link_->no_answer() : DaemonLink(Fd()).no_answer();
}

DaemonSearch::Step DaemonSearch::start() {
  TRY(check_niceness(niceness_));
  if (launches_ >= kMaxLaunches) {
    return Error{Errc::unavailable, "asciinemad closed the connection"};
  }
  std::optional<Fd> lock = take_start_lock(socket_path_);
  if (!lock.has_value()) {
    if (!others_until_.has_value()) others_until_.emplace(kLaunchTimeoutMs);
    if (others_until_->remaining_ms() > 0) return try_later();
    // Whoever has it was stopped; the daemons have a lock of their own.
    lock.emplace();
  }
  // The one who had it before may have been successful meanwhile. One that is going would only take
  // us in again.
  if (!std::exchange(found_going_, false)) {
    Result<DaemonLink> link = DaemonLink::connect(socket_path_);
    if (link.ok()) return greet(std::move(link).value());
  }
  ++launches_;
  TRY_ASSIGN(DaemonLaunch launch, DaemonLaunch::begin(environment_, socket_path_));
  launch_.emplace(std::move(launch));
  lock_ = *std::move(lock);
  return std::optional<DaemonLink>();
}

DaemonSearch::Step DaemonSearch::take_launch() {
  const Result<bool> serves = launch_->step(environment_);
  if (serves.ok() && !*serves) return std::optional<DaemonLink>();
  launch_.reset();
  lock_.reset();
  if (!serves.ok()) return serves.error();
  return connect();
}

DaemonSearch::Step DaemonSearch::try_later() {
  retry_ms_ = std::clamp(retry_ms_ * 2, kFirstRetryMs, kMaxRetryMs);
  retry_at_.emplace(retry_ms_);
  return std::optional<DaemonLink>();
}

}  // namespace asciinemad
