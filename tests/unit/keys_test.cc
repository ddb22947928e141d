#include "common/keys.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using asciinemad::describe;
using asciinemad::is_key_release;
using asciinemad::is_modifier_key;
using asciinemad::Key;
using asciinemad::KeyEventType;
using asciinemad::legacy_bytes;
using asciinemad::parse_key;
using asciinemad::parse_key_event;

namespace {

Key key(std::string_view text) {
  auto parsed = parse_key(text);
  REQUIRE_MESSAGE(parsed.ok(), std::string(text));
  return *parsed;
}

bool matches(std::string_view text, std::string_view sequence) {
  const auto event = parse_key_event(sequence);
  return event && asciinemad::matches(key(text), *event);
}

}  // namespace

TEST_CASE("keys: control notations mean the same key") {
  for (const char* text : {"C-x", "C-X", "c-x", "C+x", "C+X", "^x", "^X", "\x18"}) {
    CAPTURE(text);
    CHECK(key(text) == Key{U'x', true});
    CHECK(legacy_bytes(key(text)) == "\x18");
    CHECK(describe(key(text)) == "C-x");
  }
}

TEST_CASE("keys: control with punctuation and space") {
  CHECK(legacy_bytes(key("C-\\")) == "\x1c");
  CHECK(legacy_bytes(key("C-]")) == "\x1d");
  CHECK(legacy_bytes(key("C-^")) == "\x1e");
  CHECK(legacy_bytes(key("^^")) == "\x1e");
  CHECK(legacy_bytes(key("C-_")) == "\x1f");
  CHECK(legacy_bytes(key("C-?")) == "\x7f");
  CHECK(legacy_bytes(key("\x7f")) == "\x7f");
  CHECK(legacy_bytes(key("C-a")) == "\x01");
  CHECK(legacy_bytes(key("C-z")) == "\x1a");
  for (const char* text : {"C-space", "C-SPACE", "C- ", "C-@", "^@", "^space"}) {
    CAPTURE(text);
    CHECK(legacy_bytes(key(text)) == std::string(1, '\0'));
    CHECK(describe(key(text)) == "C-space");
  }
}

TEST_CASE("keys: what describe() gives is accepted again") {
  for (const char* text :
       {"C-\\", "C-space", "C-?", "p", "P", "^", "\u00e9", "\u20ac", "\U0001f600"}) {
    CHECK(describe(key(text)) == text);
    CHECK(key(describe(key(text))) == key(text));
  }
  CHECK(describe(key(" ")) == "space");
}

TEST_CASE("keys: one character stands for itself") {
  CHECK(key("p") == Key{U'p', false});
  CHECK(key("P") == Key{U'P', false});
  CHECK(key(" ") == Key{U' ', false});
  CHECK(key("^") == Key{U'^', false});
  CHECK(key("\u00e9") == Key{U'\u00e9', false});
  CHECK(key("\u20ac") == Key{U'\u20ac', false});
  CHECK(key("\U0001f600") == Key{U'\U0001f600', false});
  for (const char* text : {"p", "\u00e9", "\u20ac", "\U0001f600"})
    CHECK(legacy_bytes(key(text)) == text);
}

TEST_CASE("keys: what is no key is refused by name") {
  const std::vector<std::string> refused = {"",
                                            "pp",
                                            "C-",
                                            "C-1",
                                            "C--",
                                            "C-xx",
                                            "C-\u00e9",
                                            "^1",
                                            "space",
                                            "F1",
                                            "\xc3",
                                            "\xff",
                                            "\xc0\xaf",
                                            "\xed\xa0\x80",
                                            "\xe9p\x80",
                                            "\xf5\x80\x80\x80",
                                            "\xf4\x90\x80\x80",
                                            "\x80",
                                            "\u00e9\u00e9",
                                            "\xf8\x88\x80\x80",
                                            "\xe0\x80\x80"};
  for (const std::string& text : refused) {
    const auto parsed = parse_key(text);
    CAPTURE(text);
    REQUIRE_FALSE(parsed.ok());
    CHECK(parsed.error().code == asciinemad::Errc::invalid_argument);
    CHECK(parsed.error().message.find("'" + text + "'") != std::string::npos);
    CHECK(parsed.error().message.find("C-x") != std::string::npos);
  }
}

TEST_CASE("keys: Escape is refused and the error says why") {
  for (const char* text : {"C-[", "^[", "C+[", "\x1b"}) {
    const auto parsed = parse_key(text);
    REQUIRE_FALSE(parsed.ok());
    CHECK(parsed.error().message.find("Escape") != std::string::npos);
    CHECK(parsed.error().message.find('\x1b') == std::string::npos);
  }
}

TEST_CASE("keys: kitty form of a control key") {
  CHECK(matches("C-\\", "\x1b[92;5u"));
  CHECK(matches("C-\\", "\x1b[92;5:1u"));
  CHECK(matches("C-\\", "\x1b[92;69u"));   // caps lock
  CHECK(matches("C-\\", "\x1b[92;133u"));  // num lock
  CHECK(matches("C-\\", "\x1b[92;197u"));  // both
  CHECK(matches("C-\\", "\x1b[92:124;5u"));
  CHECK(matches("C-\\", "\x1b[92:124:92;5:1;u"));
  CHECK(matches("C-a", "\x1b[97;5u"));
  CHECK(matches("C-a", "\x1b[97:65;5u"));
  CHECK(matches("C-space", "\x1b[32;5u"));
  CHECK(matches("C-@", "\x1b[50:64;6u"));
  CHECK(matches("C-_", "\x1b[45:95;6u"));

  CHECK_FALSE(matches("C-\\", "\x1b[92u"));
  CHECK_FALSE(matches("C-\\", "\x1b[92;1u"));
  CHECK_FALSE(matches("C-\\", "\x1b[92;7u"));      // alt+control
  CHECK_FALSE(matches("C-\\", "\x1b[92:124;6u"));  // control+shift
  CHECK_FALSE(matches("C-\\", "\x1b[91;5u"));
  CHECK_FALSE(matches("C-a", "\x1b[97:65;6u"));
  CHECK_FALSE(matches("C-a", "\x1b[97;6u"));
  CHECK_FALSE(matches("C-_", "\x1b[45:95;5u"));
}

TEST_CASE("keys: the place on a US layout counts for control keys") {
  CHECK(matches("C-a", "\x1b[1092::97;5u"));
  CHECK(matches("C-a", "\x1b[1092:1060:97;5:1u"));
  CHECK(matches("C-\\", "\x1b[42::92;5u"));
  CHECK_FALSE(matches("C-q", "\x1b[97::113;5u"));  // control+a of AZERTY
  CHECK_FALSE(matches("p", "\x1b[1079::112u"));    // types another character
}

TEST_CASE("keys: kitty form of a plain character") {
  CHECK(matches("p", "\x1b[112u"));
  CHECK(matches("p", "\x1b[112;u"));
  CHECK(matches("p", "\x1b[112;1u"));
  CHECK(matches("p", "\x1b[112;65u"));
  CHECK(matches("p", "\x1b[112;;112u"));
  CHECK(matches("P", "\x1b[112;2u"));
  CHECK(matches("P", "\x1b[112:80;2u"));
  CHECK(matches("P", "\x1b[80;2u"));
  CHECK(matches("?", "\x1b[47:63;2u"));
  CHECK(matches("?", "\x1b[47;2;63u"));
  CHECK(matches("\\", "\x1b[223;;92u"));
  CHECK(matches(" ", "\x1b[32u"));
  CHECK(matches("\u00e9", "\x1b[233u"));

  CHECK_FALSE(matches("p", "\x1b[112;2u"));
  CHECK_FALSE(matches("p", "\x1b[112;3u"));
  CHECK_FALSE(matches("p", "\x1b[112;5u"));
  CHECK_FALSE(matches("p", "\x1b[112;9u"));
  CHECK_FALSE(matches("P", "\x1b[112u"));
  CHECK_FALSE(matches("/", "\x1b[47;2u"));
  CHECK_FALSE(matches("p", "\x1b[0;;112:113u"));
}

TEST_CASE("keys: xterm's modifyOtherKeys") {
  CHECK(matches("C-\\", "\x1b[27;5;92~"));
  CHECK(matches("C-a", "\x1b[27;5;97~"));
  CHECK(matches("C-space", "\x1b[27;5;32~"));
  CHECK(matches("C-@", "\x1b[27;6;64~"));
  CHECK(matches("C-_", "\x1b[27;6;95~"));
  CHECK(matches("P", "\x1b[27;2;80~"));

  CHECK_FALSE(matches("C-a", "\x1b[27;6;65~"));
  CHECK_FALSE(matches("C-a", "\x1b[27;6;97~"));
  CHECK_FALSE(matches("C-\\", "\x1b[27;7;92~"));
  CHECK_FALSE(matches("C-\\", "\x1b[27;5;91~"));
  CHECK_FALSE(matches("C-\\", "\x1b[26;5;92~"));
}

TEST_CASE("keys: event types, and what is missing takes its default") {
  CHECK(parse_key_event("\x1b[92;5u")->type == KeyEventType::press);
  CHECK(parse_key_event("\x1b[92;5:u")->type == KeyEventType::press);
  CHECK(parse_key_event("\x1b[92;5:2u")->type == KeyEventType::repeat);
  CHECK(parse_key_event("\x1b[92;5:3u")->type == KeyEventType::release);
  const auto event = parse_key_event("\x1b[97:65:113;6:2;65u");
  REQUIRE(event.has_value());
  CHECK(event->codepoint == 97);
  CHECK(event->shifted == 65);
  CHECK(event->base == 113);
  CHECK(event->text == 65);
  CHECK(event->modifiers == 5);
  CHECK(parse_key_event("\x1b[97;0u")->modifiers == 0);
  CHECK(parse_key_event("\x1b[97;;97:98:99:100u")->text == 0);
}

TEST_CASE("keys: other and malformed sequences are no key events") {
  const std::vector<std::string> others = {"",
                                           "\x1b",
                                           "\x1b[",
                                           "\x1b[u",
                                           "\x1b[;5u",
                                           "\x1b[A",
                                           "\x1b[200~",
                                           "\x1b[3;5~",
                                           "\x1b[27;5~",
                                           "\x1b[27;5:1;92~",
                                           "\x1b[?1u",
                                           "\x1b[92;5;1;1u",
                                           "\x1b[92;5:4u",
                                           "\x1b[92;5:1:1u",
                                           "\x1b[92:1:1:1;5u",
                                           "\x1b[99999999999999999999;5u",
                                           "\x1b[1114112u",
                                           "\x1b[92;99999999999999999999u",
                                           "\x1b[92;5$u",
                                           "[92;5u",
                                           "92;5u"};
  for (const std::string& sequence : others) {
    CAPTURE(sequence);
    CHECK_FALSE(parse_key_event(sequence).has_value());
  }
}

TEST_CASE("keys: releases and modifier keys") {
  CHECK(is_key_release("\x1b[1;1:3A"));
  CHECK(is_key_release("\x1b[3;5:3~"));
  CHECK(is_key_release("\x1b[97;1:3u"));
  CHECK_FALSE(is_key_release("\x1b[1;1:2A"));
  CHECK_FALSE(is_key_release("\x1b[1;3A"));
  CHECK_FALSE(is_key_release("\x1b[A"));
  CHECK_FALSE(is_key_release("\x1b[<0;1:3M"));
  CHECK_FALSE(is_key_release(""));
  CHECK(is_modifier_key(*parse_key_event("\x1b[57442;5u")));
  CHECK(is_modifier_key(*parse_key_event("\x1b[57358u")));
  CHECK_FALSE(is_modifier_key(*parse_key_event("\x1b[57376u")));
}
