// Key: one hotkey as written in the configuration, and its recognition in each encoding terminals
// use.
//
// Encodings: legacy bytes (a control byte, or the UTF-8 of a character); the kitty keyboard
// protocol (https://sw.kovidgoyal.net/kitty/keyboard-protocol/), CSI
// code[:shifted[:base]];mods[:event][;text]u; xterm's modifyOtherKeys, CSI 27;mods;code~.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"

namespace asciinemad {

struct Key {
  // With control: a lower case ASCII letter, one of \ ] ^ _ ?, or space (which stands for @ too).
  char32_t codepoint = 0;
  bool ctrl = false;

  bool operator==(const Key&) const = default;
};

// Accepts C-x, C+x and ^x (any case; x also "space"), or exactly one character. A character that is
// itself a control byte means the key that sends it. Escape is refused: every function key and
// every reply of the terminal starts with it. The error names the value and what is accepted.
Result<Key> parse_key(std::string_view text);

// As parse_key() accepts it ("C-\", "C-space", "p"), except that a bare space is called "space".
std::string describe(const Key& key);

// What a terminal sends for the key when no protocol is enabled: one control byte, or one UTF-8
// character.
std::string legacy_bytes(const Key& key);

enum class KeyEventType { press, repeat, release };

// A key event decoded from an escape sequence. Zero means: not given.
struct KeyEvent {
  char32_t codepoint = 0;  // as the current layout has it, without shift
  char32_t shifted = 0;    // the same key with shift
  char32_t base = 0;       // the same key on a US layout
  char32_t text = 0;       // what it types, when that is a single character
  unsigned modifiers = 0;  // 1 shift, 2 alt, 4 control, 8 super, 16 hyper, 32 meta; no lock bits
  KeyEventType type = KeyEventType::press;
};

// `sequence` is a whole escape sequence, from ESC to its final byte. Returns nothing for what is
// neither of the two key encodings, however malformed.
std::optional<KeyEvent> parse_key_event(std::string_view sequence);

// Whether the event is of that key, whatever its type. A control key also matches through the US
// layout's place, except where the current layout has a Latin letter there (control+a of an AZERTY
// keyboard is not C-q).
bool matches(const Key& key, const KeyEvent& event);

// A modifier or lock key on its own, as the kitty protocol reports when all keys are asked for.
bool is_modifier_key(const KeyEvent& event);

// Whether the sequence, also one of a function key (CSI 1;1:3A), says that a key was let go.
bool is_key_release(std::string_view sequence);

}  // namespace asciinemad
