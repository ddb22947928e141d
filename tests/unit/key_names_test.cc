#include "client/key_names.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>

namespace asciinemad {
namespace {

TEST_CASE("keys and what terminals type for them") {
  for (const auto& [name, bytes] : {std::pair<std::string, std::string>{"Enter", "\r"},
                                    {"return", "\r"},
                                    {"TAB", "\t"},
                                    {"Escape", "\x1b"},
                                    {"Esc", "\x1b"},
                                    {"Space", " "},
                                    {"Backspace", "\x7f"},
                                    {"Up", "\x1b[A"},
                                    {"Down", "\x1b[B"},
                                    {"Right", "\x1b[C"},
                                    {"Left", "\x1b[D"},
                                    {"Home", "\x1b[H"},
                                    {"End", "\x1b[F"},
                                    {"pageup", "\x1b[5~"},
                                    {"PageDown", "\x1b[6~"},
                                    {"Insert", "\x1b[2~"},
                                    {"Delete", "\x1b[3~"},
                                    {"F1", "\x1bOP"},
                                    {"f4", "\x1bOS"},
                                    {"F5", "\x1b[15~"},
                                    {"F10", "\x1b[21~"},
                                    {"F12", "\x1b[24~"},
                                    {"x", "x"},
                                    {"X", "X"},
                                    {"-", "-"},
                                    {"^", "^"},
                                    {"\xc3\xa9", "\xc3\xa9"},
                                    {"C-c", "\x03"},
                                    {"c-C", "\x03"},
                                    {"^c", "\x03"},
                                    {"C-\\", "\x1c"},
                                    {"C-[", "\x1b"},
                                    {"C-Space", std::string(1, '\0')},
                                    {"C-@", std::string(1, '\0')},
                                    {"M-x", "\x1bx"},
                                    {"M-X", "\x1bX"},
                                    {"M--", "\x1b-"},
                                    {"M-C-x", "\x1b\x18"},
                                    {"C-M-x", "\x1b\x18"},
                                    {"M-Enter", "\x1b\r"},
                                    {"S-Tab", "\x1b[Z"},
                                    {"C-Left", "\x1b[1;5D"},
                                    {"M-Up", "\x1b[1;3A"},
                                    {"C-S-End", "\x1b[1;6F"},
                                    {"S-F1", "\x1b[1;2P"},
                                    {"C-M-S-Delete", "\x1b[3;8~"}}) {
    const auto& shown_name = name;  // clang captures no structured binding
    CAPTURE(shown_name);
    const Result<std::string> typed = key_bytes(name);
    REQUIRE(typed.ok());
    CHECK(*typed == bytes);
  }
}

TEST_CASE("what is no key, or none that a terminal can send") {
  for (const char* name : {"", "xy", "C-", "M-", "C--", "C-Enter", "S-x", "S-Escape", "C-1", "F13",
                           "C-\xc3\xa9", "\xff", "A-x"}) {
    CAPTURE(name);
    const Result<std::string> typed = key_bytes(name);
    REQUIRE_FALSE(typed.ok());
    CHECK(typed.error().code == Errc::invalid_argument);
    CHECK(typed.error().message.find("'" + std::string(name) + "' is not a key") !=
          std::string::npos);
  }
}

TEST_CASE("a slip of the finger gets a suggestion") {
  for (const auto& [name, meant] : {std::pair<std::string, std::string>{"Entre", "Enter"},
                                    {"pagedwon", "PageDown"},
                                    {"C-Lfet", "C-Left"},
                                    {"backspce", "Backspace"}}) {
    const Result<std::string> typed = key_bytes(name);
    REQUIRE_FALSE(typed.ok());
    std::string message = "argument KEY: '";
    message.append(name).append("' is not a key, did you mean '").append(meant).append("'?");
    CHECK(typed.error().message == message);
  }
  CHECK(key_bytes("C-Enter").error().message ==
        "argument KEY: 'C-Enter' is not a key that a terminal can send");
}

}  // namespace
}  // namespace asciinemad
