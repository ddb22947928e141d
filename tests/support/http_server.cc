#include "tests/support/http_server.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace asciinemad::test {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

Fd make_socket(int flags = 0) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  REQUIRE(static_cast<bool>(fd));
  return fd;
}

int connect_to(int fd, std::uint16_t port) {
  const sockaddr_in address = loopback(port);
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

// Returns the port that the kernel chose.
std::uint16_t bind_loopback(int fd) {
  sockaddr_in address = loopback(0);
  REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  socklen_t size = sizeof(address);
  REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  return ntohs(address.sin_port);
}

class PlainChannel final : public Channel {
 public:
  explicit PlainChannel(Fd fd) : fd_(std::move(fd)) {}
  ssize_t read(char* buffer, std::size_t size) override {
    return ::recv(fd_.get(), buffer, size, 0);
  }
  bool write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  void finish() override {}
  int fd() const override { return fd_.get(); }

 private:
  Fd fd_;
};

// Up to the empty line; empty when the client ends before.
std::string read_head(Channel& channel) {
  std::string head;
  char byte = 0;
  while (!head.ends_with("\r\n\r\n")) {
    if (channel.read(&byte, 1) != 1) return {};
    head += byte;
  }
  return head;
}

// What stands between `before` and the next `after`; empty when they are not there.
std::string between(std::string_view text, std::string_view before, std::string_view after) {
  const std::size_t begin = text.find(before);
  if (begin == std::string_view::npos) return {};
  text.remove_prefix(begin + before.size());
  const std::size_t end = text.find(after);
  return end == std::string_view::npos ? "" : std::string(text.substr(0, end));
}

// The value in `lines`, which end in CR LF each; empty when there is none of that name.
std::string find_header(std::string_view lines, std::string_view name) {
  for (std::size_t end = 0; (end = lines.find("\r\n")) != std::string_view::npos;) {
    const std::string_view line = lines.substr(0, end);
    const bool same = line.size() > name.size() && line[name.size()] == ':' &&
                      ::strncasecmp(line.data(), name.data(), name.size()) == 0;
    if (same) return std::string(line.substr(std::min(name.size() + 2, line.size())));
    lines.remove_prefix(end + 2);
  }
  return {};
}

}  // namespace

std::unique_ptr<Channel> make_plain_channel(Fd fd) {
  return std::make_unique<PlainChannel>(std::move(fd));
}

std::string Exchange::target() const {
  const std::size_t begin = head_.find(' ') + 1;
  return head_.substr(begin, head_.find(' ', begin) - begin);
}

std::string Exchange::header(std::string_view name) const { return find_header(head_, name); }

void Exchange::respond(std::string_view status, std::string_view headers, std::string_view body) {
  send("HTTP/1.1 " + std::string(status) + "\r\n" + std::string(headers) +
       "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
}

std::uint64_t Exchange::body_bytes() const {
  const std::string length = header("Content-Length");
  return length.empty() ? 0 : std::stoull(length);
}

bool Exchange::take_body(std::uint64_t bytes, bool keep) {
  std::array<char, 65536> buffer{};
  const std::uint64_t end = std::min(bytes, body_bytes());
  while (taken_ < end) {
    const std::size_t wanted = std::min<std::uint64_t>(buffer.size(), end - taken_);
    const ssize_t n = channel_.read(buffer.data(), wanted);
    if (n <= 0) return false;
    taken_ += static_cast<std::uint64_t>(n);
    if (keep) body_.append(buffer.data(), static_cast<std::size_t>(n));
  }
  return true;
}

std::vector<FormPart> Exchange::form() const {
  const std::string type = header("Content-Type");
  constexpr std::string_view kType = "multipart/form-data; boundary=";
  if (!type.starts_with(kType)) return {};
  const std::string line = "\r\n--" + type.substr(kType.size());
  std::vector<FormPart> parts;
  // As if the first boundary had a line before it, too.
  std::string rest = "\r\n" + body_;
  while (rest.starts_with(line + "\r\n")) {
    rest.erase(0, line.size());
    const std::size_t head_end = rest.find("\r\n\r\n");
    const std::size_t end = rest.find(line);
    if (head_end == std::string::npos || end == std::string::npos || end < head_end + 4) return {};
    const std::string head = rest.substr(2, head_end);
    const std::string disposition = find_header(head, "Content-Disposition");
    if (!disposition.starts_with("form-data; ")) return {};
    parts.push_back({between(disposition, "; name=\"", "\""),
                     between(disposition, "; filename=\"", "\""), find_header(head, "Content-Type"),
                     rest.substr(head_end + 4, end - head_end - 4)});
    rest.erase(0, end);
  }
  if (rest != line + "--\r\n") return {};
  return parts;
}

void Exchange::reset() {
  const linger at_once{1, 0};
  ::setsockopt(channel_.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  reset_ = true;
}

bool Exchange::client_leaves(int timeout_ms) const {
  // A TLS client says goodbye before it goes.
  pollfd watched{channel_.fd(), POLLIN | POLLRDHUP, 0};
  return ::poll(&watched, 1, timeout_ms) > 0;
}

void Exchange::relay(std::uint16_t port) {
  const Fd peer = make_socket();
  if (connect_to(peer.get(), port) != 0) return;
  std::array<char, 4096> buffer{};
  for (;;) {
    std::array<pollfd, 2> watched = {{{channel_.fd(), POLLIN, 0}, {peer.get(), POLLIN, 0}}};
    if (::poll(watched.data(), watched.size(), -1) < 0) return;
    if (watched[0].revents != 0) {
      const ssize_t n = channel_.read(buffer.data(), buffer.size());
      if (n <= 0 ||
          ::send(peer.get(), buffer.data(), static_cast<std::size_t>(n), MSG_NOSIGNAL) != n) {
        return;
      }
    }
    if (watched[1].revents != 0) {
      const ssize_t n = ::recv(peer.get(), buffer.data(), buffer.size(), 0);
      if (n <= 0 || !send({buffer.data(), static_cast<std::size_t>(n)})) return;
    }
  }
}

HttpServer::HttpServer(Handler handler, ChannelMaker make_channel)
    : handler_(std::move(handler)),
      make_channel_(std::move(make_channel)),
      listener_(make_socket()),
      port_(bind_loopback(listener_.get())) {
  REQUIRE(::listen(listener_.get(), 16) == 0);
  accepter_ = std::thread([this] { accept_all(); });
}

HttpServer::~HttpServer() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  ::shutdown(listener_.get(), SHUT_RDWR);
  accepter_.join();
  for (std::thread& thread : threads_) thread.join();
}

std::vector<std::string> HttpServer::heads() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return heads_;
}

void HttpServer::accept_all() {
  for (;;) {
    Fd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_ || !connection) return;
    // What a handler sent is on its way before it goes on or resets the connection.
    const int on = 1;
    ::setsockopt(connection.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    open_.push_back(connection.get());
    threads_.emplace_back([this, fd = connection.release()] { serve(Fd(fd)); });
  }
}

void HttpServer::serve(Fd connection) {
  const int fd = connection.get();
  // Kept until the number is forgotten: the destructor must not shut down somebody else's socket.
  const Result<Fd> kept = duplicate(fd);
  const std::unique_ptr<Channel> channel = make_channel_(std::move(connection));
  const std::string head = channel != nullptr ? read_head(*channel) : "";
  if (!head.empty()) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      heads_.push_back(head);
    }
    Exchange exchange(*channel, head);
    handler_(exchange);
    if (!exchange.is_reset()) {
      if (!exchange.is_cut()) channel->finish();
      // Closing with unread input would reset the connection and take the answer with it.
      ::shutdown(channel->fd(), SHUT_WR);
      exchange.client_leaves();
    }
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  open_.remove(fd);
}

SilentPort::SilentPort() : listener_(make_socket()), port_(bind_loopback(listener_.get())) {
  REQUIRE(::listen(listener_.get(), 0) == 0);
  // The kernel drops attempts for which there is no room among those not accepted yet.
  for (int i = 0; i < 8; ++i) {
    waiting_.push_back(make_socket(SOCK_NONBLOCK));
    connect_to(waiting_.back().get(), port_);
    pollfd connected{waiting_.back().get(), POLLOUT, 0};
    if (::poll(&connected, 1, 50) == 0) return;
  }
  FAIL("every connection was accepted");
}

std::uint16_t closed_port() {
  const Fd fd = make_socket();
  return bind_loopback(fd.get());
}

}  // namespace asciinemad::test
