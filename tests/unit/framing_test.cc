#include "proto/framing.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "proto/message.h"

using asciinemad::Errc;
using asciinemad::wire::FrameParser;
using asciinemad::wire::kMaxMessageBytes;
using asciinemad::wire::kMaxSegments;

namespace {

void append_u32(std::string& out, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(value >> shift));
}

std::string header_of(std::uint32_t segment_count_minus_one,
                      const std::vector<std::uint32_t>& segment_words) {
  std::string out;
  append_u32(out, segment_count_minus_one);
  for (const std::uint32_t words : segment_words) append_u32(out, words);
  if (out.size() % 8 != 0) append_u32(out, 0);
  return out;
}

// The body repeats `fill`, so that a byte in the wrong place shows.
std::string message_of(const std::vector<std::uint32_t>& segment_words, char fill) {
  std::string out = header_of(static_cast<std::uint32_t>(segment_words.size() - 1), segment_words);
  for (const std::uint32_t words : segment_words) out.append(std::size_t{words} * 8, fill++);
  return out;
}

std::vector<std::string> sample_messages() {
  return {message_of({1}, 'a'),       message_of({0}, 'b'),    message_of({3, 2}, 'c'),
          message_of({0, 0, 0}, 'e'), message_of({1, 0}, 'f'), message_of({2, 1, 4}, 'h'),
          message_of({17}, 'k')};
}

std::string joined(const std::vector<std::string>& messages) {
  std::string out;
  for (const std::string& message : messages) out += message;
  return out;
}

// Takes all whole messages out.
void drain(FrameParser& parser, std::vector<std::string>& messages) {
  for (;;) {
    const auto message = parser.next();
    REQUIRE(message.ok());
    if (!message->has_value()) return;
    CHECK(reinterpret_cast<std::uintptr_t>((*message)->data()) % 8 == 0);
    messages.emplace_back(**message);
  }
}

bool refuses(FrameParser& parser) {
  const auto message = parser.next();
  return !message.ok() && message.error().code == Errc::limit_exceeded;
}

}  // namespace

TEST_CASE("framing: every chunk size gives the same messages") {
  const std::vector<std::string> expected = sample_messages();
  const std::string stream = joined(expected);
  for (std::size_t chunk = 1; chunk <= stream.size(); ++chunk) {
    FrameParser parser;
    std::vector<std::string> messages;
    for (std::size_t at = 0; at < stream.size(); at += chunk) {
      parser.append(std::string_view(stream).substr(at, chunk));
      drain(parser, messages);
    }
    REQUIRE(messages == expected);
    REQUIRE(parser.pending_bytes() == 0);
  }
}

TEST_CASE("framing: every split in two gives the same messages") {
  const std::vector<std::string> expected = sample_messages();
  const std::string stream = joined(expected);
  for (std::size_t split = 0; split <= stream.size(); ++split) {
    FrameParser parser;
    std::vector<std::string> messages;
    parser.append(std::string_view(stream).substr(0, split));
    drain(parser, messages);
    std::size_t whole = 0;
    for (const std::string& message : messages) whole += message.size();
    REQUIRE(parser.pending_bytes() == split - whole);
    parser.append(std::string_view(stream).substr(split));
    drain(parser, messages);
    REQUIRE(messages == expected);
  }
}

TEST_CASE("framing: many messages in one chunk, in uneven chunks") {
  std::vector<std::string> expected;
  for (std::uint32_t i = 0; i < 2000; ++i) {
    expected.push_back(message_of({i % 7, i % 3}, static_cast<char>('a' + i % 20)));
  }
  const std::string stream = joined(expected);
  std::vector<std::string> messages;
  FrameParser parser;
  parser.append(stream);
  drain(parser, messages);
  CHECK(messages == expected);

  messages.clear();
  unsigned random = 1;
  for (std::size_t at = 0; at < stream.size();) {
    random = random * 1103515245 + 12345;
    const std::size_t chunk = (random >> 16) % 300;
    parser.append(std::string_view(stream).substr(at, chunk));
    drain(parser, messages);
    at += std::min(chunk, stream.size() - at);
  }
  CHECK(messages == expected);
  CHECK(parser.pending_bytes() == 0);
}

TEST_CASE("framing: a view stays until more is appended") {
  FrameParser parser;
  const std::vector<std::string> expected = sample_messages();
  parser.append(joined(expected));
  const auto first = parser.next();
  const auto second = parser.next();
  REQUIRE((first.ok() && first->has_value() && second.ok() && second->has_value()));
  CHECK(**first == expected[0]);
  CHECK(**second == expected[1]);
}

TEST_CASE("framing: nothing, and less than a header") {
  FrameParser parser;
  std::vector<std::string> messages;
  drain(parser, messages);
  parser.append("");
  drain(parser, messages);
  CHECK(parser.pending_bytes() == 0);
  parser.append(std::string_view("\0\0\0", 3));
  drain(parser, messages);
  CHECK(messages.empty());
  CHECK(parser.pending_bytes() == 3);
}

TEST_CASE("framing: a message without any word") {
  FrameParser parser;
  std::vector<std::string> messages;
  parser.append(std::string(8, '\0'));
  drain(parser, messages);
  CHECK(messages == std::vector<std::string>{std::string(8, '\0')});
}

TEST_CASE("framing: the largest message passes, a word more is refused from its header alone") {
  const auto most_words = static_cast<std::uint32_t>(kMaxMessageBytes / 8 - 1);
  const std::string largest = message_of({most_words}, 'a');
  REQUIRE(largest.size() == kMaxMessageBytes);
  FrameParser parser;
  std::vector<std::string> messages;
  parser.append(std::string_view(largest).substr(0, 100'000));
  drain(parser, messages);
  CHECK(messages.empty());
  CHECK(parser.pending_bytes() == 100'000);
  parser.append(std::string_view(largest).substr(100'000));
  drain(parser, messages);
  REQUIRE(messages.size() == 1);
  CHECK((messages[0] == largest));

  // What came before is still delivered; what comes after never is.
  parser.append(message_of({1}, 'z') + header_of(0, {most_words + 1}));
  const auto before = parser.next();
  REQUIRE(before.ok());
  CHECK(before->has_value());
  CHECK(refuses(parser));
  parser.append(message_of({1}, 'z'));
  CHECK(refuses(parser));
}

TEST_CASE("framing: sizes whose sum would overflow 32 bits are refused") {
  constexpr std::uint32_t kHuge = std::numeric_limits<std::uint32_t>::max();
  for (const std::vector<std::uint32_t>& sizes : {std::vector<std::uint32_t>{kHuge},
                                                  {kHuge, 1},
                                                  {0x20000000},
                                                  {0x80000000, 0x80000000},
                                                  std::vector<std::uint32_t>(kMaxSegments, kHuge),
                                                  {1, 1, kHuge}}) {
    FrameParser parser;
    parser.append(header_of(static_cast<std::uint32_t>(sizes.size() - 1), sizes));
    CHECK(refuses(parser));
  }
}

TEST_CASE("framing: the most segments pass, one more is refused from the first four bytes") {
  FrameParser parser;
  std::vector<std::string> messages;
  const std::string most = message_of(std::vector<std::uint32_t>(kMaxSegments, 1), '!');
  parser.append(most);
  drain(parser, messages);
  CHECK(messages == std::vector<std::string>{most});

  for (const std::uint32_t count_minus_one : {static_cast<std::uint32_t>(kMaxSegments), 0x7FFFFFFFU,
                                              0x80000000U, 0xFFFFFFFEU, 0xFFFFFFFFU}) {
    FrameParser hostile;
    hostile.append(header_of(count_minus_one, {}).substr(0, 4));
    const auto message = hostile.next();
    REQUIRE_FALSE(message.ok());
    CHECK(message.error().code == Errc::limit_exceeded);
    CHECK(message.error().message.find("segments") != std::string::npos);
  }
}
