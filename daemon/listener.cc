#include "daemon/listener.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>

#include "common/log.h"
#include "common/paths.h"
#include "daemon/daemon_lock.h"
#include "daemon/platform.h"

namespace asciinemad {
namespace {

constexpr int kBacklog = 128;
constexpr int kLockRetryMs = 10;

bool somebody_answers(const sockaddr_un& address) {
  const Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe) return false;
  // EAGAIN: alive, with a full backlog.
  return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) ==
             0 ||
         errno == EAGAIN;
}

Result<std::string> lock_path_of(const std::string& socket_path) {
  const std::string directory = socket_path.substr(0, socket_path.rfind('/'));
  TRY(ensure_private_directory(directory));
  return directory + "/lock";
}

Result<Fd> take_lock(const std::string& path, const sockaddr_un& address) {
  TRY_ASSIGN(Fd lock, open_lock_file(path));
  for (int waited = 0;; waited += kLockRetryMs) {
    TRY_ASSIGN(const bool locked, try_lock(lock));
    if (locked) return lock;
    // The holder is another daemon, or one that has just stopped listening and is about to go.
    if (somebody_answers(address)) {
      return Error{Errc::unavailable, "another asciinemad serves this socket already"};
    }
    if (waited >= ControlListener::kLockTimeoutMs) {
      return Error{Errc::timed_out,
                   "lock " + path + ": held by an asciinemad that does not answer"};
    }
    ::poll(nullptr, 0, kLockRetryMs);
  }
}

Result<Fd> take_over_lock(const std::string& path) {
  TRY_ASSIGN(Fd lock, open_lock_file(path));
  std::optional<pid_t> asked;
  for (int waited = 0;; waited += kLockRetryMs) {
    TRY_ASSIGN(const bool locked, try_lock(lock));
    if (locked) return lock;
    const std::optional<pid_t> holder = find_lock_holder(lock);
    if (holder.has_value() && holder != asked) {
      log::info("asciinemad ", *holder, " is asked to hand over");
      ::kill(*holder, ControlListener::kHandOverSignal);
      asked = holder;
    }
    if (waited >= ControlListener::kHandOverTimeoutMs) {
      return Error{Errc::timed_out, "lock " + path + ": held by an asciinemad that does not " +
                                        (asked.has_value() ? "hand over" : "tell its pid")};
    }
    ::poll(nullptr, 0, kLockRetryMs);
  }
}

Fd open_reserve() { return Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

}  // namespace

Result<std::unique_ptr<ControlListener>> ControlListener::open(uv::Loop& loop,
                                                               const std::string& path,
                                                               Listener& listener) {
  TRY_ASSIGN(const sockaddr_un address, socket_address(path));
  TRY_ASSIGN(const std::string lock_path, lock_path_of(path));
  std::unique_ptr<ControlListener> self(new ControlListener(path, listener));
  TRY_ASSIGN(self->lock_, take_lock(lock_path, address));
  // Something may have removed the lock file of a daemon that lives; and systemd's socket has none.
  if (somebody_answers(address)) {
    return Error{Errc::unavailable, "another asciinemad serves this socket already"};
  }
  TRY(self->bind_and_listen());
  TRY(self->start(loop));
  return self;
}

Result<std::unique_ptr<ControlListener>> ControlListener::adopt(uv::Loop& loop, Fd socket,
                                                                const std::string& path,
                                                                Listener& listener) {
  TRY_ASSIGN(const std::string lock_path, lock_path_of(path));
  std::unique_ptr<ControlListener> self(new ControlListener(path, listener));
  TRY_ASSIGN(self->lock_, take_over_lock(lock_path));
  self->socket_ = std::move(socket);
  TRY(self->start(loop));
  return self;
}

Status ControlListener::bind_and_listen() {
  TRY_ASSIGN(const sockaddr_un address, socket_address(path_));
  socket_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_) return system_error("create a socket", errno);
  if (::unlink(path_.c_str()) != 0 && errno != ENOENT) {
    return system_error("remove " + path_, errno);
  }
  // The umask is the process's; the daemon's is 077, which makes the socket 0600.
  if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return system_error("bind " + path_, errno);
  }
  bound_ = true;
  struct stat info {};
  if (::chmod(path_.c_str(), 0600) != 0 || ::stat(path_.c_str(), &info) != 0) {
    return system_error("chmod " + path_, errno);
  }
  inode_ = info.st_ino;
  if (::listen(socket_.get(), kBacklog) != 0) return system_error("listen " + path_, errno);
  return {};
}

Status ControlListener::start(uv::Loop& loop) {
  reserve_ = open_reserve();
  TRY_ASSIGN(poll_, uv::make_poll(loop, socket_.get()));
  uv::watch<&ControlListener::on_ready>(poll_, UV_READABLE, this);
  return {};
}

ControlListener::~ControlListener() {
  struct stat info {};
  if (bound_ && ::stat(path_.c_str(), &info) == 0 && info.st_ino == inode_) {
    ::unlink(path_.c_str());
  }
}

void ControlListener::refuse_one() {
  if (!out_of_descriptors_) log::warn("no descriptor left, refusing peers");
  out_of_descriptors_ = true;
  reserve_.reset();
  Fd(accept_cloexec(socket_.get())).reset();  // its number is the reserve's
  reserve_ = open_reserve();
  if (!reserve_) uv::watch<&ControlListener::on_ready>(poll_, 0, this);
}

void ControlListener::resume() {
  if (reserve_) return;
  reserve_ = open_reserve();
  if (reserve_) uv::watch<&ControlListener::on_ready>(poll_, UV_READABLE, this);
}

void ControlListener::on_ready(int /*events*/) {
  for (;;) {
    Fd peer(accept_cloexec(socket_.get()));
    if (!peer) {
      if (errno == EMFILE || errno == ENFILE) refuse_one();
      return;
    }
    out_of_descriptors_ = false;
    const Result<unsigned> uid = peer_uid(peer.get());
    if (!uid.ok() || *uid != ::geteuid()) {
      log::warn("refused a peer of another user");
      continue;
    }
    listener_.on_peer(std::move(peer));
  }
}

}  // namespace asciinemad
