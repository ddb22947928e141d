// InputScanner: finds hotkeys in what the user's terminal sends, on its way to the PTY.
//
// Bytes in, bytes out; no I/O and no clock. It parses as much of the keyboard's side of ECMA-48 as
// hotkeys need: control sequences, SS3, X10 mouse reports, bracketed paste, and the strings
// terminals answer queries with. A hotkey is found wherever it stands in a read and however reads
// split it.
//
// What the program gets is the input without the hotkeys, in order, with two exceptions:
// - An ESC that ends a read is forwarded at once, since it may be the Escape key. When the next
//   read turns it into a hotkey, only the rest is swallowed.
// - While the prefix key waits for the key after it, mouse and focus reports, the terminal's
//   replies and releases of keys overtake it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/keys.h"
#include "common/result.h"

namespace asciinemad {

// With a prefix the others count only after it. A prefix alone means nothing and is forwarded.
// Where two are the same key the first one here wins.
struct HotkeyMap {
  std::optional<Key> prefix;
  std::optional<Key> pause;
  std::optional<Key> add_marker;
  std::optional<Key> detach = {};
};

enum class Hotkey { pause, add_marker, detach };

class InputScanner {
 public:
  // Called from feed() and release(); must neither call the scanner nor destroy it. The views are
  // valid during the call, never empty, and as large as the input allows.
  class Listener {
   public:
    // For the PTY.
    virtual void on_input(std::string_view bytes) = 0;
    // What the user typed or pasted: the input without the terminal's replies to queries. Bytes of
    // an unfinished sequence come when it is complete or with release().
    virtual void on_typed(std::string_view bytes) = 0;
    // All that stood before the key has been delivered, nothing that stands behind it.
    virtual void on_hotkey(Hotkey hotkey) = 0;

   protected:
    ~Listener() = default;
  };

  // An unfinished sequence withholds fewer bytes than this from the PTY. A prefix key, itself no
  // longer than this, may wait besides.
  static constexpr std::size_t kMaxHeldBytes = 64;
  static constexpr std::size_t kMaxStateBytes = 384;

  explicit InputScanner(const HotkeyMap& hotkeys);

  void feed(std::string_view bytes, Listener& listener);

  // Whether bytes of an unfinished sequence wait for the rest. Without hotkeys, and after a lone
  // ESC, only on_typed() waits. The owner calls release() when no input came for 50 ms, and at the
  // end of input.
  bool holding() const { return sent_ < sequence_.size() || typed_ < sequence_.size(); }

  // Whether a new scanner is in the same state.
  bool at_rest() const;

  // Delivers the waiting bytes. If the rest of a hotkey comes after all, it still counts.
  void release(Listener& listener);

  // The parser's place for a checkpoint, at most kMaxStateBytes; a hotkey, a paste or a reply cut
  // by a daemon's death is still recognised. restore() is for a new scanner with the same hotkeys;
  // on an error nothing is changed.
  std::string state() const;
  Status restore(std::string_view state);

 private:
  // The bytes of one feed(). What lies before the two marks has been delivered or left out.
  struct Chunk {
    std::string_view bytes;
    Listener& listener;
    std::size_t carried;    // bytes of sequence_ that came with earlier reads
    std::size_t begin = 0;  // where the rest of the sequence begins in `bytes`
    std::size_t at = 0;     // the next byte
    std::size_t input_at = 0;
    std::size_t typed_at = 0;

    char next() const { return bytes[at]; }
    bool done() const { return at == bytes.size(); }

    void flush_input(std::size_t end) {
      if (input_at < end) listener.on_input(bytes.substr(input_at, end - input_at));
      input_at = end;
    }
    void flush_typed(std::size_t end) {
      if (typed_at < end) listener.on_typed(bytes.substr(typed_at, end - typed_at));
      typed_at = end;
    }
  };

  enum class State : std::uint8_t {
    ground,
    paste,
    csi_ignore,     // a control sequence over its bound; the bytes are already delivered
    escape,         // ESC
    late_escape,    // ESC that was released: the Escape key, unless [ follows
    csi,            // ESC [ ...
    function_key,   // ESC O or ESC [ [, one byte to come
    mouse,          // ESC [ M, three bytes to come
    utf8,           // a character, or Alt and a character
    string_start,   // ESC ] or ESC P or ESC _
    osc_number,     // ESC ] digits
    osc,            // ESC ] digits ; ...
    device_string,  // ESC P ... or ESC _ G ...
    string_escape,  // ESC in one of the last two
  };
  enum class PrefixState : std::uint8_t {
    none,
    pending,    // typed and withheld
    forwarded,  // released with the unfinished key after it; a hotkey there still counts
  };
  // Which configured key it is, in order of precedence.
  enum class Role : std::uint8_t { prefix, pause, add_marker, detach, none };

  void scan_ground(Chunk& chunk);
  void scan_paste(Chunk& chunk);
  void step(Chunk& chunk);
  void after_escape(Chunk& chunk);
  void step_csi(Chunk& chunk);
  void step_utf8(Chunk& chunk);
  void step_string_start(Chunk& chunk);
  void step_string(Chunk& chunk);
  void step_string_escape(Chunk& chunk);
  void finish_csi(Chunk& chunk);
  void finish_chunk(Chunk& chunk);
  bool interrupts(char byte) const;
  void interrupt(Chunk& chunk);

  void begin_sequence(Chunk& chunk);
  void append(Chunk& chunk, State next);
  void clear_sequence(Chunk& chunk);
  void deliver_carried(Chunk& chunk);
  void pass(Chunk& chunk);        // forwarded and typed, but no key that ends a prefix's waiting
  void pass_key(Chunk& chunk);    // forwarded and typed, after a waiting prefix
  void pass_reply(Chunk& chunk);  // forwarded, not typed
  void swallow(Chunk& chunk);
  void resolve(Chunk& chunk, Role role, KeyEventType type);
  void press_prefix(Chunk& chunk);
  void send_prefix(Listener& listener);
  void forget_prefix();

  Role role_of_character() const;
  Role role_of_event(const KeyEvent& event) const;
  bool is_private_csi() const;
  bool must_hold() const;
  bool is_consistent() const;
  bool fits_state() const;

  // Whether the last press of the key was swallowed, so that its repeats and release must be.
  bool& swallowed(Role role) { return swallowed_.at(static_cast<std::size_t>(role)); }

  // Constant after construction.
  HotkeyMap hotkeys_;
  bool has_hotkeys_ = false;
  std::array<bool, 256> stops_{};  // bytes the search through plain input stops at

  State state_ = State::ground;
  // The unfinished sequence from its first byte, and how much of it has been delivered. Empty in
  // ground, paste and csi_ignore.
  std::string sequence_;
  std::size_t sent_ = 0;
  std::size_t typed_ = 0;
  std::uint8_t remaining_ = 0;      // bytes to come, in utf8 and mouse
  std::uint8_t paste_matched_ = 0;  // bytes of the end marker seen, in paste

  PrefixState prefix_state_ = PrefixState::none;
  std::string prefix_bytes_;  // while pending
  std::size_t prefix_sent_ = 0;
  std::size_t prefix_typed_ = 0;
  std::array<bool, 4> swallowed_{};
};

}  // namespace asciinemad
