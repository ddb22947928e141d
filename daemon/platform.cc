#include "daemon/platform.h"

#include <fcntl.h>
#ifdef __linux__
#include <linux/fs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#endif
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

namespace asciinemad {

int accept_cloexec(int listening) {
#ifdef __APPLE__
  const int peer = ::accept(listening, nullptr, nullptr);
  if (peer >= 0) {
    ::fcntl(peer, F_SETFD, FD_CLOEXEC);
    ::fcntl(peer, F_SETFL, O_NONBLOCK);
  }
  return peer;
#else
  return ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
#endif
}

void raise_limits() {
  for (const auto resource : {RLIMIT_NOFILE, RLIMIT_FSIZE, RLIMIT_CPU, RLIMIT_AS, RLIMIT_DATA}) {
    rlimit limit{};
    if (::getrlimit(resource, &limit) != 0) continue;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(resource, &limit);
  }
}

Result<Fd> reopen_for_reading(int fd) {
#ifdef __linux__
  Fd again(::open(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_RDONLY | O_CLOEXEC));
  if (!again) return system_error("open the recording", errno);
  return again;
#else
  static_cast<void>(fd);
  return Error{Errc::unsupported, "a session cannot be followed on this system; follow its file"};
#endif
}

bool is_slave_of(int terminal, int master) {
#ifdef __linux__
  // Also of a descriptor of /dev/tty, which has a device number of its own.
  unsigned device = 0;
  unsigned number = 0;
  if (::ioctl(terminal, TIOCGDEV, &device) != 0 || ::ioctl(master, TIOCGPTN, &number) != 0) {
    return false;
  }
  constexpr unsigned kSlaveMajor = 136;  // UNIX98_PTY_SLAVE_MAJOR
  const unsigned device_major = device >> 8 & 0xfff;
  const unsigned device_minor = (device & 0xff) | (device >> 12 & 0xfff00);
  return device_major == kSlaveMajor && device_minor == number;
#else
  static_cast<void>(terminal), static_cast<void>(master);
  return false;
#endif
}

bool clone_file(int from, int to) {
#ifdef FICLONE
  return ::ioctl(to, FICLONE, from) == 0;
#else
  static_cast<void>(from), static_cast<void>(to);
  return false;
#endif
}

std::int64_t copy_file_part(int from, int to, std::uint64_t offset, std::uint64_t size) {
#if defined(__linux__) || defined(__FreeBSD__)
  auto position = static_cast<off_t>(offset);
  return ::copy_file_range(from, &position, to, nullptr, static_cast<std::size_t>(size), 0);
#else
  static_cast<void>(from), static_cast<void>(to), static_cast<void>(offset),
      static_cast<void>(size);
  errno = ENOSYS;
  return -1;
#endif
}

void lower_thread_priority() {
#ifdef __linux__
  // Linux has a niceness for each thread.
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), 10);
#endif
}

Result<Fd> open_network_events() {
#ifdef __linux__
  Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  if (!socket) return system_error("open a routing socket", errno);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE;
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return system_error("watch the network", errno);
  }
  return socket;
#else
  return Error{Errc::unsupported, "not on this system"};
#endif
}

bool take_network_events(int socket) {
#ifdef __linux__
  bool something_new = false;
  alignas(nlmsghdr) std::array<char, 8192> buffer;
  for (;;) {
    const ssize_t n = ::recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
    // The kernel had more than the socket holds.
    if (n < 0 && errno == ENOBUFS) something_new = true;
    if (n <= 0 && errno != ENOBUFS) return something_new;
    auto left = static_cast<std::uint32_t>(n > 0 ? n : 0);
    for (auto* m = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(m, left);
         m = NLMSG_NEXT(m, left)) {
      something_new =
          something_new || m->nlmsg_type == RTM_NEWADDR || m->nlmsg_type == RTM_NEWROUTE;
    }
  }
#else
  static_cast<void>(socket);
  return false;
#endif
}

Result<Fd> make_wake_fd() {
  Fd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!fd) return system_error("make an event descriptor", errno);
  return fd;
}

void raise_wake_fd(int fd) {
  const std::uint64_t one = 1;
  // Full means raised.
  static_cast<void>(!::write(fd, &one, sizeof(one)));
}

void drain_wake_fd(int fd) {
  std::uint64_t count = 0;
  static_cast<void>(!::read(fd, &count, sizeof(count)));
}

}  // namespace asciinemad
