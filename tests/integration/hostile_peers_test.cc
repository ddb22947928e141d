// Peers of the daemon that pass it the wrong descriptors, too many of them, or that ask and never
// listen.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <pty.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <list>
#include <string>
#include <vector>

#include "proto/codec.h"
#include "tests/support/peer.h"
#include "tests/support/sanitized.h"
#include "tests/support/witness.h"

namespace asciinemad {
namespace {

using test::eventually;
using test::Peer;
using test::Sandbox;
using test::Witness;
using wire::ErrorCode;

Fd open_fd(const std::string& path, int flags) {
  Fd fd(::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, 0600));
  REQUIRE(static_cast<bool>(fd));
  return fd;
}

// What `start` needs, as an honest client would pass it.
struct StartDescriptors {
  explicit StartDescriptors(const Sandbox& sandbox)
      : recording(open_fd(sandbox / "guest.cast", O_WRONLY | O_CREAT | O_TRUNC)) {
    int master_fd = -1;
    int slave_fd = -1;
    REQUIRE(::openpty(&master_fd, &slave_fd, nullptr, nullptr, nullptr) == 0);
    master.reset(master_fd);
    slave.reset(slave_fd);
    REQUIRE(set_nonblocking(master_fd, true).ok());
    Result<SocketPair> pair = make_socket_pair();
    REQUIRE(pair.ok());
    shim = std::move(pair->first);
    link = std::move(pair->second);
  }

  Fd master;
  Fd slave;
  Fd recording;
  Fd shim;
  Fd link;
  Fd terminal;

  std::vector<int> all() const {
    std::vector<int> fds = {master.get(), recording.get(), link.get()};
    if (terminal) fds.push_back(terminal.get());
    return fds;
  }
};

wire::Start start_request(const StartDescriptors& descriptors) {
  wire::Start start;
  start.path = "guest.cast";
  start.terminal.has_input = static_cast<bool>(descriptors.terminal);
  start.terminal.input_is_terminal = true;
  return start;
}

bool is_error(const wire::Reply& reply) {
  const auto* error = std::get_if<wire::ErrorReply>(&reply.body);
  return error != nullptr && !error->message.empty();
}

// What has become a session ends with its client and its shim.
void guests_go(const Witness& witness) {
  const auto alone = [&] {
    Peer peer(witness.sandbox());
    peer.greet();
    return peer.status().sessions.size() == 1;
  };
  CHECK(eventually(alone, 15'000));
}

TEST_CASE("start with fewer or more descriptors than it needs") {
  Witness witness;
  const StartDescriptors descriptors(witness.sandbox());
  const std::vector<int> three = descriptors.all();
  const std::vector<int> four = {three[0], three[1], three[2], descriptors.slave.get()};
  for (const std::vector<int>& fds : {std::vector<int>(), std::vector<int>{three[0]},
                                      std::vector<int>{three[0], three[1]}, four}) {
    Peer peer(witness.sandbox());
    peer.greet();
    peer.send(2, start_request(descriptors), fds);
    peer.is_sent_away(ErrorCode::invalid);
  }
  // It announces three, and none comes.
  Peer peer(witness.sandbox());
  peer.greet();
  peer.send(*wire::encode(wire::Request{2, 3, start_request(descriptors)}));
  peer.is_sent_away(ErrorCode::invalid);
  witness.ends_well();
}

TEST_CASE("start with descriptors of the wrong kind") {
  Witness witness;
  const Sandbox& sandbox = witness.sandbox();
  const auto refused = [&](const StartDescriptors& descriptors) {
    Peer peer(sandbox);
    peer.greet();
    peer.send(2, start_request(descriptors), descriptors.all());
    CHECK(is_error(peer.receive()));
    CHECK(peer.status().sessions.size() == 1);
  };
  const auto with = [&](const char* what, Fd StartDescriptors::*which, Fd fd) {
    CAPTURE(what);
    StartDescriptors descriptors(sandbox);
    descriptors.*which = std::move(fd);
    refused(descriptors);
    witness.is_answered();
  };
  const std::string file = sandbox.write("file", "content");
  with("a regular file as the terminal", &StartDescriptors::terminal, open_fd(file, O_RDWR));
  with("a directory as the terminal", &StartDescriptors::terminal, open_fd("/", O_RDONLY));
  with("a directory as the recording", &StartDescriptors::recording, open_fd("/", O_RDONLY));
  with("an unconnected socket as the link", &StartDescriptors::link,
       Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)));
  with("a pipe as the link", &StartDescriptors::link, std::move(make_pipe()->read_end));
  with("a file as the link", &StartDescriptors::link, open_fd(file, O_RDWR));
  with("/dev/null as the PTY", &StartDescriptors::master,
       open_fd("/dev/null", O_RDWR | O_NONBLOCK));
  with("a file as the PTY", &StartDescriptors::master, open_fd(file, O_RDWR));
  CHECK(sandbox.read("file") == "content");
  witness.ends_well();
}

TEST_CASE("start with descriptors that can be watched but are something else") {
  Witness witness;
  const Sandbox& sandbox = witness.sandbox();
  const std::array<Fd StartDescriptors::*, 4> places = {
      &StartDescriptors::master, &StartDescriptors::recording, &StartDescriptors::link,
      &StartDescriptors::terminal};
  for (Fd StartDescriptors::*place : places) {
    for (int kind = 0; kind < 6; ++kind) {
      StartDescriptors descriptors(sandbox);
      Pipe pipe = std::move(make_pipe()).value();
      SocketPair pair = std::move(make_socket_pair()).value();
      Fd odd;
      if (kind == 0) odd = std::move(pipe.read_end);
      if (kind == 1) odd = std::move(pipe.write_end);
      if (kind == 2) odd = std::move(pair.first);
      if (kind == 3) odd.reset(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
      if (kind == 4) odd.reset(::epoll_create1(EPOLL_CLOEXEC));
      if (kind == 5) odd = open_fd("/dev/zero", O_RDWR);
      descriptors.*place = std::move(odd);
      CAPTURE(kind);
      Peer peer(sandbox);
      peer.greet();
      peer.send(2, start_request(descriptors), descriptors.all());
      peer.receive();  // either answer is right
      witness.is_answered();
    }
  }
  guests_go(witness);
  witness.ends_well();
}

TEST_CASE("a second session on the same connection") {
  Witness witness;
  StartDescriptors descriptors(witness.sandbox());
  Peer peer(witness.sandbox());
  peer.greet();
  peer.send(2, start_request(descriptors), descriptors.all());
  CHECK(std::holds_alternative<wire::Started>(peer.receive().body));
  peer.send(3, start_request(descriptors), descriptors.all());
  peer.is_told(ErrorCode::busy);
  // Only the shim may say so.
  peer.send(4, wire::Exited{});
  peer.is_told(ErrorCode::no_session);
  peer.close();
  descriptors.shim.reset();
  guests_go(witness);
  witness.ends_well();
}

TEST_CASE("more descriptors than a message may have") {
  Witness witness;
  const Fd null_fd = open_fd("/dev/null", O_RDWR);
  const std::vector<int> eight(kMaxFdsPerMessage, null_fd.get());
  Peer peer(witness.sandbox());
  peer.greet();
  peer.send(std::string(1, '\0'), eight);
  peer.send(std::string(1, '\0'), eight);
  peer.is_sent_away(ErrorCode::limit);
  // Ones that no message is interested in do not pile up either.
  Peer patient(witness.sandbox());
  patient.greet();
  for (int i = 0; i < 20; ++i) {
    patient.send(*wire::encode(wire::Request{1, 0, wire::GetStatus{}}), std::array{null_fd.get()});
  }
  CHECK(is_error(patient.receive_until_end().back()));
  witness.ends_well();
}

TEST_CASE("a peer that asks 100,000 times and never reads the answers") {
  Witness witness;
  const pid_t daemon = witness.daemon();
  test::forget_peak(daemon);
  const std::size_t before_kib = test::resident_kib(daemon);
  Peer peer(witness.sandbox());
  peer.greet();
  const std::string request = *wire::encode(wire::Request{1, 0, wire::GetStatus{}});
  int asked = 0;
  while (asked < 100'000 && peer.try_send(request)) {
    if (++asked % 1000 == 0) witness.is_answered();
  }
  CHECK(asked < 100'000);  // it was sent away
  constexpr std::size_t kMaxGrowthKib = 4096;
  if (!test::kSanitized) CHECK(test::peak_resident_kib(daemon) < before_kib + kMaxGrowthKib);
  peer.close();
  witness.ends_well();
}

TEST_CASE("300 connections at once, and one that says nothing") {
  Witness witness;
  Peer silent(witness.sandbox());
  std::list<Peer> peers;
  for (int i = 0; i < 300; ++i) peers.emplace_back(witness.sandbox());
  witness.is_answered();
  for (Peer& peer : peers) peer.greet();
  for (Peer& peer : peers) CHECK(peer.status().sessions.size() == 1);
  witness.is_answered();
  CHECK(witness.sandbox().run({"asciinema", "rec", "-q", "-c", "printf x", "b.cast"}).status == 0);
  CHECK(test::read_cast(witness.sandbox() / "b.cast").output() == "x");

  CHECK(silent.receive_until_end(15'000).empty());
  for (Peer& peer : peers) CHECK(peer.status().sessions.size() == 1);
  peers.clear();
  witness.ends_well();
}

}  // namespace
}  // namespace asciinemad
