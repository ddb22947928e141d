// What comes over the control socket from peers that are broken, old, new, slow or hostile: each is
// told or sent away, and the session that is being recorded meanwhile never notices.

#include <doctest/doctest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "proto/codec.h"
#include "tests/support/message_samples.h"
#include "tests/support/peer.h"
#include "tests/support/seed.h"
#include "tests/support/witness.h"

namespace asciinemad {
namespace {

using test::Peer;
using test::Witness;
using wire::ErrorCode;

std::string encoded(decltype(wire::Request::body) body, std::uint8_t fds = 0) {
  const Result<std::string> bytes = wire::encode(wire::Request{1, fds, std::move(body)});
  REQUIRE(bytes.ok());
  return *bytes;
}

std::string encoded_hello() { return encoded(wire::Hello{1, 1, "test"}); }

// The header of a message in stream framing.
std::string framing(std::uint32_t segments_minus_one, std::uint32_t words) {
  std::string header(8, '\0');
  std::memcpy(header.data(), &segments_minus_one, 4);
  std::memcpy(header.data() + 4, &words, 4);
  return header;
}

TEST_CASE("bytes that are no messages") {
  Witness witness;
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), std::string(4096, '\xff'),
        framing(0, 0x7fffffff), framing(0, (1U << 17) + 1), framing(64, 1),
        framing(0xffffffff, 0xffffffff)}) {
    Peer peer(witness.sandbox());
    peer.send(bytes);
    peer.is_sent_away(ErrorCode::limit);
  }
  for (const std::string& bytes :
       {framing(0, 1) + std::string(8, '\xff'), framing(0, 0), framing(0, 1) + std::string(8, 'x'),
        framing(0, 2) + std::string("\xfc\xff\xff\xff\x01\0\x01\0", 8) + std::string(8, '\0')}) {
    Peer peer(witness.sandbox());
    peer.send(bytes);
    peer.is_sent_away(ErrorCode::invalid);
  }
  witness.ends_well();
}

TEST_CASE("random bytes, in front of hello and behind it") {
  Witness witness;
  std::mt19937 random = test::seeded_random();
  for (int i = 0; i < 300; ++i) {
    std::string bytes = test::random_number(random, 0, 1) == 0 ? encoded_hello() : "";
    // Half of them in framing that is right.
    const std::size_t words = test::random_number(random, 1, 60);
    if (i % 2 == 0) bytes += framing(0, static_cast<std::uint32_t>(words));
    for (std::size_t b = 0; b < words * 8; ++b) {
      bytes += static_cast<char>(test::random_number(random, 0, 255));
    }
    Peer peer(witness.sandbox());
    peer.send(bytes);
  }
  witness.ends_well();
}

TEST_CASE("real messages with a few bytes changed") {
  Witness witness;
  std::mt19937 random = test::seeded_random();
  for (const wire::Request& sample : test::sample_requests()) {
    // The framing and the part that says which kind it is stay, lest it becomes a shutdown.
    constexpr std::size_t kHeadBytes = 32;
    const std::string message = *wire::encode(sample);
    if (message.size() <= kHeadBytes) continue;
    if (std::holds_alternative<wire::Shutdown>(sample.body)) continue;
    for (int i = 0; i < 10; ++i) {
      std::string bytes = message;
      for (int changes = 0; changes < 3; ++changes) {
        const std::size_t at = test::random_number(random, kHeadBytes, bytes.size() - 1);
        bytes[at] = static_cast<char>(test::random_number(random, 0, 255));
      }
      Peer peer(witness.sandbox());
      peer.send(encoded_hello());
      peer.send(bytes);
    }
  }
  witness.ends_well();
}

TEST_CASE("messages that end anywhere") {
  Witness witness;
  const std::string message = encoded_hello() + encoded(test::sample_start());
  for (std::size_t size = 0; size < message.size(); size += size < 100 ? 1 : 37) {
    Peer peer(witness.sandbox());
    peer.send(message.substr(0, size));
  }
  witness.ends_well();
}

TEST_CASE("a message in many small pieces is a message") {
  Witness witness;
  Peer peer(witness.sandbox());
  for (const char byte : encoded_hello()) peer.send({&byte, 1});
  CHECK(std::holds_alternative<wire::HelloReply>(peer.receive().body));
  peer.close();
  witness.ends_well();
}

TEST_CASE("structs inside structs, deeper than any message") {
  Witness witness;
  constexpr std::uint32_t kDepth = 100'000;
  std::string bytes = framing(0, kDepth);
  for (std::uint32_t i = 0; i < kDepth; ++i) bytes += std::string("\0\0\0\0\0\0\x01\0", 8);
  Peer peer(witness.sandbox());
  peer.send(bytes);
  // No data in it at all, so it is some request, but not hello.
  peer.is_sent_away(ErrorCode::invalid);
  witness.ends_well();
}

TEST_CASE("a first message that is not hello") {
  Witness witness;
  const std::vector<decltype(wire::Request::body)> bodies = {
      wire::GetStatus{}, wire::Shutdown{true}, wire::Stop{},
      wire::Resize{},    wire::Exited{},       wire::Start{}};
  for (const auto& body : bodies) {
    Peer peer(witness.sandbox());
    peer.send(7, body);
    peer.is_sent_away(ErrorCode::invalid);
  }
  witness.ends_well();
}

TEST_CASE("protocol versions that nobody speaks yet, or any more") {
  Witness witness;
  for (const wire::Hello& hello :
       {wire::Hello{wire::kProtocolMax + 1, wire::kProtocolMax + 9, "new"},
        wire::Hello{0, 0, "old"},
        wire::Hello{wire::kProtocolMax + 1, wire::kProtocolMin - 1, "odd"}}) {
    Peer peer(witness.sandbox());
    peer.send(1, hello);
    peer.is_sent_away(ErrorCode::version);
  }
  Peer newer(witness.sandbox());
  newer.send(1, wire::Hello{0, 999, "newer, and old enough"});
  const wire::Reply reply = newer.receive();
  const auto* hello = std::get_if<wire::HelloReply>(&reply.body);
  REQUIRE(hello != nullptr);
  CHECK(hello->protocol == wire::kProtocolMax);
  newer.close();
  witness.ends_well();
}

TEST_CASE("a request from the future is unsupported and the connection stays") {
  Witness witness;
  // What follows the framing and the root pointer: id, fds, and the union's discriminant.
  constexpr std::size_t kDiscriminantAt = 8 + 8 + 6;
  for (const std::uint16_t member : {std::uint16_t{500}, std::uint16_t{0xffff}}) {
    std::string bytes = encoded(wire::GetStatus{});
    std::memcpy(bytes.data() + kDiscriminantAt, &member, sizeof(member));
    Peer peer(witness.sandbox());
    peer.greet();
    peer.send(bytes);
    peer.is_told(ErrorCode::unsupported);
  }
  witness.ends_well();
}

TEST_CASE("requests about a session from somebody who has none") {
  Witness witness;
  Peer peer(witness.sandbox());
  peer.greet();
  const std::vector<decltype(wire::Request::body)> bodies = {
      wire::Exited{{wire::Exit::Kind::code, 0}}, wire::Stop{}, wire::Resize{},
      wire::ReleaseTerminal{}, wire::AttachTerminal{}};
  for (const auto& body : bodies) {
    peer.send(7, body);
    peer.is_told(ErrorCode::no_session);
  }
  peer.send(8, wire::Shutdown{false});
  peer.is_told(ErrorCode::busy);
  peer.close();
  witness.ends_well();
}

}  // namespace
}  // namespace asciinemad
