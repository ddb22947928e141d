#include <poll.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/support/api_server.h"

namespace asciinemad::test::faults {
namespace {

// Between pieces of what drips.
constexpr int kDripMs = 1;

}  // namespace

ApiServer::Fault answer(const std::string& status, const std::string& headers,
                        const std::string& body) {
  return [=](ApiServer&, Exchange& exchange) {
    if (exchange.skip_body()) exchange.respond(status, headers, body);
  };
}

ApiServer::Fault early(const std::string& status, const std::string& headers,
                       const std::string& body) {
  return [=](ApiServer&, Exchange& exchange) { exchange.respond(status, headers, body); };
}

ApiServer::Fault reset_at(std::uint64_t body_bytes) {
  return [=](ApiServer&, Exchange& exchange) {
    exchange.skip_body(body_bytes);
    exchange.reset();
  };
}

ApiServer::Fault close_at(std::uint64_t body_bytes) {
  return [=](ApiServer&, Exchange& exchange) { exchange.skip_body(body_bytes); };
}

ApiServer::Fault lose_answer() {
  return [](ApiServer& server, Exchange& exchange) {
    server.store(exchange);
    exchange.reset();
  };
}

ApiServer::Fault cut_answer() {
  return [](ApiServer& server, Exchange& exchange) {
    if (server.store(exchange)) exchange.send("HTTP/1.1 201 Created\r\nContent-Ty");
    exchange.cut();
  };
}

ApiServer::Fault stay_mute() {
  return [](ApiServer&, Exchange& exchange) {
    constexpr int kAsLongAsItTakes = -1;
    if (exchange.skip_body()) exchange.client_leaves(kAsLongAsItTakes);
  };
}

ApiServer::Fault drip() {
  return [](ApiServer& server, Exchange& exchange) {
    constexpr std::uint64_t kPieces = 50;
    for (std::uint64_t i = 1; i <= kPieces; ++i) {
      if (!exchange.read_body(exchange.body_bytes() * i / kPieces)) return;
      ::poll(nullptr, 0, kDripMs);
    }
    if (!server.store(exchange)) return;
    constexpr std::string_view kUrl = "http://127.0.0.1/a/drop";
    const std::string text =
        "HTTP/1.1 201 Created\r\nContent-Length: " + std::to_string(kUrl.size()) + "\r\n\r\n" +
        std::string(kUrl);
    for (const char byte : text) {
      if (!exchange.send({&byte, 1})) return;
      ::poll(nullptr, 0, kDripMs);
    }
  };
}

ApiServer::Fault flood(std::uint64_t bytes) {
  return [=](ApiServer& server, Exchange& exchange) {
    if (!server.store(exchange)) return;
    exchange.send("HTTP/1.1 201 Created\r\nLocation: " + server.url("/a/flood") + "\r\n\r\n");
    const std::string piece(65536, 'x');
    for (std::uint64_t sent = 0; sent < bytes; sent += piece.size()) {
      if (!exchange.send(piece)) return;
    }
  };
}

}  // namespace asciinemad::test::faults
