// Guest: a client and shim that say whatever a test wants, with a PTY and a recording of their own.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>

#include <string>
#include <vector>

#include "proto/codec.h"
#include "tests/support/peer.h"

namespace asciinemad::test {

// The recording is guest.cast. Nobody runs on the PTY; what a command would print is written to
// `slave`.
class Guest {
 public:
  explicit Guest(const Sandbox& sandbox)
      : client(sandbox),
        recording_(::open((sandbox / "guest.cast").c_str(),
                          O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) {
    REQUIRE(static_cast<bool>(recording_));
    int master_fd = -1;
    int slave_fd = -1;
    REQUIRE(::openpty(&master_fd, &slave_fd, nullptr, nullptr, nullptr) == 0);
    master_.reset(master_fd);
    slave.reset(slave_fd);
    Result<SocketPair> pair = make_socket_pair();
    REQUIRE((set_nonblocking(master_fd, true).ok() && pair.ok()));
    shim = std::move(pair->first);
    link_ = std::move(pair->second);
    client.greet();
  }

  // Asks for a session, typed to through the pipe `input` if there is one. The daemon alone has the
  // descriptors from now on.
  void ask_to_start(Fd input = Fd()) {
    wire::Start start;
    start.path = "guest.cast";
    start.pause_key = "C-\\";
    start.terminal.has_input = static_cast<bool>(input);
    std::vector<int> fds = {master_.get(), recording_.get(), link_.get()};
    if (input) fds.push_back(input.get());
    client.send(2, start, fds);
    for (Fd* fd : {&master_, &recording_, &link_}) fd->reset();
  }
  void start(Fd input = Fd()) {
    ask_to_start(std::move(input));
    REQUIRE(std::holds_alternative<wire::Started>(client.receive().body));
  }
  // As the shim: the command has ended.
  void say_exited() const {
    const Result<std::string> bytes = wire::encode(wire::Request{9, 0, wire::Exited{}});
    REQUIRE((bytes.ok() && write_all(shim.get(), *bytes, kWaitMs).ok()));
  }

  Peer client;
  Fd slave;
  Fd shim;

 private:
  Fd master_;
  Fd recording_;
  Fd link_;
};

// Keeps a process stopped.
class Stopped {
 public:
  explicit Stopped(pid_t pid) : pid_(pid) {
    REQUIRE(::kill(pid, SIGSTOP) == 0);
    REQUIRE(eventually([&] { return stat_field(pid, 3) == "T"; }));
  }
  ~Stopped() { ::kill(pid_, SIGCONT); }
  Stopped(const Stopped&) = delete;
  Stopped& operator=(const Stopped&) = delete;

 private:
  pid_t pid_;
};

}  // namespace asciinemad::test
