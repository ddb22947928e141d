#include "daemon/input_scanner.h"

#include <algorithm>

namespace asciinemad {
namespace {

constexpr char kEsc = '\x1b';
constexpr char kBel = '\x07';
constexpr std::string_view kPasteEnd = "\x1b[201~";
constexpr std::size_t kMaxReplyBytes = 256;  // a control sequence that cannot be a key
constexpr std::size_t kMaxStringBytes = 4096;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; }
bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_final(char c) { return c >= 0x40 && c <= 0x7e; }
bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Length of the character a byte begins; 1 for what cannot begin a longer one.
std::uint8_t utf8_length(char first) {
  const auto byte = static_cast<unsigned char>(first);
  if (byte < 0xc2 || byte > 0xf4) return 1;
  return byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
}

// Whether `next` after ESC and `introducer` fits a terminal's answer, and not a key with Alt.
bool begins_reply(char introducer, char next) {
  switch (introducer) {
    case ']':
      return is_digit(next);
    case 'P':
      return is_digit(next) || std::string_view(">!$+|").find(next) != std::string_view::npos;
    default:
      return next == 'G';
  }
}

}  // namespace

InputScanner::InputScanner(const HotkeyMap& hotkeys) : hotkeys_(hotkeys) {
  has_hotkeys_ = hotkeys_.pause || hotkeys_.add_marker || hotkeys_.detach;
  if (!has_hotkeys_) hotkeys_.prefix.reset();
  const auto stop_at = [this](const std::optional<Key>& key) {
    if (key) stops_.at(static_cast<unsigned char>(legacy_bytes(*key).front())) = true;
  };
  stop_at(hotkeys_.prefix);
  if (!hotkeys_.prefix) {
    stop_at(hotkeys_.pause);
    stop_at(hotkeys_.add_marker);
    stop_at(hotkeys_.detach);
  }
  stops_.at(static_cast<unsigned char>(kEsc)) = true;
  swallowed(Role::prefix) = true;
  swallowed(Role::pause) = swallowed(Role::add_marker) = swallowed(Role::detach) = !hotkeys_.prefix;
}

void InputScanner::feed(std::string_view bytes, Listener& listener) {
  Chunk chunk{bytes, listener, sequence_.size()};
  while (!chunk.done()) {
    if (state_ == State::ground) {
      scan_ground(chunk);
    } else if (state_ == State::paste) {
      scan_paste(chunk);
    } else {
      step(chunk);
    }
  }
  finish_chunk(chunk);
}

void InputScanner::finish_chunk(Chunk& chunk) {
  const std::size_t size = chunk.bytes.size();
  if (sequence_.empty()) {
    chunk.flush_input(size);
    chunk.flush_typed(size);
    return;
  }
  chunk.flush_typed(chunk.begin);
  if (must_hold()) {
    chunk.flush_input(chunk.begin);
    return;
  }
  if (sent_ < chunk.carried) {
    chunk.listener.on_input(std::string_view(sequence_).substr(sent_, chunk.carried - sent_));
  }
  chunk.flush_input(size);
  sent_ = sequence_.size();
}

// The hot path: plain input is searched, never copied.
void InputScanner::scan_ground(Chunk& chunk) {
  if (prefix_state_ == PrefixState::none) {
    const char* const end = chunk.bytes.data() + chunk.bytes.size();
    const char* const stop = std::find_if(chunk.bytes.data() + chunk.at, end, [this](char c) {
      return stops_[static_cast<unsigned char>(c)];
    });
    chunk.at = static_cast<std::size_t>(stop - chunk.bytes.data());
    if (chunk.done()) return;
  }
  const char first = chunk.next();
  begin_sequence(chunk);
  if (first == kEsc) {
    state_ = State::escape;
  } else if (utf8_length(first) > 1) {
    state_ = State::utf8;
    remaining_ = static_cast<std::uint8_t>(utf8_length(first) - 1);
  } else {
    resolve(chunk, role_of_character(), KeyEventType::press);
  }
}

void InputScanner::scan_paste(Chunk& chunk) {
  while (!chunk.done()) {
    if (paste_matched_ == 0) {
      const std::size_t found = chunk.bytes.find(kEsc, chunk.at);
      chunk.at = std::min(found, chunk.bytes.size());
      if (chunk.done()) return;
    }
    if (chunk.next() != kPasteEnd[paste_matched_]) {
      paste_matched_ = 0;
      continue;
    }
    ++chunk.at;
    if (++paste_matched_ == kPasteEnd.size()) {
      state_ = State::ground;
      paste_matched_ = 0;
      return;
    }
  }
}

// One byte of a sequence: either takes it or leaves it to the state it changes to.
void InputScanner::step(Chunk& chunk) {
  if (interrupts(chunk.next())) return interrupt(chunk);
  switch (state_) {
    case State::escape:
    case State::late_escape:
      return after_escape(chunk);
    case State::csi:
      return step_csi(chunk);
    case State::csi_ignore:
      if (is_final(chunk.next())) state_ = State::ground;
      ++chunk.at;
      return;
    case State::function_key:
      append(chunk, state_);
      return pass_key(chunk);
    case State::mouse:
      append(chunk, state_);
      if (--remaining_ == 0) pass(chunk);
      return;
    case State::utf8:
      return step_utf8(chunk);
    case State::string_start:
      return step_string_start(chunk);
    case State::string_escape:
      return step_string_escape(chunk);
    default:
      return step_string(chunk);
  }
}

// Whether a byte ends the sequence it cannot belong to. It is then looked at afresh, so that a
// control byte is a hotkey wherever it comes.
bool InputScanner::interrupts(char byte) const {
  switch (state_) {
    case State::mouse:  // column 95 is a DEL
      return is_control(byte) && byte != '\x7f';
    case State::osc:
      return is_control(byte) && byte != kEsc && byte != kBel;
    case State::device_string:
      return is_control(byte) && byte != kEsc;
    case State::string_escape:
      return false;
    case State::csi:
    case State::csi_ignore:
    case State::function_key:
      return is_control(byte) || !is_ascii(byte);
    case State::utf8:
      return !is_continuation(byte);
    default:
      return is_control(byte);
  }
}

void InputScanner::interrupt(Chunk& chunk) {
  switch (state_) {
    case State::csi:
      return is_private_csi() ? pass(chunk) : pass_key(chunk);
    case State::escape:
    case State::late_escape:
    case State::function_key:
    case State::utf8:
    case State::string_start:
      return pass_key(chunk);
    default:
      return pass(chunk);
  }
}

void InputScanner::after_escape(Chunk& chunk) {
  const char byte = chunk.next();
  if (byte == '[') return append(chunk, State::csi);
  if (state_ == State::late_escape) return pass_key(chunk);
  if (byte == 'O') return append(chunk, State::function_key);
  if (byte == ']' || byte == 'P' || byte == '_') return append(chunk, State::string_start);
  append(chunk, State::utf8);
  remaining_ = static_cast<std::uint8_t>(utf8_length(byte) - 1);
  if (remaining_ == 0) pass_key(chunk);
}

void InputScanner::step_csi(Chunk& chunk) {
  const char byte = chunk.next();
  const bool first = sequence_.size() == 2;
  append(chunk, State::csi);
  if (first && byte == '[') {  // the Linux console's F1 to F5
    state_ = State::function_key;
  } else if (first && byte == 'M') {
    state_ = State::mouse;
    remaining_ = 3;
  } else if (is_final(byte)) {
    finish_csi(chunk);
  } else if (sequence_.size() >= (is_private_csi() ? kMaxReplyBytes : kMaxHeldBytes)) {
    interrupt(chunk);
    state_ = State::csi_ignore;
  }
}

void InputScanner::step_utf8(Chunk& chunk) {
  append(chunk, State::utf8);
  if (--remaining_ == 0) resolve(chunk, role_of_character(), KeyEventType::press);
}

void InputScanner::step_string_start(Chunk& chunk) {
  const char introducer = sequence_[1];
  if (!begins_reply(introducer, chunk.next())) return pass_key(chunk);
  append(chunk, introducer == ']' ? State::osc_number : State::device_string);
}

void InputScanner::step_string(Chunk& chunk) {
  const char byte = chunk.next();
  if (state_ == State::osc_number) {
    if (byte != ';' && !is_digit(byte)) return pass(chunk);
    append(chunk, byte == ';' ? State::osc : State::osc_number);
  } else {
    append(chunk, byte == kEsc ? State::string_escape : state_);
    if (byte == kBel) return pass_reply(chunk);
  }
  if (sequence_.size() >= kMaxStringBytes && state_ != State::string_escape) pass(chunk);
}

void InputScanner::step_string_escape(Chunk& chunk) {
  if (chunk.next() == '\\') {
    append(chunk, State::string_escape);
    return pass_reply(chunk);
  }
  // The string is broken off, and its last ESC begins something else.
  if (sequence_.size() > chunk.carried) {
    --chunk.at;
    sequence_.pop_back();
    return pass(chunk);
  }
  const std::string_view sequence = sequence_;
  const bool released = typed_ == sequence.size();
  if (typed_ + 1 < sequence.size()) {
    chunk.listener.on_typed(sequence.substr(typed_, sequence.size() - 1 - typed_));
  }
  sequence_ = kEsc;
  state_ = released ? State::late_escape : State::escape;
  sent_ = chunk.carried = 1;
  typed_ = released ? 1 : 0;
}

void InputScanner::begin_sequence(Chunk& chunk) {
  chunk.begin = chunk.at;
  append(chunk, state_);
}

void InputScanner::append(Chunk& chunk, State next) {
  sequence_.push_back(chunk.next());
  ++chunk.at;
  state_ = next;
}

// A control sequence no keyboard sends.
bool InputScanner::is_private_csi() const {
  return sequence_.size() > 2 && sequence_[2] >= '<' && sequence_[2] <= '?';
}

}  // namespace asciinemad
