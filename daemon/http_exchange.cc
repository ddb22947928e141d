#include "daemon/http_exchange.h"

#include <httplib.h>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "daemon/http_stream.h"

namespace asciinemad {
namespace {

Error ended_early() { return Error{Errc::invalid_data, "the connection ended early"}; }

bool equals_ignoring_case(const std::string& text, const char* lower) {
  return ::strcasecmp(text.c_str(), lower) == 0;
}

// The connection as the library sees it.
class LibraryStream final : public httplib::Stream {
 public:
  explicit LibraryStream(HttpStream& stream) : stream_(stream) {}

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* buffer, std::size_t size) override { return stream_.read(buffer, size); }
  // The library has to believe that all has been sent before it reads an answer.
  ssize_t write(const char* bytes, std::size_t size) override {
    last_sent_ = stream_.send({bytes, size});
    return last_sent_ == HttpStream::Sent::failed ? -1 : static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return stream_.fd(); }

  HttpStream::Sent last_sent() const { return last_sent_; }

 private:
  HttpStream& stream_;
  HttpStream::Sent last_sent_ = HttpStream::Sent::whole;
};

// The library's client without its sockets: it writes a request to a stream and parses the answer.
// Its own connections wait with no regard to a total time-out, a second address or being cancelled,
// and lose an answer that comes while the body goes out.
class StreamClient final : public httplib::ClientImpl {
 public:
  StreamClient(const Url& url, LibraryStream& stream)
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

  LibraryStream& stream_;
};

class Exchange {
 public:
  Exchange(const HttpRoute& route, const HttpRequest& request, HttpStream& stream,
           HttpReceiver& receiver)
      : route_(route),
        request_(request),
        stream_(stream),
        library_stream_(stream),
        receiver_(receiver) {}

  Status run();

 private:
  httplib::Request for_library();
  bool send_body(std::size_t left, httplib::DataSink& sink);
  bool on_head(const httplib::Response& response);
  bool on_body(std::string_view bytes);
  Status outcome(bool succeeded) const;
  bool is_whole() const;

  const HttpRoute& route_;
  const HttpRequest& request_;
  HttpStream& stream_;
  LibraryStream library_stream_;
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

// One piece of it; `left` is what the library still misses.
bool Exchange::send_body(std::size_t left, httplib::DataSink& sink) {
  if (stream_.has_answer()) {
    // It can't be told that it is enough; the stream drops them.
    static constexpr std::array<char, 65536> kNothing{};
    return sink.write(kNothing.data(), std::min(left, kNothing.size()));
  }
  Result<std::string_view> piece = request_.body->next();
  if (!piece.ok()) {
    error_ = piece.take_error();
    return false;
  }
  if (!sink.write(piece->data(), piece->size())) return false;
  const bool last = piece->size() >= left;
  if (last && library_stream_.last_sent() == HttpStream::Sent::whole) request_.body->on_sent();
  return true;
}

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
  HttpHead head{response.status,
                short_reason(response.reason),
                response.get_header_value("Location"),
                response.get_header_value("Content-Type"),
                response.get_header_value("Warning"),
                response.get_header_value("Retry-After"),
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

httplib::Request Exchange::for_library() {
  httplib::Request request;
  request.method = request_.method;
  request.path = route_.url.target;
  request.headers.insert(request_.headers.begin(), request_.headers.end());
  request.headers.emplace("Host", route_.url.authority());
  if (route_.proxy.has_value() && !route_.url.is_https()) {
    request.path = route_.url.text();
    if (!route_.proxy->user_info.empty()) {
      request.headers.emplace("Proxy-Authorization", basic_credentials(route_.proxy->user_info));
    }
  }
  if (request_.body != nullptr) {
    request.content_length_ = request_.body->bytes();
    request.content_provider_ = [this](std::size_t, std::size_t left, httplib::DataSink& sink) {
      return send_body(left, sink);
    };
  }
  request.response_handler = [this](const httplib::Response& response) {
    return on_head(response);
  };
  request.content_receiver = [this](const char* bytes, std::size_t size, std::uint64_t,
                                    std::uint64_t) {
    return on_body({bytes, size});
  };
  return request;
}

Status Exchange::run() {
  StreamClient client(route_.url, library_stream_);
  const httplib::Result result = client.send(for_library());
  if (result && !has_head_) on_head(*result);  // a status that has no body
  return outcome(static_cast<bool>(result));
}

}  // namespace

Status http_exchange(const HttpRoute& route, const HttpRequest& request, HttpReceiver& receiver) {
  TRY_ASSIGN(const auto connection, open_route(route));
  HttpStream stream(*connection);
  try {
    return Exchange(route, request, stream, receiver).run();
  } catch (const std::exception& e) {
    return Error{Errc::invalid_data, std::string("the answer cannot be parsed: ") + e.what()};
  }
}

}  // namespace asciinemad
