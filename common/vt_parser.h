// VtParser: cuts what programs write to a terminal into text, control characters and sequences.
//
// ECMA-48 as terminals in UTF-8 mode read it, after Paul Williams' state machine
// (https://vt100.net/emu/dec_ansi_parser). The parser knows the forms and no meaning. It holds at
// most kMaxSequenceBytes twice, whatever comes. No I/O.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace asciinemad {

enum class VtString { osc, dcs, apc, pm, sos };

// An escape or control sequence. The views live as long as the call that gives them.
struct VtSequence {
  std::string_view raw = {};            // as it came, control characters inside it included
  char prefix = 0;                      // CSI only: one of < = > ? before the parameters, else 0
  std::string_view params = {};         // CSI only: digits, ':' and ';'
  std::string_view intermediates = {};  // 0x20..0x2f
  char final = 0;
};

struct VtParam {
  bool given = false;
  std::uint32_t value = 0;  // the highest there is for all that are higher
  std::string_view sub;     // what follows the number: nothing, or from the first ':' on
};

// The parameters of a sequence one after the other, at least one (which is not given).
class VtParams {
 public:
  explicit VtParams(std::string_view params) : rest_(params) {}
  std::optional<VtParam> next();

 private:
  std::string_view rest_;
  bool at_end_ = false;
};

class VtParser {
 public:
  // A longer escape or control sequence is swallowed up to its final byte.
  static constexpr std::size_t kMaxSequenceBytes = 256;

  // Called in the order of the bytes. It must not call the parser.
  class Listener {
   public:
    // Bytes that are not control characters. A run may end anywhere, also in a character, but
    // never between the bytes of U+0080..U+00BF.
    virtual void on_text(std::string_view run) = 0;
    // 0x00..0x1f without ESC, and DEL. `inside`: between the bytes of a sequence, whose raw bytes
    // hold it again, unless on_discarded() comes instead of it.
    virtual void on_control(char c, bool inside) = 0;
    // Other than CSI and strings. U+0080..U+009F are taken for ESC 0x40..0x5f.
    virtual void on_escape(const VtSequence& sequence) = 0;
    virtual void on_csi(const VtSequence& sequence) = 0;
    // A sequence began that is cut short, malformed or too long: told as soon as that is known.
    virtual void on_discarded() {}

    // Strings: begin, data in portions (any bytes but those that end the string; U+0080..U+00BF in
    // one portion each), end. `introducer` is as it came: two bytes, or more with control
    // characters inside, or nothing when those were too many.
    virtual void on_string_begin(VtString kind, std::string_view introducer) = 0;
    virtual void on_string_data(std::string_view data) = 0;
    // `terminator` is as it came: ST in one of its forms, or BEL after OSC. It is empty when CAN,
    // SUB, ESC or U+0090, U+0098, U+009A, U+009B, U+009D..U+009F broke the string off.
    virtual void on_string_end(std::string_view terminator) = 0;

   protected:
    ~Listener() = default;
  };

  // What the bytes so far end in.
  enum class Unfinished {
    nothing,
    character,  // UTF-8
    sequence,   // after ESC, or CSI
    string,
  };

  void feed(std::string_view bytes, Listener& listener);
  void reset() { *this = VtParser(); }
  Unfinished unfinished() const;
  bool at_rest() const { return unfinished() == Unfinished::nothing; }

 private:
  enum class State : std::uint8_t {
    ground,
    escape,
    escape_intermediate,
    csi_entry,
    csi_param,
    csi_intermediate,
    csi_ignore,
    string,
    string_escape,  // ESC in a string
  };

  const char* ground(const char* at, const char* end, Listener& listener);
  const char* sequence(const char* at, const char* end, Listener& listener);
  const char* string(const char* at, const char* end, Listener& listener);
  const char* string_escape(const char* at, Listener& listener);
  const char* after_c2(const char* at, Listener& listener);
  const char* whole_csi(const char* at, const char* end, Listener& listener);
  void c1(char second, Listener& listener);
  void control_inside(char c, Listener& listener);
  void escape_byte(char c, Listener& listener);
  void csi_byte(char c, Listener& listener);
  void begin_escape();
  void begin_csi(std::string_view introducer);
  void begin_string(VtString kind, std::string_view introducer, Listener& listener);
  void end_string(std::string_view terminator, Listener& listener);
  void keep(char c, bool in_text, Listener& listener);
  void discard(Listener& listener);
  void note_end(std::string_view run);

  State state_ = State::ground;
  VtString string_kind_ = VtString::osc;
  bool c2_ = false;         // 0xc2 came, in text or in a string, and nothing after it
  bool discarded_ = false;  // the sequence goes on but will not be reported
  unsigned missing_ = 0;    // continuation bytes that the last character of the text lacks

  // The sequence so far: as it came, and without introducer and control characters.
  std::size_t raw_size_ = 0;
  std::size_t text_size_ = 0;
  std::size_t params_at_ = 0;  // in text_: behind the prefix
  std::size_t intermediates_at_ = 0;
  std::array<char, kMaxSequenceBytes> raw_{};
  std::array<char, kMaxSequenceBytes> text_{};
};

}  // namespace asciinemad
