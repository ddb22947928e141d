#include "daemon/service.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <utility>

#include "common/log.h"

namespace asciinemad {
namespace {

constexpr int kFirstListenFd = 3;  // SD_LISTEN_FDS_START

// A manager that does not read must not stop the sessions, nor the greeting that clients wait for:
// 300 ms. At the start there are neither.
constexpr std::uint64_t kStartPatienceMs = 1000;
constexpr std::uint64_t kPatienceMs = 50;
// What part of the time between two feedings passes before a failed one is tried again.
constexpr std::uint64_t kFeedAgainPart = 10;

std::string take_variable(const char* name) {
  const char* value = std::getenv(name);
  std::string taken = value != nullptr ? value : "";
  ::unsetenv(name);
  return taken;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// The variables are inherited; they mean the process that they name.
bool is_this_process(std::string_view pid) {
  return parse_number(pid) == static_cast<std::uint64_t>(::getpid());
}

int socket_option(int fd, int option) {
  int value = 0;
  socklen_t size = sizeof(value);
  return ::getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

std::string monotonic_us() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::to_string(static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 +
                        static_cast<std::uint64_t>(now.tv_nsec) / 1000);
}

}  // namespace

Service::Service(uv::Loop& loop) : watchdog_timer_(uv::make_timer(loop)) {
  const std::string path = take_variable("NOTIFY_SOCKET");
  const std::string watchdog_us = take_variable("WATCHDOG_USEC");
  const std::string watchdog_pid = take_variable("WATCHDOG_PID");
  if (path.size() < 2 || path.size() > sizeof(address_.sun_path)) return;
  if (path.front() != '/' && path.front() != '@') return;
  address_.sun_family = AF_UNIX;
  std::memcpy(address_.sun_path, path.data(), path.size());
  if (path.front() == '@') address_.sun_path[0] = '\0';  // an abstract name
  address_size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  // Kept, for a daemon without a free descriptor still has to feed its watchdog.
  socket_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket_) return;
  limit_waiting(kStartPatienceMs);
  if (!watchdog_pid.empty() && !is_this_process(watchdog_pid)) return;
  const std::optional<std::uint64_t> limit_us = parse_number(watchdog_us);
  if (!limit_us.has_value() || *limit_us == 0) return;
  feed_every_ms_ = std::max<std::uint64_t>(*limit_us / 2 / 1000, 1);
  feed_watchdog();
}

void Service::ready() {
  ready_told_ = notify("READY=1");
  limit_waiting(kPatienceMs);
}

void Service::reloading() { notify("RELOADING=1\nMONOTONIC_USEC=" + monotonic_us()); }

void Service::stopping() {
  ready_told_ = true;
  notify("STOPPING=1");
}

void Service::set_status(const std::string& text) {
  if (text != status_) {
    status_ = text;
    status_told_ = false;
  }
  tell_rest();
}

void Service::tell_rest() {
  if (!ready_told_) ready_told_ = notify("READY=1", MSG_DONTWAIT);
  if (!status_told_) status_told_ = notify("STATUS=" + status_, MSG_DONTWAIT);
}

void Service::limit_waiting(std::uint64_t ms) {
  const timeval limit{static_cast<time_t>(ms / 1000), static_cast<suseconds_t>(ms % 1000 * 1000)};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

bool Service::notify(std::string_view message, int flags) {
  if (!socket_) return true;
  const bool sent = ::sendto(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL | flags,
                             reinterpret_cast<const sockaddr*>(&address_), address_size_) >= 0;
  const int error = sent ? 0 : errno;
  const bool was_stuck = std::exchange(stuck_, error == EAGAIN);
  if (!sent && !(was_stuck && stuck_)) {
    log::warn(system_error("notify the service manager", error).message);
  }
  return !stuck_;
}

void Service::feed_watchdog() {
  const bool fed = notify("WATCHDOG=1", MSG_DONTWAIT);
  if (fed) tell_rest();
  const std::uint64_t again_ms = fed ? feed_every_ms_ : feed_every_ms_ / kFeedAgainPart;
  uv::start_timer<&Service::feed_watchdog>(watchdog_timer_, std::max<std::uint64_t>(again_ms, 1),
                                           this);
}

Result<std::optional<Fd>> take_listen_socket() {
  const std::string pid = take_variable("LISTEN_PID");
  const std::string count = take_variable("LISTEN_FDS");
  take_variable("LISTEN_FDNAMES");
  if (!is_this_process(pid)) return std::optional<Fd>();
  if (parse_number(count) != 1) {
    return Error{Errc::invalid_argument, "the service manager passed " + count + " sockets, not 1"};
  }
  Fd socket(kFirstListenFd);
  if (::fcntl(socket.get(), F_SETFD, FD_CLOEXEC) != 0) {
    socket.release();
    return system_error("take the service manager's socket", errno);
  }
  if (socket_option(socket.get(), SO_DOMAIN) != AF_UNIX ||
      socket_option(socket.get(), SO_TYPE) != SOCK_STREAM ||
      socket_option(socket.get(), SO_ACCEPTCONN) != 1) {
    return Error{Errc::invalid_argument,
                 "what the service manager passed is no listening Unix stream socket"};
  }
  TRY(set_nonblocking(socket.get(), true));
  return std::optional<Fd>(std::move(socket));
}

bool logs_to_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat info {};
  if (stream == nullptr || ::fstat(STDERR_FILENO, &info) != 0) return false;
  return std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino) == stream;
}

}  // namespace asciinemad
