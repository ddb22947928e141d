#include "common/json_text.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace std::string_view_literals;

namespace {

std::string json(std::string_view text) {
  std::string out;
  asciinemad::append_json_string(out, text);
  return out;
}

// What one byte becomes, decided by rules instead of a table.
std::string expected_escape(unsigned char byte) {
  switch (byte) {
    case '"':
      return R"(\")";
    case '\\':
      return R"(\\)";
    case '\b':
      return R"(\b)";
    case '\f':
      return R"(\f)";
    case '\n':
      return R"(\n)";
    case '\r':
      return R"(\r)";
    case '\t':
      return R"(\t)";
    default:
      break;
  }
  if (byte >= 0x20) return std::string(1, static_cast<char>(byte));
  return std::string(R"(\u00)") + "01"[byte / 16] + "0123456789abcdef"[byte % 16];
}

}  // namespace

TEST_CASE("json_text: known strings") {
  CHECK(json("") == R"("")");
  CHECK(json("plain") == R"("plain")");
  CHECK(json("\x1b[1;31m\"C:\\\"\r\n\t") == R"("\u001b[1;31m\"C:\\\"\r\n\t")");
  CHECK(json("\0\x1f\x7f/"sv) == "\"\\u0000\\u001f\x7f/\"");
  CHECK(json("\u017c\u00f3\u0142w \u6f22 \U0001F600\u2028") ==
        "\"\u017c\u00f3\u0142w \u6f22 \U0001F600\u2028\"");
}

TEST_CASE("json_text: appends") {
  std::string out = "[1.5, ";
  asciinemad::append_json_string(out, "a");
  asciinemad::append_json_string(out, "b");
  CHECK(out == R"([1.5, "a""b")");
}

TEST_CASE("json_text: every byte at every place in a vector") {
  for (int byte = 0; byte < 256; ++byte) {
    for (std::size_t place = 0; place < 40; ++place) {
      std::string text(40, 'x');
      text[place] = static_cast<char>(byte);
      const std::string expected = '"' + std::string(place, 'x') +
                                   expected_escape(static_cast<unsigned char>(byte)) +
                                   std::string(39 - place, 'x') + '"';
      REQUIRE(json(text) == expected);
    }
  }
}

TEST_CASE("json_text: any length, with and without escapes") {
  for (std::size_t length = 0; length < 3000; length += length < 100 ? 1 : 61) {
    std::string mixed;
    std::string expected = "\"";
    for (std::size_t i = 0; i < length; ++i) {
      mixed += static_cast<char>(i * 7 % 131);
      expected += expected_escape(static_cast<unsigned char>(mixed.back()));
    }
    REQUIRE(json(mixed) == expected + '"');
    REQUIRE(json(std::string(length, 'a')) == '"' + std::string(length, 'a') + '"');

    std::string worst = "\"";
    for (std::size_t i = 0; i < length; ++i) worst += R"(\u0001)";
    REQUIRE(json(std::string(length, '\x01')) == worst + '"');
  }
}
