#include "common/utf8.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using asciinemad::Utf8Decoder;
using namespace std::string_view_literals;

namespace {

struct Case {
  std::string_view bytes;
  std::string_view text;     // what decode() gives
  std::size_t pending_size;  // and what it keeps
};

// Made with CPython 3.11: codecs.getincrementaldecoder("utf-8")("replace").
constexpr Case kCases[] = {
    {""sv, ""sv, 0},
    {"plain ascii"sv, "plain ascii"sv, 0},
    {"\x00\x7F"sv, "\x00\x7F"sv, 0},
    {"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"sv, "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"sv, 0},
    {"\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"sv,
     "\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"sv,
     0},
    {"\xC5\xBC\xC3\xB3\xC5\x82w \xE6\xBC\xA2\xE5\xAD\x97 \xE2\x94\x8C\xE2\x94\x80\xE2\x94\x90 \xF0\x9F\xA6\x8A end"sv,
     "\xC5\xBC\xC3\xB3\xC5\x82w \xE6\xBC\xA2\xE5\xAD\x97 \xE2\x94\x8C\xE2\x94\x80\xE2\x94\x90 \xF0\x9F\xA6\x8A end"sv,
     0},
    {"\x80"sv, "\xEF\xBF\xBD"sv, 0},
    {"\xBF"sv, "\xEF\xBF\xBD"sv, 0},
    {"\x80\xBF\x80"sv, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"sv, 0},
    {"a\x80"
     "b"sv,
     "a\xEF\xBF\xBD"
     "b"sv,
     0},
    {"\xC0\x80"sv, "\xEF\xBF\xBD\xEF\xBF\xBD"sv, 0},
    {"\xC1\xBF"sv, "\xEF\xBF\xBD\xEF\xBF\xBD"sv, 0},
    {"\xC2"sv, ""sv, 1},
    {"\xC2"
     "A"sv,
     "\xEF\xBF\xBD"
     "A"sv,
     0},
    {"\xC2\xC2\xA9"sv, "\xEF\xBF\xBD\xC2\xA9"sv, 0},
    {"\xDF\xC0"sv, "\xEF\xBF\xBD\xEF\xBF\xBD"sv, 0},
    {"\xE0\x80\x80"sv, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"sv, 0},
    {"\xE0\x9F\xBF"sv, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"sv, 0},
    {"\xE0\xA0"sv, ""sv, 2},
    {"\xE0\xA0"
     "A"sv,
     "\xEF\xBF\xBD"
     "A"sv,
     0},
    {"\xE0\xA0\xE0\xA0\x80"sv, "\xEF\xBF\xBD\xE0\xA0\x80"sv, 0},
    {"\xED\xA0\x80"sv, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"sv, 0},
    {"\xED\xBF\xBF"sv, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"sv, 0},
    {"\xED\x9F"sv, ""sv, 2},
    {"\xED\xA0\xBD\xED\xB8\x80"sv,
     "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"sv, 0},
    {"\xE1\x80\xC2\xA9"sv, "\xEF\xBF\xBD\xC2\xA9"sv, 0},
    {"\xEF\xBF"sv, ""sv, 2},
    {"\xEF\xBF\xBD"sv, "\xEF\xBF\xBD"sv, 0},
    {"\xF0\x80\x80\x80"sv, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"sv, 0},
    {"\xF0\x8F\xBF\xBF"sv, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"sv, 0},
    {"\xF0\x90\x80"sv, ""sv, 3},
    {"\xF0\x90\x80"
     "A"sv,
     "\xEF\xBF\xBD"
     "A"sv,
     0},
    {"\xF0\x90"
     "A"sv,
     "\xEF\xBF\xBD"
     "A"sv,
     0},
    {"\xF0\x9F\x98\xF0\x9F\x98\x80"sv, "\xEF\xBF\xBD\xF0\x9F\x98\x80"sv, 0},
    {"\xF4\x8F\xBF\xBF"sv, "\xF4\x8F\xBF\xBF"sv, 0},
    {"\xF4\x90\x80\x80"sv, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"sv, 0},
    {"\xF5\x80\x80\x80"sv, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"sv, 0},
    {"\xF8\x88\x80\x80\x80"sv, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"sv, 0},
    {"\xFC\x84\x80\x80\x80\x80"sv,
     "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"sv, 0},
    {"\xFE\xFF"sv, "\xEF\xBF\xBD\xEF\xBF\xBD"sv, 0},
    {"\xFF\xFF\xFF"sv, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"sv, 0},
    {"a\xF1\x80\x80\xE1\x80\xC2"
     "b\x80"
     "c\x80\xBF"
     "d"sv,
     "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
     "b\xEF\xBF\xBD"
     "c\xEF\xBF\xBD\xEF\xBF\xBD"
     "d"sv,
     0},
    {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF"
     "A"sv,
     "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
     "A"sv,
     0},
    {"0123456789abcdef\xFF"
     "0123456789abcdef\xC3"sv,
     "0123456789abcdef\xEF\xBF\xBD"
     "0123456789abcdef"sv,
     1},
    {"0123456789abcde\xE2\x82\xAC"
     "0123456789abc\xF0\x9F\xA6\x8A\xE2\x82"sv,
     "0123456789abcde\xE2\x82\xAC"
     "0123456789abc\xF0\x9F\xA6\x8A"sv,
     2},
};

std::string decode_in_pieces(std::string_view bytes, std::vector<std::size_t> sizes) {
  Utf8Decoder decoder;
  std::string text;
  for (const std::size_t size : sizes) {
    text += decoder.decode(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  text += decoder.decode(bytes);
  text += decoder.finish();
  return text;
}

std::string decode_all(std::string_view bytes) { return decode_in_pieces(bytes, {}); }

// Calls visit with every sequence of `length` bytes that lie on or beside a border of the encoding.
template <typename Visit>
void for_each_border_sequence(std::size_t length, Visit visit) {
  constexpr std::string_view kBorders =
      "\x41\x7F\x80\x8F\x90\x9F\xA0\xBF\xC0\xC1\xC2\xDF\xE0\xE1\xEC\xED\xEE\xEF\xF0\xF1\xF3\xF4\xF5"
      "\xFF"sv;
  std::string bytes(length, '\0');
  std::size_t count = 1;
  for (std::size_t i = 0; i < length; ++i) count *= kBorders.size();
  for (std::size_t number = 0; number < count; ++number) {
    std::size_t digits = number;
    for (std::size_t i = length; i-- > 0; digits /= kBorders.size()) {
      bytes[i] = kBorders[digits % kBorders.size()];
    }
    visit(std::string_view(bytes));
  }
}

}  // namespace

TEST_CASE("utf8: decodes as Python does") {
  for (const Case& c : kCases) {
    CAPTURE(c.bytes);
    Utf8Decoder decoder;
    CHECK(decoder.decode(c.bytes) == c.text);
    CHECK(decoder.pending() == c.bytes.substr(c.bytes.size() - c.pending_size));
    CHECK(decoder.finish() == (c.pending_size > 0 ? "\uFFFD"sv : ""sv));
    CHECK(decoder.pending().empty());
  }
}

TEST_CASE("utf8: decodes every short sequence of border bytes as Python does") {
  // FNV-1a over the decoded sequences, each followed by a newline, computed with CPython 3.11:
  // bytes(sequence).decode("utf-8", "replace").
  constexpr std::uint64_t kExpected[] = {0x6c4dcab2a7442053, 0x2929c8f34063770b, 0x3fe3bd66549312c5,
                                         0x3fd8f190b856fd7d};
  for (std::size_t length = 1; length <= 4; ++length) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for_each_border_sequence(length, [&hash](std::string_view bytes) {
      for (const char c : decode_all(bytes) + '\n') {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
      }
    });
    CAPTURE(length);
    CHECK(hash == kExpected[length - 1]);
  }
}

TEST_CASE("utf8: where the input is split makes no difference") {
  for (const Case& c : kCases) {
    CAPTURE(c.bytes);
    const std::string whole = decode_all(c.bytes);
    CHECK(whole == std::string(c.text) + (c.pending_size > 0 ? "\uFFFD" : ""));
    for (std::size_t first = 0; first <= c.bytes.size(); ++first) {
      for (std::size_t second = 0; first + second <= c.bytes.size(); ++second) {
        REQUIRE(decode_in_pieces(c.bytes, {first, second}) == whole);
      }
    }
    REQUIRE(decode_in_pieces(c.bytes, std::vector<std::size_t>(c.bytes.size(), 1)) == whole);
  }
}

TEST_CASE("utf8: border sequences byte by byte, and far from the end of the input") {
  const std::string ascii(17, 'x');
  for_each_border_sequence(3, [&ascii](std::string_view bytes) {
    const std::string whole = decode_all(bytes);
    REQUIRE(decode_in_pieces(bytes, {1, 1, 1}) == whole);
    // Followed by text the fast loops decide; nothing in it continues a character.
    const std::string between = ascii + std::string(bytes) + ascii;
    REQUIRE(decode_all(between) == ascii + whole + ascii);
  });
}

TEST_CASE("utf8: clean text is not copied") {
  const std::string bytes = "caf\u00e9 \U0001F600 and ASCII enough for a vector\xE2\x82";
  Utf8Decoder decoder;
  const auto text = decoder.decode(bytes);
  CHECK(text.data() == bytes.data());
  CHECK(text.size() == bytes.size() - 2);
  CHECK(decoder.pending() == "\xE2\x82");
  CHECK(decoder.decode("\xAC!") == "\u20AC!");
  const auto again = decoder.decode("tail"sv);
  CHECK(again == "tail");
  CHECK(decoder.buffer_capacity() <= Utf8Decoder::kMaxIdleBufferBytes);
}

TEST_CASE("utf8: an empty batch keeps what is pending") {
  Utf8Decoder decoder;
  CHECK(decoder.decode("\xF0\x9F"sv).empty());
  CHECK(decoder.decode({}).empty());
  CHECK(decoder.pending() == "\xF0\x9F");
  CHECK(decoder.decode("\x98"sv).empty());
  CHECK(decoder.decode("\x80"sv) == "\U0001F600");
}

TEST_CASE("utf8: a batch behind a pending character is decoded whole") {
  const std::string rest = "\xAC" + std::string(70000, 'y') + "\xFF" + "z\xC3";
  Utf8Decoder decoder;
  CHECK(decoder.decode("\xE2\x82").empty());
  CHECK(decoder.decode(rest) == "\u20AC" + std::string(70000, 'y') + "\uFFFDz");
  CHECK(decoder.finish() == "\uFFFD");
}

TEST_CASE("utf8: no big buffer stays behind") {
  const std::string garbage(65536, '\xFF');
  Utf8Decoder decoder;
  CHECK(decoder.decode(garbage).size() == 3 * garbage.size());
  CHECK(decoder.buffer_capacity() > Utf8Decoder::kMaxIdleBufferBytes);
  SUBCASE("after release_buffer") { decoder.release_buffer(); }
  SUBCASE("after a clean batch") { CHECK(decoder.decode("clean") == "clean"); }
  SUBCASE("after finish") { CHECK(decoder.finish().empty()); }
  CHECK(decoder.buffer_capacity() <= Utf8Decoder::kMaxIdleBufferBytes);
}

TEST_CASE("utf8: a stream goes on from its pending bytes in another decoder") {
  constexpr auto kText = "\U0001F600"sv;
  for (std::size_t size = 0; size < kText.size(); ++size) {
    Utf8Decoder first;
    CHECK(first.decode(kText.substr(0, size)).empty());
    Utf8Decoder second;
    REQUIRE(second.set_pending(first.pending()).ok());
    CHECK(second.decode(kText.substr(size)) == kText);
  }
}

TEST_CASE("utf8: set_pending refuses what cannot have been pending") {
  for (const auto tail :
       {"A"sv, "\x80"sv, "\xC0"sv, "\xC3\xA9"sv, "\xE0\x80"sv, "\xED\xA0"sv, "\xF4\x90"sv, "\xF5"sv,
        "\xE2\x82\xC3"sv, "\xF0\x9F\x98\x80"sv, "\xF0\x9F\x98\x80\xC3"sv, "\xC3\xC3"sv}) {
    CAPTURE(tail);
    Utf8Decoder decoder;
    REQUIRE(decoder.set_pending("\xC3").ok());
    const auto status = decoder.set_pending(tail);
    REQUIRE(!status.ok());
    CHECK(status.error().code == asciinemad::Errc::invalid_data);
    CHECK(decoder.decode("\xA9") == "\u00e9");
  }
}
