#include "common/keys.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace asciinemad {
namespace {

constexpr char kEscape = '\x1b';
constexpr char32_t kMaxCodepoint = 0x10ffff;
constexpr unsigned kShift = 1;
constexpr unsigned kCtrl = 4;
constexpr unsigned kLockBits = 64 | 128;  // caps lock and num lock

bool is_lower(char32_t c) { return c >= U'a' && c <= U'z'; }
bool is_upper(char32_t c) { return c >= U'A' && c <= U'Z'; }
bool is_letter(char32_t c) { return is_lower(c) || is_upper(c); }
char32_t to_lower(char32_t c) { return is_upper(c) ? c + 32 : c; }
char32_t to_upper(char32_t c) { return is_lower(c) ? c - 32 : c; }

// The character, when `text` is exactly one in well-formed UTF-8.
std::optional<char32_t> single_character(std::string_view text) {
  if (text.empty() || text.size() > 4) return std::nullopt;
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return text.size() == 1 ? std::optional<char32_t>(lead) : std::nullopt;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc0 || lead >= 0xf8 || text.size() != length) return std::nullopt;
  char32_t value = lead & (0xffU >> (length + 1));
  for (const char byte : text.substr(1)) {
    const auto bits = static_cast<unsigned char>(byte);
    if ((bits & 0xc0) != 0x80) return std::nullopt;
    value = (value << 6) | (bits & 0x3f);
  }
  constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < kSmallest.at(length) || value > kMaxCodepoint || surrogate) return std::nullopt;
  return value;
}

void append_utf8(std::string& out, char32_t c) {
  const auto put = [&out](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xc0 | (c >> 6));
  } else {
    if (c < 0x10000) {
      put(0xe0 | (c >> 12));
    } else {
      put(0xf0 | (c >> 18));
      put(0x80 | ((c >> 12) & 0x3f));
    }
    put(0x80 | ((c >> 6) & 0x3f));
  }
  put(0x80 | (c & 0x3f));
}

Error invalid_key(std::string_view text) {
  return Error{Errc::invalid_argument,
               "invalid key '" + std::string(text) +
                   "': expected C-x or ^x (control with a letter, one of @ \\ ] ^ _ ?, or space), "
                   "or a single character"};
}

// The part of C-x, C+x or ^x behind the control sign; empty when there is no such sign.
std::string_view control_part(std::string_view text) {
  if (text.size() >= 2 && text[0] == '^') return text.substr(1);
  if (text.size() >= 3 && (text[0] == 'C' || text[0] == 'c') &&
      (text[1] == '-' || text[1] == '+')) {
    return text.substr(2);
  }
  return {};
}

bool is_space_name(std::string_view name) {
  std::string lower;
  for (const char c : name)
    lower.push_back(static_cast<char>(to_lower(static_cast<unsigned char>(c))));
  return lower == "space";
}

Result<Key> control_key(std::string_view text, char32_t c) {
  if (c == U'[') {
    return Error{Errc::invalid_argument,
                 "invalid key '" + std::string(text) +
                     "': Escape starts every function key and cannot be a hotkey"};
  }
  if (c == U'@') c = U' ';
  const bool accepted =
      is_letter(c) || std::u32string_view(U" \\]^_?").find(c) != std::u32string_view::npos;
  if (!accepted) return invalid_key(text);
  return Key{to_lower(c), true};
}

// A control key's own codepoint, with @ and space being the same key.
bool is_control_key(const Key& key, char32_t c) {
  return c == key.codepoint || (key.codepoint == U' ' && c == U'@');
}

bool matches_control(const Key& key, const KeyEvent& event) {
  if (event.modifiers == kCtrl) {
    if (is_control_key(key, to_lower(event.codepoint))) return true;
    return event.base != 0 && !is_letter(event.codepoint) && is_control_key(key, event.base);
  }
  // Shift may be needed to type ^ or _, but control+shift+a is not C-a.
  return event.modifiers == (kCtrl | kShift) && !is_letter(event.shifted) &&
         is_control_key(key, event.shifted);
}

bool matches_character(const Key& key, const KeyEvent& event) {
  if ((event.modifiers & ~kShift) != 0) return false;
  if (event.text == key.codepoint) return true;
  if (event.modifiers == 0) return event.codepoint == key.codepoint;
  if (event.shifted != 0) return event.shifted == key.codepoint;
  return is_letter(event.codepoint) && to_upper(event.codepoint) == key.codepoint;
}

using Field = std::array<std::uint32_t, 3>;
using Fields = std::array<Field, 3>;
constexpr std::size_t kTextField = 2;

// Parameters of a CSI sequence as numbers, what is missing being 0. The text may have any number of
// characters; the first three are kept.
std::optional<Fields> parse_fields(std::string_view parameters) {
  Fields fields{};
  std::size_t field = 0;
  std::size_t part = 0;
  for (const char c : parameters) {
    if (c == ';') {
      if (++field == fields.size()) return std::nullopt;
      part = 0;
    } else if (c == ':') {
      if (++part >= 3 && field != kTextField) return std::nullopt;
    } else if (c < '0' || c > '9') {
      return std::nullopt;
    } else if (part < 3) {
      std::uint32_t& value = fields.at(field).at(part);
      value = value * 10 + static_cast<std::uint32_t>(c - '0');
      if (value > kMaxCodepoint) return std::nullopt;
    }
  }
  return fields;
}

unsigned decode_modifiers(std::uint32_t encoded) {
  return encoded == 0 ? 0 : (encoded - 1) & ~kLockBits;
}

std::optional<KeyEvent> kitty_event(const Fields& fields) {
  const auto& [code, modifiers, text] = fields;
  if (code[0] == 0 || modifiers[1] > 3 || modifiers[2] != 0) return std::nullopt;
  KeyEvent event;
  event.codepoint = code[0];
  event.shifted = code[1];
  event.base = code[2];
  event.text = text[1] == 0 ? text[0] : 0;
  event.modifiers = decode_modifiers(modifiers[0]);
  if (modifiers[1] == 2) event.type = KeyEventType::repeat;
  if (modifiers[1] == 3) event.type = KeyEventType::release;
  return event;
}

std::optional<KeyEvent> modify_other_keys_event(const Fields& fields) {
  if (fields[0] != Field{27, 0, 0} || fields[1][1] != 0 || fields[2][1] != 0 || fields[2][0] == 0) {
    return std::nullopt;
  }
  KeyEvent event;
  event.codepoint = fields[2][0];
  event.modifiers = decode_modifiers(fields[1][0]);
  // xterm gives the character that shift makes of the key.
  if ((event.modifiers & kShift) != 0) event.shifted = event.codepoint;
  return event;
}

bool is_csi(std::string_view sequence) {
  return sequence.size() >= 3 && sequence[0] == kEscape && sequence[1] == '[';
}

}  // namespace

Result<Key> parse_key(std::string_view text) {
  const std::string_view control = control_part(text);
  if (!control.empty()) {
    if (is_space_name(control)) return Key{U' ', true};
    if (control.size() != 1) return invalid_key(text);
    return control_key(text, static_cast<unsigned char>(control.front()));
  }
  const std::optional<char32_t> character = single_character(text);
  if (!character) return invalid_key(text);
  if (*character == 0x7f) return Key{U'?', true};
  if (*character < 0x20)
    return control_key(describe(Key{*character + 0x40, true}), *character + 0x40);
  return Key{*character, false};
}

std::string describe(const Key& key) {
  std::string text = key.ctrl ? "C-" : "";
  if (key.codepoint == U' ') return text + "space";
  append_utf8(text, key.codepoint);
  return text;
}

std::string legacy_bytes(const Key& key) {
  if (key.ctrl && key.codepoint == U'?') return "\x7f";
  if (key.ctrl) return std::string(1, static_cast<char>(key.codepoint & 0x1f));
  std::string text;
  append_utf8(text, key.codepoint);
  return text;
}

std::optional<KeyEvent> parse_key_event(std::string_view sequence) {
  if (!is_csi(sequence)) return std::nullopt;
  const char final_byte = sequence.back();
  if (final_byte != 'u' && final_byte != '~') return std::nullopt;
  const std::optional<Fields> fields = parse_fields(sequence.substr(2, sequence.size() - 3));
  if (!fields) return std::nullopt;
  return final_byte == 'u' ? kitty_event(*fields) : modify_other_keys_event(*fields);
}

bool matches(const Key& key, const KeyEvent& event) {
  return key.ctrl ? matches_control(key, event) : matches_character(key, event);
}

bool is_modifier_key(const KeyEvent& event) {
  const char32_t code = event.codepoint;
  return (code >= 57358 && code <= 57360) || (code >= 57441 && code <= 57454);
}

bool is_key_release(std::string_view sequence) {
  if (!is_csi(sequence)) return false;
  const std::optional<Fields> fields = parse_fields(sequence.substr(2, sequence.size() - 3));
  return fields && (*fields)[1][1] == 3;
}

}  // namespace asciinemad
