#include "client/key_names.h"

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "common/keys.h"
#include "common/suggest.h"

namespace asciinemad {
namespace {

constexpr std::string_view kEscape = "\x1b";

// Of a key's sequence in xterm; without modifiers some are shorter.
struct NamedKey {
  std::string_view name;
  std::string_view plain;
  // CSI 1 ; MODIFIERS LETTER, or CSI NUMBER ; MODIFIERS ~; empty: takes none.
  std::string_view number;
  char final = '~';
};

constexpr std::array<NamedKey, 33> kNamedKeys = {
    {{"Enter", "\r", ""},          {"Tab", "\t", ""},
     {"Escape", kEscape, ""},      {"Space", " ", ""},
     {"Backspace", "\x7f", ""},    {"Up", "\x1b[A", "1", 'A'},
     {"Down", "\x1b[B", "1", 'B'}, {"Right", "\x1b[C", "1", 'C'},
     {"Left", "\x1b[D", "1", 'D'}, {"Home", "\x1b[H", "1", 'H'},
     {"End", "\x1b[F", "1", 'F'},  {"Insert", "\x1b[2~", "2"},
     {"Delete", "\x1b[3~", "3"},   {"PageUp", "\x1b[5~", "5"},
     {"PageDown", "\x1b[6~", "6"}, {"F1", "\x1bOP", "1", 'P'},
     {"F2", "\x1bOQ", "1", 'Q'},   {"F3", "\x1bOR", "1", 'R'},
     {"F4", "\x1bOS", "1", 'S'},   {"F5", "\x1b[15~", "15"},
     {"F6", "\x1b[17~", "17"},     {"F7", "\x1b[18~", "18"},
     {"F8", "\x1b[19~", "19"},     {"F9", "\x1b[20~", "20"},
     {"F10", "\x1b[21~", "21"},    {"F11", "\x1b[23~", "23"},
     {"F12", "\x1b[24~", "24"},    {"Return", "\r", ""},
     {"Esc", kEscape, ""},         {"PgUp", "\x1b[5~", "5"},
     {"PgDn", "\x1b[6~", "6"},     {"Ins", "\x1b[2~", "2"},
     {"Del", "\x1b[3~", "3"}}};

struct Modifiers {
  bool shift = false;
  bool alt = false;
  bool control = false;
};

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_names(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

// Takes C-, M- and S- off the front of `name`, which keeps something.
Modifiers take_modifiers(std::string_view& name) {
  Modifiers modifiers;
  while (name.size() > 2 && name[1] == '-') {
    switch (to_lower(name.front())) {
      case 'c':
        modifiers.control = true;
        break;
      case 'm':
        modifiers.alt = true;
        break;
      case 's':
        modifiers.shift = true;
        break;
      default:
        return modifiers;
    }
    name.remove_prefix(2);
  }
  return modifiers;
}

// nullopt: no sequence is usual for that.
std::optional<std::string> named_key_bytes(const NamedKey& key, const Modifiers& modifiers) {
  std::string plain(key.plain);
  if (key.number.empty()) {
    if (modifiers.shift && plain == "\t") {
      plain = "\x1b[Z";
    } else if (modifiers.shift) {
      return std::nullopt;
    }
    if (modifiers.control && plain != " ") return std::nullopt;
    if (modifiers.control) plain.assign(1, '\0');
    return (modifiers.alt ? std::string(kEscape) : "") + plain;
  }
  const int number =
      1 + (modifiers.shift ? 1 : 0) + (modifiers.alt ? 2 : 0) + (modifiers.control ? 4 : 0);
  if (number == 1) return plain;
  return "\x1b[" + std::string(key.number) + ";" + std::to_string(number) + key.final;
}

std::optional<std::string> character_bytes(std::string_view text, const Modifiers& modifiers) {
  if (modifiers.shift) return std::nullopt;
  const std::string alt(modifiers.alt ? kEscape : "");
  if (modifiers.control && text == "[") return alt + std::string(kEscape);
  const Result<Key> key = parse_key((modifiers.control ? "C-" : "") + std::string(text));
  if (!key.ok()) return std::nullopt;
  return alt + legacy_bytes(*key);
}

Error unknown_key(std::string_view given, std::string_view without_modifiers) {
  std::vector<std::string_view> names;
  names.reserve(kNamedKeys.size());
  for (const NamedKey& key : kNamedKeys) names.push_back(key.name);
  const std::optional<std::string_view> nearest = nearest_name(without_modifiers, names);
  std::string message = "argument KEY: '" + std::string(given) + "' is not a key";
  const bool is_name = nearest.has_value() && equal_names(*nearest, without_modifiers);
  if (nearest.has_value() && !is_name) {
    const std::string_view modifiers = given.substr(0, given.size() - without_modifiers.size());
    message += ", did you mean '" + std::string(modifiers) + std::string(*nearest) + "'?";
  } else {
    message += " that a terminal can send";
  }
  return Error{Errc::invalid_argument, message};
}

}  // namespace

Result<std::string> key_bytes(std::string_view name) {
  std::string_view rest = name;
  const Modifiers modifiers = take_modifiers(rest);
  std::optional<std::string> bytes;
  bool is_name = false;
  for (const NamedKey& key : kNamedKeys) {
    if (!equal_names(key.name, rest)) continue;
    is_name = true;
    bytes = named_key_bytes(key, modifiers);
  }
  if (!is_name) bytes = character_bytes(rest, modifiers);
  if (!bytes.has_value()) return unknown_key(name, rest);
  return *std::move(bytes);
}

}  // namespace asciinemad
