#include "daemon/platform.h"

#include <fcntl.h>
#include <limits.h>
#ifdef __linux__
#include <linux/fs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#endif
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string>

#include "common/read_file.h"

namespace asciinemad {
namespace {

// Of a small file; empty when it cannot be read.
std::string first_line(const std::string& path) {
  constexpr std::size_t kMaxBytes = 4096;
  const Result<std::optional<std::string>> text = read_small_file(path, kMaxBytes);
  if (!text.ok() || !text->has_value()) return {};
  return (*text)->substr(0, (*text)->find('\n'));
}

}  // namespace

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

Status remove_open_file(int fd) {
#ifdef __linux__
  std::array<char, PATH_MAX> path{};
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t size = ::readlink(link.c_str(), path.data(), path.size() - 1);
  struct stat open_file {};
  struct stat named {};
  if (size > 0 && ::fstat(fd, &open_file) == 0 && ::lstat(path.data(), &named) == 0 &&
      open_file.st_dev == named.st_dev && open_file.st_ino == named.st_ino) {
    if (::unlink(path.data()) == 0) return {};
    const Error failure = system_error(std::string("remove ") + path.data(), errno);
    // In a directory that nobody may change any more: empty is as good.
    return cut_file(fd, 0).ok() ? Status() : failure;
  }
#endif
  return cut_file(fd, 0);
}

Status cut_file(int fd, std::uint64_t bytes) {
  if (::ftruncate(fd, static_cast<off_t>(bytes)) == 0) return {};
  return system_error("cut the recording", errno);
}

int sync_file_system(int fd) {
#ifdef __linux__
  return ::syncfs(fd);
#else
  return ::fsync(fd);
#endif
}

char process_state(std::uint32_t pid) {
#ifdef __linux__
  // "PID (NAME) STATE ...", where the name may hold anything.
  const auto stat = read_small_file("/proc/" + std::to_string(pid) + "/stat", 4096);
  if (!stat.ok() || !stat->has_value()) return 0;
  const std::size_t name_end = (*stat)->rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= (*stat)->size()) return 0;
  return (**stat)[name_end + 2];
#else
  static_cast<void>(pid);
  return 0;
#endif
}

std::string slave_path(int master) {
#ifdef __linux__
  std::array<char, 64> path{};
  return ::ptsname_r(master, path.data(), path.size()) == 0 ? std::string(path.data())
                                                            : std::string();
#else
  const char* path = ::ptsname(master);
  return path == nullptr ? std::string() : std::string(path);
#endif
}

#ifdef __linux__
Result<Fd> make_shared_memory(const char* name, std::size_t bytes) {
  Fd fd(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd || ::ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0 ||
      ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0) {
    return system_error("make shared memory", errno);
  }
  return fd;
}

bool is_sealed_memory(int fd) {
  const int seals = ::fcntl(fd, F_GET_SEALS);
  return seals >= 0 && (seals & F_SEAL_SHRINK) != 0;
}
#else
Result<Fd> make_shared_memory(const char* /*name*/, std::size_t bytes) {
  std::string path = "/tmp/asciinema-XXXXXX";
  Fd fd(::mkostemp(path.data(), O_CLOEXEC));
  if (!fd) return system_error("make shared memory", errno);
  ::unlink(path.c_str());
  if (::ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0) {
    return system_error("make shared memory", errno);
  }
  return fd;
}

bool is_sealed_memory(int /*fd*/) { return true; }
#endif

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

std::string boot_id() {
#ifdef __linux__
  return first_line("/proc/sys/kernel/random/boot_id");
#else
  return {};
#endif
}

std::string machine_id() {
  std::string id = first_line("/etc/machine-id");
  if (!id.empty()) return id;
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data())
                                                          : std::string();
}

std::optional<bool> has_writers(int fd) {
#ifdef __linux__
  // A read lease is refused while the file is open for writing. Whoever opens it while the lease is
  // held has us told by a signal: one that does nothing.
  if (::fcntl(fd, F_SETSIG, SIGURG) != 0) return std::nullopt;
  if (::fcntl(fd, F_SETLEASE, F_RDLCK) != 0) {
    return errno == EAGAIN ? std::optional(true) : std::nullopt;
  }
  ::fcntl(fd, F_SETLEASE, F_UNLCK);
  return false;
#else
  static_cast<void>(fd);
  return std::nullopt;
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
