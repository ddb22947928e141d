// HttpServer: an HTTP or HTTPS server whose handler says byte by byte what goes out, and so can do
// everything wrong that servers, proxies and networks do.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/fd.h"

namespace asciinemad::test {

// An accepted connection, blocking.
class Channel {
 public:
  virtual ~Channel() = default;
  virtual ssize_t read(char* buffer, std::size_t size) = 0;
  virtual bool write(std::string_view bytes) = 0;
  // Announces the end, where the protocol can. The connection itself stays open.
  virtual void finish() = 0;
  virtual int fd() const = 0;
};

// Null when the handshake fails.
using ChannelMaker = std::function<std::unique_ptr<Channel>(Fd)>;
std::unique_ptr<Channel> make_plain_channel(Fd fd);

// A part of a multipart/form-data body.
struct FormPart {
  std::string name;
  std::string file_name;
  std::string content_type;
  std::string content;
};

// What a handler does with one request. Afterwards the connection is closed in order, but not
// before the client has begun to leave or to send what the handler did not read.
class Exchange {
 public:
  Exchange(Channel& channel, std::string head) : channel_(channel), head_(std::move(head)) {}

  const std::string& head() const { return head_; }
  // Second word of the request line.
  std::string target() const;
  // Empty when it is not there.
  std::string header(std::string_view name) const;

  // False when the client has gone.
  bool send(std::string_view bytes) { return channel_.write(bytes); }
  // A whole answer with a Content-Length; `headers` end in CR LF each.
  void respond(std::string_view status, std::string_view headers, std::string_view body);
  void redirect(std::string_view location) {
    respond("302 Found", "Location: " + std::string(location) + "\r\n", "");
  }
  // Waits for that; false when it did not happen in time.
  bool client_leaves(int timeout_ms = 10'000) const;
  // Of the request's body, as announced.
  std::uint64_t body_bytes() const;
  // Goes on reading until so many bytes of the body have come altogether, or all of them. False
  // when the client leaves before.
  bool read_body(std::uint64_t bytes = UINT64_MAX) { return take_body(bytes, true); }
  // The same for a body that nobody wants to look at.
  bool skip_body(std::uint64_t bytes = UINT64_MAX) { return take_body(bytes, false); }
  // What was read.
  const std::string& body() const { return body_; }
  // Of a whole form; empty when that is malformed.
  std::vector<FormPart> form() const;

  // Ends the connection without announcing it.
  void cut() { cut_ = true; }
  bool is_cut() const { return cut_; }
  // Ends it at once: the client gets a reset.
  void reset();
  bool is_reset() const { return reset_; }
  // As a proxy: connects to a port of this host and relays until one side ends.
  void relay(std::uint16_t port);

 private:
  bool take_body(std::uint64_t bytes, bool keep);

  Channel& channel_;
  const std::string head_;
  std::string body_;
  std::uint64_t taken_ = 0;
  bool cut_ = false;
  bool reset_ = false;
};

// Listens on 127.0.0.1 with a thread for each connection. Destroying it ends them all.
class HttpServer {
 public:
  using Handler = std::function<void(Exchange&)>;

  explicit HttpServer(Handler handler, ChannelMaker make_channel = make_plain_channel);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string authority() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string url(std::string_view target) const {
    return "http://" + authority() + std::string(target);
  }
  // Of all requests so far, in their order.
  std::vector<std::string> heads() const;

 private:
  void accept_all();
  void serve(Fd connection);

  const Handler handler_;
  const ChannelMaker make_channel_;
  Fd listener_;
  std::uint16_t port_ = 0;

  mutable std::mutex mutex_;  // guards what follows
  bool stopping_ = false;
  std::vector<std::string> heads_;
  std::list<int> open_;
  std::vector<std::thread> threads_;

  std::thread accepter_;
};

// A port of 127.0.0.1 that answers no connection attempt, neither yes nor no.
class SilentPort {
 public:
  SilentPort();
  std::uint16_t port() const { return port_; }

 private:
  Fd listener_;
  std::vector<Fd> waiting_;
  std::uint16_t port_ = 0;
};

// A port of 127.0.0.1 where nobody listens.
std::uint16_t closed_port();

}  // namespace asciinemad::test
