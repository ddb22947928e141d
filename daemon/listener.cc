#include "daemon/listener.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>

#include "common/log.h"
#include "common/paths.h"
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

Result<Fd> take_lock(const std::string& path, const sockaddr_un& address) {
  Fd lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return system_error("open " + path, errno);
  for (int waited = 0;; waited += kLockRetryMs) {
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
    if (errno != EWOULDBLOCK) return system_error("lock " + path, errno);
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

Fd open_reserve() { return Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

}  // namespace

Result<std::unique_ptr<ControlListener>> ControlListener::open(uv::Loop& loop,
                                                               const std::string& path,
                                                               Listener& listener) {
  TRY_ASSIGN(const sockaddr_un address, socket_address(path));
  const std::string directory = path.substr(0, path.rfind('/'));
  TRY(ensure_private_directory(directory));
  std::unique_ptr<ControlListener> self(new ControlListener(path, listener));
  TRY_ASSIGN(self->lock_, take_lock(directory + "/lock", address));

  // Something may have removed the lock file of a daemon that lives.
  if (somebody_answers(address)) {
    return Error{Errc::unavailable, "another asciinemad serves this socket already"};
  }
  self->socket_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!self->socket_) return system_error("create a socket", errno);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return system_error("remove " + path, errno);
  // The umask is the process's; the daemon's is 077, which makes the socket 0600.
  if (::bind(self->socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
      0) {
    return system_error("bind " + path, errno);
  }
  self->bound_ = true;
  struct stat info {};
  if (::chmod(path.c_str(), 0600) != 0 || ::stat(path.c_str(), &info) != 0) {
    return system_error("chmod " + path, errno);
  }
  self->inode_ = info.st_ino;
  if (::listen(self->socket_.get(), kBacklog) != 0) return system_error("listen " + path, errno);
  self->reserve_ = open_reserve();
  TRY_ASSIGN(self->poll_, uv::make_poll(loop, self->socket_.get()));
  uv::watch<&ControlListener::on_ready>(self->poll_, UV_READABLE, self.get());
  return self;
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
