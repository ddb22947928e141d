#include "daemon/service.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
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

  // Until there is no room for what anybody sends.
  void fill() const {
    const Result<sockaddr_un> address = socket_address(path());
    REQUIRE(address.ok());
    // Each sender has a limit of its own, too.
    for (int sent = 1; sent > 0;) {
      const Fd sender(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      REQUIRE(sender);
      sent = 0;
      while (::sendto(sender.get(), "x", 1, 0, reinterpret_cast<const sockaddr*>(&*address),
                      sizeof(*address)) == 1) {
        ++sent;
      }
    }
  }

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

template <typename Body>
std::chrono::steady_clock::duration time_of(Body body) {
  const auto begin = std::chrono::steady_clock::now();
  body();
  return std::chrono::steady_clock::now() - begin;
}

bool contains(const Messages& messages, const std::string& message) {
  return std::find(messages.begin(), messages.end(), message) != messages.end();
}

TEST_CASE("service: a manager that does not read holds nobody up, and hears the rest later") {
  using std::chrono::milliseconds;
  Manager manager;
  uv::Loop loop;
  Service service(loop);
  service.ready();
  manager.take();
  manager.fill();
  // A blocked one would take as long as the socket's limit, each time.
  CHECK(time_of([&] {
          for (int i = 0; i < 100; ++i) service.set_status("status " + std::to_string(i));
        }) < milliseconds(1000));
  CHECK(time_of([&] {
          service.reloading();
          service.ready();
        }) < milliseconds(300));
  CHECK(time_of([&] { service.stopping(); }) < milliseconds(300));
  service.ready();
  manager.take();
  SUBCASE("with a status that is the same") { service.set_status("status 99"); }
  SUBCASE("with the last one only") {
    service.set_status("new");
    service.set_status("status 99");
  }
  const Messages told = manager.take();
  CHECK(contains(told, "READY=1"));
  CHECK(told.back() == "STATUS=status 99");
  CHECK_FALSE(contains(told, "STATUS=status 98"));
  service.set_status("status 99");
  CHECK(manager.take().empty());
}

TEST_CASE("service: a feeding that is lost is tried again soon, with what else was lost") {
  Manager manager;
  uv::Loop loop;
  test::LoopDriver driver(loop);
  ::setenv("WATCHDOG_USEC", "60000000", 1);
  manager.fill();
  std::unique_ptr<Service> service;
  CHECK(time_of([&] { service = std::make_unique<Service>(loop); }) <
        std::chrono::milliseconds(500));
  service->set_status("a");
  manager.take();
  Messages told;
  driver.run_until([&] {
    for (std::string& message : manager.take()) told.push_back(std::move(message));
    return !told.empty();
  });
  CHECK(told == Messages{"WATCHDOG=1", "STATUS=a"});
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
