#include "daemon/playback_keys.h"

namespace asciinemad {
namespace {

constexpr std::uint64_t kEscapeTimeoutMs = 50;
constexpr std::size_t kMaxSequenceBytes = 256;
constexpr unsigned char kEscape = 0x1b;
constexpr std::string_view kPasteBegin = "\x1b[200~";
constexpr std::string_view kPasteEnd = "\x1b[201~";

std::size_t character_bytes(unsigned char lead) {
  if (lead < 0xc0) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}

char32_t decode(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character.front());
  if (character.size() == 1) return lead;
  char32_t codepoint = lead & (0xffU >> (character.size() + 1));
  for (const char byte : character.substr(1)) {
    codepoint = codepoint << 6U | (static_cast<unsigned char>(byte) & 0x3fU);
  }
  return codepoint;
}

bool is_whole(std::string_view sequence) {
  if (static_cast<unsigned char>(sequence.front()) != kEscape) {
    return sequence.size() >= character_bytes(static_cast<unsigned char>(sequence.front()));
  }
  if (sequence.size() < 2) return false;
  const char kind = sequence[1];
  const auto last = static_cast<unsigned char>(sequence.back());
  if (kind == '[') {
    // An X10 mouse report has three bytes behind its final one.
    if (sequence.size() >= 3 && sequence[2] == 'M') return sequence.size() == 6;
    return sequence.size() > 2 && last >= 0x40 && last <= 0x7e;
  }
  if (kind == 'O') return sequence.size() == 3;
  // Replies: OSC, DCS, APC and the like, to ST or BEL.
  if (kind == ']' || kind == 'P' || kind == '_' || kind == '^' || kind == 'X') {
    return last == 0x07 || (last == '\\' && sequence[sequence.size() - 2] == '\x1b');
  }
  return true;
}

// Where the arrow keys go, in any mode and with any modifier; 0: it is none of them.
std::int64_t arrow(std::string_view sequence) {
  if (sequence.size() < 3 || (sequence[1] != '[' && sequence[1] != 'O')) return 0;
  if (is_key_release(sequence)) return 0;
  if (sequence.back() == 'C') return PlaybackKeys::kArrowUs;
  if (sequence.back() == 'D') return -PlaybackKeys::kArrowUs;
  return 0;
}

PlaybackKeys::Action fixed_action(char32_t key) {
  namespace control = wire::control;
  if (key >= '0' && key <= '9') {
    return control::SeekToFraction{static_cast<double>(key - '0') / 10};
  }
  switch (key) {
    case ',':
      return control::StepBack{};
    case '[':
      return control::PreviousMarker{};
    case '+':
    case '=':
      return PlaybackKeys::ChangeSpeed{true};
    case '-':
    case '_':
      return PlaybackKeys::ChangeSpeed{false};
    case '?':
      return PlaybackKeys::ToggleHelp{};
    case 'i':
      return PlaybackKeys::ToggleStatus{};
    case 'q':
      return PlaybackKeys::Quit{};
    default:
      return PlaybackKeys::Other{};
  }
}

}  // namespace

std::vector<PlaybackKeys::Action> PlaybackKeys::read(std::string_view bytes, std::uint64_t at_ms) {
  std::vector<Action> actions;
  if (at_ms > last_read_at_ms_ + kEscapeTimeoutMs) sequence_.clear();
  last_read_at_ms_ = at_ms;
  for (const char byte : bytes) take(static_cast<unsigned char>(byte), actions);
  return actions;
}

void PlaybackKeys::take(unsigned char byte, std::vector<Action>& actions) {
  const bool in_string =
      sequence_.size() > 1 && sequence_[0] == '\x1b' && sequence_[1] != '[' && sequence_[1] != 'O';
  // A new sequence cuts an unfinished one off, and so does what no sequence may contain.
  if (!sequence_.empty() && !in_string && byte < 0x20) sequence_.clear();
  sequence_ += static_cast<char>(byte);
  if (sequence_.size() > kMaxSequenceBytes) sequence_.clear();
  if (!sequence_.empty() && is_whole(sequence_)) {
    end_sequence(actions);
    sequence_.clear();
  }
}

void PlaybackKeys::end_sequence(std::vector<Action>& actions) {
  if (sequence_ == kPasteBegin || sequence_ == kPasteEnd) {
    pasting_ = sequence_ == kPasteBegin;
    return;
  }
  if (pasting_) return;
  if (static_cast<unsigned char>(sequence_.front()) != kEscape) {
    KeyEvent event;
    event.codepoint = decode(sequence_);
    event.text = event.codepoint;
    actions.push_back(action_of(event));
    return;
  }
  if (const std::int64_t by_us = arrow(sequence_); by_us != 0) {
    actions.emplace_back(wire::control::SeekBy{by_us});
  } else if (const std::optional<KeyEvent> event = parse_key_event(sequence_)) {
    if (event->type != KeyEventType::release && !is_modifier_key(*event)) {
      actions.push_back(action_of(*event));
    }
  }
}

PlaybackKeys::Action PlaybackKeys::action_of(const KeyEvent& event) const {
  // One that came as itself, not as an escape sequence, can be compared with what the key sends.
  const bool legacy = event.text != 0 && event.text == event.codepoint && event.modifiers == 0;
  const auto is = [&](const std::optional<Key>& key) {
    if (!key.has_value()) return false;
    return legacy ? decode(legacy_bytes(*key)) == event.codepoint : matches(*key, event);
  };
  if (is(Key{U'c', true})) return Interrupt{};
  if (is(bindings_.pause)) return wire::control::Toggle{};
  if (is(bindings_.step)) return StepIfPaused{};
  if (is(bindings_.next_marker)) return wire::control::NextMarker{};
  constexpr unsigned kShift = 1;
  if ((event.modifiers & ~kShift) != 0) return Other{};
  if (event.text != 0) return fixed_action(event.text);
  return fixed_action((event.modifiers & kShift) != 0 && event.shifted != 0 ? event.shifted
                                                                            : event.codepoint);
}

}  // namespace asciinemad
