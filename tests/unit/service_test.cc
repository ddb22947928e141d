#include "daemon/service.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "common/paths.h"
#include "tests/support/loop_driver.h"
#include "tests/support/temp_dir.h"

namespace asciinemad {
namespace {

// The service manager's end of NOTIFY_SOCKET.
class Manager {
 public:
  Manager() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    const Result<sockaddr_un> address = socket_address(path());
    REQUIRE(address.ok());
    REQUIRE(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address)) ==
            0);
    ::setenv("NOTIFY_SOCKET", path().c_str(), 1);
  }
  ~Manager() {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  }
  std::string path() const { return dir_ / "notify"; }

  // The datagrams that have come since the last call.
  std::vector<std::string> take() {
    std::vector<std::string> messages;
    std::array<char, 512> buffer{};
    for (ssize_t n; (n = ::recv(socket_.get(), buffer.data(), buffer.size(), 0)) >= 0;) {
      messages.emplace_back(buffer.data(), static_cast<std::size_t>(n));
    }
    return messages;
  }

 private:
  test::TempDir dir_;
  Fd socket_;
};

using Messages = std::vector<std::string>;

TEST_CASE("service: tells the manager each change once") {
  Manager manager;
  uv::Loop loop;
  Service service(loop);
  CHECK(service.supervised());
  CHECK(::getenv("NOTIFY_SOCKET") == nullptr);
  service.ready();
  service.set_status("a");
  service.set_status("a");
  service.set_status("b");
  service.stopping();
  CHECK(manager.take() == Messages{"READY=1", "STATUS=a", "STATUS=b", "STOPPING=1"});
  service.reloading();
  const Messages reloading = manager.take();
  REQUIRE(reloading.size() == 1);
  CHECK(reloading[0].starts_with("RELOADING=1\nMONOTONIC_USEC="));
}

TEST_CASE("service: nobody supervises") {
  uv::Loop loop;
  Service service(loop);
  CHECK_FALSE(service.supervised());
  service.ready();
  service.set_status("a");
}

TEST_CASE("service: a manager that is gone is no obstacle") {
  uv::Loop loop;
  std::optional<Manager> manager(std::in_place);
  Service service(loop);
  manager.reset();
  service.ready();
  service.stopping();
}

TEST_CASE("service: the watchdog is fed at half of its time, by the process that it watches") {
  Manager manager;
  uv::Loop loop;
  test::LoopDriver driver(loop);
  ::setenv("WATCHDOG_USEC", "20000", 1);
  SUBCASE("this one") {
    ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
    const Service service(loop);
    CHECK(::getenv("WATCHDOG_USEC") == nullptr);
    std::size_t fed = 0;
    driver.run_until([&] {
      for (const std::string& message : manager.take()) fed += message == "WATCHDOG=1" ? 1 : 0;
      return fed >= 3;
    });
    CHECK(fed >= 3);
  }
  SUBCASE("another one") {
    ::setenv("WATCHDOG_PID", "1", 1);
    const Service service(loop);
    CHECK(service.supervised());
    CHECK(uv_loop_alive(loop.get()) == 0);
  }
}

// Runs `body` in a child whose descriptor 3 is `fd`, as systemd would, and says whether it was
// true.
template <typename Body>
bool passes_in_child(int fd, const std::string& count, Body body) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    if (fd != 3) ::dup2(fd, 3);
    ::fcntl(3, F_SETFD, 0);
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("LISTEN_FDS", count.c_str(), 1);
    ::setenv("LISTEN_FDNAMES", "control", 1);
    ::_exit(body() && ::getenv("LISTEN_FDS") == nullptr ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return status == 0;
}

Fd unix_socket(int type, const std::string& path) {
  Fd socket(::socket(AF_UNIX, type, 0));
  const Result<sockaddr_un> address = socket_address(path);
  REQUIRE(address.ok());
  REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address)) ==
          0);
  return socket;
}

TEST_CASE("take_listen_socket: a listening Unix stream socket, and nothing else") {
  const test::TempDir dir;
  const auto is_refused = [] {
    const auto taken = take_listen_socket();
    return !taken.ok() && taken.error().code == Errc::invalid_argument;
  };
  const Fd socket = unix_socket(SOCK_STREAM, dir / "stream");
  CHECK(passes_in_child(socket.get(), "1", is_refused));  // it does not listen yet
  REQUIRE(::listen(socket.get(), 5) == 0);
  CHECK(passes_in_child(socket.get(), "1", [] {
    const auto taken = take_listen_socket();
    return taken.ok() && taken->has_value() && (*taken)->get() == 3 &&
           ::fcntl(3, F_GETFD) == FD_CLOEXEC && (::fcntl(3, F_GETFL) & O_NONBLOCK) != 0;
  }));
  CHECK(passes_in_child(socket.get(), "2", is_refused));
  CHECK(passes_in_child(socket.get(), "one", is_refused));
  const Fd datagrams = unix_socket(SOCK_DGRAM, dir / "datagram");
  CHECK(passes_in_child(datagrams.get(), "1", is_refused));
  const Fd file(::open("/dev/null", O_RDONLY));
  CHECK(passes_in_child(file.get(), "1", is_refused));
}

TEST_CASE("take_listen_socket: what was meant for another process is not taken") {
  ::setenv("LISTEN_PID", "1", 1);
  ::setenv("LISTEN_FDS", "1", 1);
  const auto taken = take_listen_socket();
  REQUIRE(taken.ok());
  CHECK_FALSE(taken->has_value());
  CHECK(::getenv("LISTEN_PID") == nullptr);
}

TEST_CASE("logs_to_journal: only where standard error is that stream") {
  struct stat info {};
  REQUIRE(::fstat(STDERR_FILENO, &info) == 0);
  const std::string ours = std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
  CHECK_FALSE(logs_to_journal());
  ::setenv("JOURNAL_STREAM", ours.c_str(), 1);
  CHECK(logs_to_journal());
  ::setenv("JOURNAL_STREAM", (ours + "0").c_str(), 1);
  CHECK_FALSE(logs_to_journal());
  ::unsetenv("JOURNAL_STREAM");
}

}  // namespace
}  // namespace asciinemad
