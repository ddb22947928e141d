#include "common/fd.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/ignore_signal.h"

namespace asciinemad {
namespace {

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count;
}

Pipe new_pipe() {
  auto pipe = make_pipe();
  REQUIRE(pipe.ok());
  return std::move(pipe).value();
}

SocketPair new_socket_pair() {
  auto pair = make_socket_pair();
  REQUIRE(pair.ok());
  return std::move(pair).value();
}

bool is_close_on_exec(int fd) { return (::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0; }
bool is_nonblocking(int fd) { return (::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0; }

std::string read_some(int fd) {
  std::array<char, 4096> buffer{};
  const ssize_t n = ::read(fd, buffer.data(), buffer.size());
  return n > 0 ? std::string(buffer.data(), static_cast<std::size_t>(n)) : std::string();
}

// Whether what is written to `fd` comes out of `read_end`.
bool leads_to(const Fd& fd, const Fd& read_end) {
  return write_all(fd.get(), "x", -1).ok() && read_some(read_end.get()) == "x";
}

Received receive_some(int socket, std::size_t most = 4096) {
  std::vector<char> buffer(most);
  auto received = receive_with_fds(socket, buffer);
  REQUIRE(received.ok());
  return std::move(received).value();
}

// Past what send_with_fds() allows, as a hostile peer may.
void send_raw(int socket, const std::vector<int>& fds) {
  char byte = '!';
  iovec chunk{&byte, 1};
  std::vector<char> control(CMSG_SPACE(fds.size() * sizeof(int)));
  msghdr message{};
  message.msg_iov = &chunk;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
  std::memcpy(CMSG_DATA(header), fds.data(), fds.size() * sizeof(int));
  REQUIRE(::sendmsg(socket, &message, 0) == 1);
}

TEST_CASE("fd: owns one descriptor, closes it once and keeps errno") {
  const std::size_t before = open_descriptors();
  {
    Pipe pipe = new_pipe();
    CHECK((is_close_on_exec(pipe.read_end.get()) && is_close_on_exec(pipe.write_end.get())));
    CHECK_FALSE((is_nonblocking(pipe.read_end.get()) || is_nonblocking(pipe.write_end.get())));
    Fd moved(std::move(pipe.read_end));
    CHECK_FALSE(static_cast<bool>(pipe.read_end));  // NOLINT(bugprone-use-after-move): that is it
    moved = std::move(pipe.write_end);
    CHECK(open_descriptors() == before + 1);
    const int raw = moved.release();
    CHECK_FALSE(static_cast<bool>(moved));
    Fd again(raw);
    errno = EDOM;
    again.reset();
    again.reset();
    CHECK(errno == EDOM);
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("fd: a duplicate shares the open file description") {
  const Pipe pipe = new_pipe();
  auto copy = duplicate(pipe.read_end.get());
  REQUIRE(copy.ok());
  CHECK(is_close_on_exec(copy->get()));
  REQUIRE(set_nonblocking(copy->get(), true).ok());
  CHECK(is_nonblocking(pipe.read_end.get()));
  REQUIRE(set_nonblocking(pipe.read_end.get(), false).ok());
  CHECK_FALSE(is_nonblocking(copy->get()));

  const auto closed = duplicate(-1);
  REQUIRE_FALSE(closed.ok());
  CHECK(closed.error().sys_errno == EBADF);
  CHECK(set_nonblocking(-1, true).error().sys_errno == EBADF);
}

TEST_CASE("fd: as many descriptors as allowed arrive, in order and CLOEXEC") {
  const SocketPair sockets = new_socket_pair();
  std::vector<Pipe> pipes;
  std::vector<int> fds;
  for (std::size_t i = 0; i < kMaxFdsPerMessage; ++i) {
    pipes.push_back(new_pipe());
    fds.push_back(pipes.back().write_end.get());
  }
  const auto sent = send_with_fds(sockets.first.get(), "message", fds);
  REQUIRE(sent.ok());
  CHECK(*sent == 7);
  const Received received = receive_some(sockets.second.get());
  CHECK(received.size == 7);
  CHECK_FALSE(received.truncated);
  REQUIRE(received.fds.size() == kMaxFdsPerMessage);
  for (std::size_t i = 0; i < kMaxFdsPerMessage; ++i) {
    CHECK(is_close_on_exec(received.fds[i].get()));
    CHECK(leads_to(received.fds[i], pipes[i].read_end));
  }
}

TEST_CASE("fd: descriptors come with or after their message's first byte, not before") {
  const SocketPair sockets = new_socket_pair();
  const Pipe a = new_pipe();
  const Pipe b = new_pipe();
  const Pipe c = new_pipe();
  const std::vector<int> ab = {a.write_end.get(), b.write_end.get()};
  const std::vector<int> just_c = {c.write_end.get()};
  const std::string expected = "plainABplainC";
  for (const std::size_t most : {1U, 3U, 4096U}) {
    CAPTURE(most);
    REQUIRE(send_with_fds(sockets.first.get(), "plain", {}).ok());
    REQUIRE(send_with_fds(sockets.first.get(), "AB", ab).ok());
    REQUIRE(send_with_fds(sockets.first.get(), "plain", {}).ok());
    REQUIRE(send_with_fds(sockets.first.get(), "C", just_c).ok());
    std::size_t size = 0;
    std::vector<Fd> fds;
    while (size < expected.size()) {
      Received received = receive_some(sockets.second.get(), most);
      size += received.size;
      for (Fd& fd : received.fds) fds.push_back(std::move(fd));
      CHECK((size > 5 || fds.empty()));
      CHECK((size > 12 || fds.size() <= 2));
      if (size >= 7) CHECK(fds.size() >= 2);
    }
    REQUIRE(fds.size() == 3);
    CHECK(leads_to(fds[0], a.read_end));
    CHECK(leads_to(fds[1], b.read_end));
    CHECK(leads_to(fds[2], c.read_end));
  }
}

TEST_CASE("fd: more descriptors than allowed are told as truncated, and none leaks") {
  const SocketPair sockets = new_socket_pair();
  const Pipe pipe = new_pipe();
  for (const std::size_t count : {kMaxFdsPerMessage + 1, kMaxFdsPerMessage * 2, std::size_t{250}}) {
    const std::size_t before = open_descriptors();
    send_raw(sockets.first.get(), std::vector<int>(count, pipe.write_end.get()));
    {
      const Received received = receive_some(sockets.second.get());
      CHECK(received.size == 1);
      CHECK(received.truncated);
      CHECK(received.fds.size() <= kMaxFdsPerMessage);
    }
    CHECK(open_descriptors() == before);
  }
}

TEST_CASE("fd: sending more descriptors than allowed is refused") {
  const SocketPair sockets = new_socket_pair();
  const std::vector<int> fds(kMaxFdsPerMessage + 1, sockets.first.get());
  const auto sent = send_with_fds(sockets.first.get(), "x", fds);
  REQUIRE_FALSE(sent.ok());
  CHECK(sent.error().code == Errc::limit_exceeded);
}

TEST_CASE("fd: nothing to receive, no room to send, the end of the stream, a peer that is gone") {
  SocketPair sockets = new_socket_pair();
  std::array<char, 16> buffer{};
  const auto nothing = receive_with_fds(sockets.second.get(), buffer);
  REQUIRE_FALSE(nothing.ok());
  CHECK(nothing.error().code == Errc::system);
  CHECK(nothing.error().sys_errno == EAGAIN);

  const std::string block(100'000, 'b');
  auto sent = send_with_fds(sockets.first.get(), block, {});
  while (sent.ok()) {
    REQUIRE(*sent > 0);
    sent = send_with_fds(sockets.first.get(), block, {});
  }
  CHECK(sent.error().sys_errno == EAGAIN);
  sockets.second.reset();
  sent = send_with_fds(sockets.first.get(), block, {});  // and no SIGPIPE
  REQUIRE_FALSE(sent.ok());
  CHECK(sent.error().sys_errno == EPIPE);

  SocketPair ended = new_socket_pair();
  ended.first.reset();
  CHECK(receive_some(ended.second.get()).size == 0);
}

TEST_CASE("fd: write_all waits for a slow reader and says when none reads") {
  const Pipe pipe = new_pipe();
  REQUIRE(set_nonblocking(pipe.write_end.get(), true).ok());
  std::string text;
  for (int i = 0; i < 60'000; ++i) text += std::to_string(i) + '\n';
  std::string read;
  std::thread reader([&] {
    while (read.size() < text.size()) read += read_some(pipe.read_end.get());
  });
  const Status written = write_all(pipe.write_end.get(), text, -1);
  reader.join();
  CHECK(written.ok());
  CHECK((read == text));

  const Status stuck = write_all(pipe.write_end.get(), std::string(1 << 20, 'x'), 1);
  REQUIRE_FALSE(stuck.ok());
  CHECK(stuck.error().code == Errc::timed_out);
}

TEST_CASE("fd: write_all of nothing, to nobody, to a descriptor that cannot be written") {
  const test::IgnoreSignal no_sigpipe(SIGPIPE);
  Pipe pipe = new_pipe();
  CHECK(write_all(pipe.write_end.get(), "", 0).ok());
  CHECK(write_all(pipe.read_end.get(), "x", 0).error().sys_errno == EBADF);
  pipe.read_end.reset();
  CHECK(write_all(pipe.write_end.get(), "x", 0).error().sys_errno == EPIPE);
}

}  // namespace
}  // namespace asciinemad
