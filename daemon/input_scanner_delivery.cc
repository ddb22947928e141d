// What becomes of sequences: delivered, held, left out, or swallowed as hotkeys.
#include "daemon/input_scanner.h"

namespace asciinemad {
namespace {

constexpr std::string_view kPasteStart = "\x1b[200~";

// Whether a whole control sequence is a terminal's answer. Keyboards send none with a private
// marker, mice only '<'. F3 with a modifier can look like a cursor position report (CSI 1;5R):
// those in which it does are taken for the report.
bool is_reply(std::string_view sequence) {
  const char first = sequence[2];
  if (first == '?' || first == '>' || first == '=') return true;
  if (first < '0' || first > '9') return false;
  switch (sequence.back()) {
    case 'n':
    case 't':
      return true;
    case 'R':
      return sequence.find(';') != std::string_view::npos;
    case 'y':
      return sequence[sequence.size() - 2] == '$';
    default:
      return false;
  }
}

// Mouse reports (SGR, urxvt) and focus reports.
bool is_pointer_or_focus(std::string_view sequence) {
  if (sequence[2] == '<') return true;
  const char final_byte = sequence.back();
  return final_byte == 'M' || (sequence.size() == 3 && (final_byte == 'I' || final_byte == 'O'));
}

// The place, in the order of precedence, of the first configured key that `is_key` accepts.
template <typename Matcher>
std::size_t find_hotkey(const HotkeyMap& hotkeys, const Matcher& is_key) {
  std::size_t index = 0;
  for (const auto* key : {&hotkeys.prefix, &hotkeys.pause, &hotkeys.add_marker, &hotkeys.detach}) {
    if (*key && is_key(**key)) break;
    ++index;
  }
  return index;
}

}  // namespace

InputScanner::Role InputScanner::role_of_character() const {
  return static_cast<Role>(
      find_hotkey(hotkeys_, [this](const Key& key) { return legacy_bytes(key) == sequence_; }));
}

InputScanner::Role InputScanner::role_of_event(const KeyEvent& event) const {
  return static_cast<Role>(
      find_hotkey(hotkeys_, [&event](const Key& key) { return matches(key, event); }));
}

void InputScanner::finish_csi(Chunk& chunk) {
  if (sequence_ == kPasteStart) {
    pass_key(chunk);
    state_ = State::paste;
    return;
  }
  if (is_reply(sequence_)) return pass_reply(chunk);
  const std::optional<KeyEvent> event = parse_key_event(sequence_);
  if (event) {
    const Role role = role_of_event(*event);
    if (role != Role::none) return resolve(chunk, role, event->type);
    if (is_modifier_key(*event)) return pass(chunk);
  }
  if (is_pointer_or_focus(sequence_) || is_key_release(sequence_)) return pass(chunk);
  pass_key(chunk);
}

void InputScanner::release(Listener& listener) {
  if (!holding()) return;
  if (prefix_state_ == PrefixState::pending && must_hold()) {
    send_prefix(listener);
    prefix_state_ = PrefixState::forwarded;
  }
  const std::string_view sequence = sequence_;
  if (sent_ < sequence.size()) listener.on_input(sequence.substr(sent_));
  if (typed_ < sequence.size()) listener.on_typed(sequence.substr(typed_));
  sent_ = typed_ = sequence.size();
  switch (state_) {
    case State::escape:
      state_ = State::late_escape;
      break;
    case State::function_key:
    case State::mouse:
    case State::string_start: {  // so it was Alt and a character
      Chunk nothing{{}, listener, sequence.size()};
      pass(nothing);
      break;
    }
    default:
      break;
  }
}

void InputScanner::clear_sequence(Chunk& chunk) {
  sequence_.clear();
  sent_ = typed_ = chunk.carried = 0;
  state_ = State::ground;
  if (prefix_state_ == PrefixState::forwarded) prefix_state_ = PrefixState::none;
}

// Delivers what earlier reads left waiting; this read's part stays between the chunk's marks.
void InputScanner::deliver_carried(Chunk& chunk) {
  const std::string_view carried = std::string_view(sequence_).substr(0, chunk.carried);
  if (sent_ < carried.size()) chunk.listener.on_input(carried.substr(sent_));
  if (typed_ < carried.size()) chunk.listener.on_typed(carried.substr(typed_));
}

void InputScanner::pass(Chunk& chunk) {
  deliver_carried(chunk);
  clear_sequence(chunk);
}

void InputScanner::pass_key(Chunk& chunk) {
  if (prefix_state_ == PrefixState::pending) {
    chunk.flush_input(chunk.begin);
    chunk.flush_typed(chunk.begin);
    send_prefix(chunk.listener);
  }
  pass(chunk);
}

void InputScanner::pass_reply(Chunk& chunk) {
  typed_ = chunk.carried;
  deliver_carried(chunk);
  chunk.flush_typed(chunk.begin);
  chunk.typed_at = chunk.at;
  clear_sequence(chunk);
}

void InputScanner::swallow(Chunk& chunk) {
  chunk.flush_input(chunk.begin);
  chunk.flush_typed(chunk.begin);
  chunk.input_at = chunk.typed_at = chunk.at;
  clear_sequence(chunk);
}

void InputScanner::resolve(Chunk& chunk, Role role, KeyEventType type) {
  if (role == Role::none) return pass_key(chunk);
  if (type != KeyEventType::press) return swallowed(role) ? swallow(chunk) : pass(chunk);
  if (role == Role::prefix) return press_prefix(chunk);
  swallowed(role) = !hotkeys_.prefix || prefix_state_ != PrefixState::none;
  if (!swallowed(role)) return pass_key(chunk);
  forget_prefix();
  swallow(chunk);
  // In the same order.
  chunk.listener.on_hotkey(static_cast<Hotkey>(static_cast<int>(role) - 1));
}

void InputScanner::press_prefix(Chunk& chunk) {
  if (prefix_state_ == PrefixState::none) {
    prefix_bytes_ = sequence_;
    prefix_sent_ = sent_;
    prefix_typed_ = typed_;
    swallow(chunk);
    prefix_state_ = PrefixState::pending;
    swallowed(Role::prefix) = true;
    return;
  }
  // Typed twice: the program gets one, so that a nested one of us can be steered.
  const bool got_first = prefix_state_ == PrefixState::forwarded;
  forget_prefix();
  swallowed(Role::prefix) = false;
  return got_first ? swallow(chunk) : pass(chunk);
}

// Precondition: pending.
void InputScanner::send_prefix(Listener& listener) {
  const std::string_view bytes = prefix_bytes_;
  if (prefix_sent_ < bytes.size()) listener.on_input(bytes.substr(prefix_sent_));
  if (prefix_typed_ < bytes.size()) listener.on_typed(bytes.substr(prefix_typed_));
  forget_prefix();
  swallowed(Role::prefix) = false;
}

void InputScanner::forget_prefix() {
  prefix_state_ = PrefixState::none;
  prefix_bytes_.clear();
  prefix_sent_ = prefix_typed_ = 0;
}

// Whether the unfinished sequence can become a hotkey, or the key that decides about a prefix.
bool InputScanner::must_hold() const {
  if (!has_hotkeys_) return false;
  const bool prefix_waits = prefix_state_ == PrefixState::pending;
  switch (state_) {
    case State::utf8:
      return prefix_waits || sequence_.front() != '\x1b';
    case State::csi:
      if (prefix_waits) return !is_private_csi();
      return sequence_.find_first_not_of("0123456789:;", 2) == std::string::npos;
    case State::escape:
    case State::function_key:
    case State::string_start:
      return prefix_waits;
    default:
      return false;
  }
}

}  // namespace asciinemad
