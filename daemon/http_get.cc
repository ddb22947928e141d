#include "daemon/http_get.h"

#include <httplib.h>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "build_config.h"
#include "common/printable.h"

namespace asciinemad {
namespace {

constexpr const char* kUserAgent = "asciinemad/" ASCIINEMAD_VERSION;
constexpr std::size_t kMaxHeadBytes = 65536;
// The library matches the status line with a regular expression, whose stack grows with its length.
constexpr std::size_t kMaxStatusLineBytes = 1024;
constexpr std::size_t kMaxLineBytes = 8192;

Error not_http() { return Error{Errc::invalid_data, "the answer is not valid HTTP"}; }
Error ended_early() { return Error{Errc::invalid_data, "the connection ended early"}; }

bool equals_ignoring_case(const std::string& text, const char* lower) {
  return ::strcasecmp(text.c_str(), lower) == 0;
}

std::string short_reason(const std::string& reason) {
  constexpr std::size_t kMaxShown = 60;
  return printable(std::string_view(reason).substr(0, kMaxShown));
}

void add_credentials(const std::string& user_info, bool for_proxy, httplib::Headers& headers) {
  if (user_info.empty()) return;
  const std::size_t colon = std::min(user_info.find(':'), user_info.size());
  const std::string password = colon < user_info.size() ? user_info.substr(colon + 1) : "";
  headers.insert(httplib::make_basic_authentication_header(
      percent_decode(user_info.substr(0, colon)), percent_decode(password), for_proxy));
}

// The connection as the library sees it. It reads heads and chunk sizes byte by byte without a
// bound; here they get one.
class BoundedStream final : public httplib::Stream {
 public:
  BoundedStream(const HttpSocket& socket, HttpTls* tls) : socket_(socket), tls_(tls) {}

  // What ended the transfer, unless the other side or the library did.
  const std::optional<Error>& error() const { return error_; }
  // The library wanted more than the server sent.
  bool at_end() const { return at_end_; }
  bool got_anything() const { return got_anything_; }
  // Of a chunked body: the library has read the size of the last chunk and the line behind it.
  bool saw_last_chunk() const;
  // The end of what was read, at most four bytes.
  std::string_view last_bytes() const { return last_bytes_; }
  void on_head_end() { in_head_ = false; }

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* buffer, std::size_t size) override;
  ssize_t write(const char* bytes, std::size_t size) override;
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return socket_.fd(); }

 private:
  // False, with error_ set or at_end_, when there is nothing.
  bool refill();
  bool take_line_byte(char byte);
  void remember(std::string_view bytes);

  const HttpSocket& socket_;
  HttpTls* const tls_;  // null without TLS
  std::array<char, 16384> buffer_{};
  std::string_view unread_;
  std::string last_bytes_;
  std::optional<Error> error_;
  bool at_end_ = false;
  bool got_anything_ = false;
  bool in_head_ = true;
  std::size_t head_bytes_ = 0;
  std::string line_;                  // so far; a body's single byte may be in front of it
  std::array<std::string, 2> lines_;  // the last whole ones, with nothing else between them
};

bool BoundedStream::refill() {
  Result<std::size_t> got = tls_ != nullptr ? tls_->read(buffer_) : socket_.read(buffer_);
  if (!got.ok()) {
    error_ = got.take_error();
    return false;
  }
  at_end_ = *got == 0;
  got_anything_ = got_anything_ || !at_end_;
  unread_ = std::string_view(buffer_.data(), *got);
  return !at_end_;
}

bool BoundedStream::take_line_byte(char byte) {
  line_ += byte;
  const std::size_t most = line_.starts_with("HTTP/") ? kMaxStatusLineBytes : kMaxLineBytes;
  if (in_head_) ++head_bytes_;
  if (head_bytes_ > kMaxHeadBytes || line_.size() > most) {
    error_ = not_http();
    return false;
  }
  if (byte != '\n') return true;
  lines_[0] = std::exchange(lines_[1], std::exchange(line_, ""));
  return true;
}

bool BoundedStream::saw_last_chunk() const {
  const std::string_view size = lines_[0];
  return size.starts_with('0') && size.find_first_not_of('0') == size.find_first_of("; \t\r");
}

void BoundedStream::remember(std::string_view bytes) {
  last_bytes_.append(bytes.substr(bytes.size() - std::min<std::size_t>(bytes.size(), 4)));
  if (last_bytes_.size() > 4) last_bytes_.erase(0, last_bytes_.size() - 4);
}

ssize_t BoundedStream::read(char* buffer, std::size_t size) {
  if (error_.has_value()) return -1;
  if (unread_.empty() && !refill()) return at_end_ ? 0 : -1;
  const std::size_t n = unread_.copy(buffer, size);
  unread_.remove_prefix(n);
  if (size == 1) {
    if (!take_line_byte(buffer[0])) return -1;
  } else {
    line_.clear();
    lines_.fill({});
  }
  if (!in_head_) remember({buffer, n});
  return static_cast<ssize_t>(n);
}

ssize_t BoundedStream::write(const char* bytes, std::size_t size) {
  Status written = tls_ != nullptr ? tls_->write({bytes, size}) : socket_.write({bytes, size});
  if (written.ok()) return static_cast<ssize_t>(size);
  error_ = written.take_error();
  return -1;
}

// The library's client without its sockets: it writes a request to a stream and parses the answer.
// Its own connections wait with no regard to a total time-out, a second address or being cancelled.
class StreamClient final : public httplib::ClientImpl {
 public:
  StreamClient(const Url& url, BoundedStream& stream)
      : httplib::ClientImpl(url.host, url.port), stream_(stream) {
    set_url_encode(false);
    set_keep_alive(false);
  }

 private:
  // The library closes it.
  bool create_and_connect_socket(Socket& socket, httplib::Error& error) override {
    Result<Fd> copy = duplicate(stream_.socket());
    if (!copy.ok()) error = httplib::Error::Connection;
    socket.sock = copy.ok() ? copy->release() : INVALID_SOCKET;
    return copy.ok();
  }
  bool process_socket(const Socket&, std::function<bool(httplib::Stream&)> callback) override {
    return callback(stream_);
  }
  bool is_ssl() const override { return false; }

  BoundedStream& stream_;
};

// One request and its answer over a stream.
class Exchange {
 public:
  Exchange(const HttpGet& request, BoundedStream& stream, HttpReceiver& receiver)
      : request_(request), stream_(stream), receiver_(receiver) {}

  Status run();

 private:
  bool on_head(const httplib::Response& response);
  bool on_body(std::string_view bytes);
  Status outcome(bool succeeded) const;
  bool is_whole() const;

  const HttpGet& request_;
  BoundedStream& stream_;
  HttpReceiver& receiver_;
  std::optional<Error> error_;
  bool has_head_ = false;
  bool wanted_ = false;
  bool delimited_ = false;  // by a length or chunks, so that no end of the connection is a good one
  bool chunked_ = false;
  bool compressed_ = false;
  bool gzip_ = false;
  std::uint64_t body_bytes_ = 0;
};

bool Exchange::on_head(const httplib::Response& response) {
  stream_.on_head_end();
  has_head_ = true;
  const std::string coding = response.get_header_value("Transfer-Encoding");
  const std::string length = response.get_header_value("Content-Length");
  const std::string encoding = response.get_header_value("Content-Encoding");
  const bool digits =
      std::all_of(length.begin(), length.end(), [](char c) { return c >= '0' && c <= '9'; });
  const bool has_coding = response.has_header("Transfer-Encoding");
  const bool has_length = response.has_header("Content-Length") && !has_coding;
  // With anything else the library would take framing for content.
  if ((has_coding && !equals_ignoring_case(coding, "chunked")) ||
      (has_length && (!digits || length.empty() || length.size() > 18)) ||
      response.get_header_value_count("Content-Length") > 1) {
    error_ = not_http();
    return false;
  }
  delimited_ = has_length || has_coding;
  chunked_ = has_coding;
  compressed_ = !encoding.empty() && !equals_ignoring_case(encoding, "identity");
  gzip_ = encoding == "gzip";
  HttpHead head{response.status, short_reason(response.reason),
                response.get_header_value("Location"), response.get_header_value("Content-Type"),
                std::nullopt};
  if (has_length && !compressed_) head.content_bytes = std::stoull(length);
  wanted_ = receiver_.on_head(head);
  return wanted_;
}

bool Exchange::on_body(std::string_view bytes) {
  body_bytes_ += bytes.size();
  if (bytes.empty()) return true;
  Status taken = receiver_.on_body(bytes);
  if (!taken.ok()) error_ = taken.take_error();
  return taken.ok();
}

// The library does not ask whether a compressed stream came to its end, and where the body ends
// with the connection nothing else tells: gzip's last four bytes are the length of the content.
bool Exchange::is_whole() const {
  if (!gzip_) return true;
  std::uint32_t length = 0;
  for (std::size_t i = stream_.last_bytes().size(); i-- > 0;) {
    length = length << 8 | static_cast<unsigned char>(stream_.last_bytes()[i]);
  }
  return length == static_cast<std::uint32_t>(body_bytes_);
}

Status Exchange::outcome(bool succeeded) const {
  if (error_.has_value()) return *error_;
  if (has_head_ && !wanted_) return {};
  if (stream_.error().has_value()) return *stream_.error();
  if (!has_head_ && !stream_.got_anything()) {
    return Error{Errc::unavailable, "the server closed the connection without an answer"};
  }
  // The library takes a chunk with something behind it for the last one, and the last one with
  // trailers behind it for malformed.
  if (chunked_ && !stream_.at_end() && stream_.saw_last_chunk()) return {};
  if (!chunked_ && succeeded) return is_whole() ? Status() : Status(ended_early());
  if (stream_.at_end() && (delimited_ || !has_head_)) return ended_early();
  if (compressed_ && !succeeded)
    return Error{Errc::invalid_data, "the answer cannot be decompressed"};
  return not_http();
}

Status Exchange::run() {
  StreamClient client(request_.url, stream_);
  httplib::Headers headers = {
      {"Host", request_.url.authority()},
      {"User-Agent", kUserAgent},
      {"Accept", "application/x-asciicast, application/asciicast+json, text/html;q=0.5, */*;q=0.1"},
      // No brotli: whether its stream is whole could not be told.
      {"Accept-Encoding", "gzip"}};
  add_credentials(request_.url.user_info, false, headers);
  std::string target = request_.url.target;
  if (request_.proxy.has_value() && !request_.url.is_https()) {
    target = request_.url.text();
    add_credentials(request_.proxy->user_info, true, headers);
  }
  const httplib::Result result = client.Get(
      target, headers, [this](const httplib::Response& response) { return on_head(response); },
      [this](const char* bytes, std::size_t size) {
        return on_body({bytes, size});
      });
  if (result && !has_head_) on_head(*result);  // a status that has no body
  return outcome(static_cast<bool>(result));
}

// Asks the proxy for a connection to the URL's host. Byte by byte, since what follows is TLS's.
Status open_tunnel(const HttpSocket& socket, const HttpGet& request) {
  const Url& url = request.url;
  const std::string host =
      url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
  const std::string peer = host + ":" + std::to_string(url.port);
  std::string head =
      "CONNECT " + peer + " HTTP/1.1\r\nHost: " + peer + "\r\nUser-Agent: " + kUserAgent + "\r\n";
  httplib::Headers headers;
  add_credentials(request.proxy->user_info, true, headers);
  for (const auto& [name, value] : headers) head.append(name).append(": ").append(value) += "\r\n";
  TRY(socket.write(head + "\r\n"));

  std::string answer;
  while (!answer.ends_with("\r\n\r\n")) {
    char byte = 0;
    TRY_ASSIGN(const std::size_t got, socket.read({&byte, 1}));
    if (got == 0) return Error{Errc::unavailable, "the proxy closed the connection"};
    answer += byte;
    if (answer.size() > kMaxLineBytes) return not_http();
  }
  const std::string line = answer.substr(0, answer.find("\r\n"));
  if (line.starts_with("HTTP/1.") && line.size() >= 12 && line.substr(8, 2) == " 2") return {};
  return Error{Errc::unavailable,
               "the proxy " + request.proxy->authority() + " answered " +
                   short_reason(line.substr(std::min(line.find(' ') + 1, line.size())))};
}

}  // namespace

Status http_get(const HttpGet& request, HttpReceiver& receiver) {
  const Url& peer = request.proxy.has_value() ? *request.proxy : request.url;
  TRY_ASSIGN(const HttpSocket socket, HttpSocket::connect(peer.host, peer.port, request.waits));
  std::unique_ptr<HttpTls> tls;
  if (request.url.is_https()) {
    if (request.proxy.has_value()) TRY(open_tunnel(socket, request));
    TRY_ASSIGN(tls, HttpTls::handshake(socket, request.url.host, request.trusted));
  }
  BoundedStream stream(socket, tls.get());
  try {
    return Exchange(request, stream, receiver).run();
  } catch (const std::exception& e) {
    return Error{Errc::invalid_data, std::string("the answer cannot be parsed: ") + e.what()};
  }
}

}  // namespace asciinemad
