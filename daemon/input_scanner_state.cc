// The InputScanner's state as bytes: 12 of fixed meaning, the unfinished sequence, the waiting
// prefix.
#include <utility>

#include "daemon/input_scanner.h"

namespace asciinemad {
namespace {

constexpr unsigned char kVersion = 1;
constexpr std::size_t kFixedBytes = 12;
constexpr std::uint8_t kLongestMarker = 6;  // of bracketed paste

}  // namespace

std::string InputScanner::state() const {
  // What came of a terminal's answer is left out: it is forwarded already, and nobody typed it.
  std::string sequence = sequence_;
  std::size_t sent = sent_;
  std::size_t typed = typed_;
  if (state_ >= State::osc_number) {
    sequence = state_ == State::string_escape ? sequence.substr(sequence.size() - 1) : "";
    sent = sequence.size();
    typed = typed_ == sequence_.size() ? sequence.size() : 0;
  }
  std::string bytes;
  const auto put = [&bytes](std::size_t value) { bytes.push_back(static_cast<char>(value)); };
  put(kVersion);
  put(static_cast<std::size_t>(state_));
  put(static_cast<std::size_t>(prefix_state_));
  std::size_t swallowed = 0;
  for (std::size_t i = 0; i < swallowed_.size(); ++i) swallowed |= swallowed_[i] ? 1U << i : 0U;
  put(swallowed);
  put(remaining_);
  put(paste_matched_);
  put(sent);
  put(typed);
  put(sequence.size());
  put(prefix_sent_);
  put(prefix_typed_);
  put(prefix_bytes_.size());
  return bytes + sequence + prefix_bytes_;
}

bool InputScanner::at_rest() const {
  return state_ == State::ground && sequence_.empty() && prefix_state_ == PrefixState::none;
}

Status InputScanner::restore(std::string_view state) {
  const Error malformed{Errc::invalid_data, "restore the input parser: malformed state"};
  if (state.size() < kFixedBytes) return malformed;
  const auto get = [state](std::size_t index) { return static_cast<unsigned char>(state[index]); };
  if (get(0) != kVersion) {
    return Error{Errc::unsupported, "restore the input parser: state of another version"};
  }
  if (get(1) > static_cast<unsigned>(State::string_escape) ||
      get(2) > static_cast<unsigned>(PrefixState::forwarded) ||
      state.size() != kFixedBytes + get(8) + get(11)) {
    return malformed;
  }
  InputScanner restored(hotkeys_);
  restored.state_ = static_cast<State>(get(1));
  restored.prefix_state_ = static_cast<PrefixState>(get(2));
  for (std::size_t i = 0; i < swallowed_.size(); ++i) restored.swallowed_[i] = (get(3) >> i) & 1;
  restored.remaining_ = get(4);
  restored.paste_matched_ = get(5);
  restored.sent_ = get(6);
  restored.typed_ = get(7);
  restored.sequence_ = state.substr(kFixedBytes, get(8));
  restored.prefix_sent_ = get(9);
  restored.prefix_typed_ = get(10);
  restored.prefix_bytes_ = state.substr(kFixedBytes + get(8));
  if (!restored.is_consistent()) return malformed;
  *this = std::move(restored);
  return {};
}

// Whether fields from outside are such as the parser itself could have set, as far as it relies on
// that.
bool InputScanner::is_consistent() const {
  if (!fits_state()) return false;
  if (sent_ > sequence_.size() || typed_ > sequence_.size() || paste_matched_ >= kLongestMarker) {
    return false;
  }
  if (must_hold() && sequence_.size() >= kMaxHeldBytes) return false;
  if (prefix_bytes_.size() > kMaxHeldBytes || prefix_sent_ > prefix_bytes_.size() ||
      prefix_typed_ > prefix_bytes_.size()) {
    return false;
  }
  if ((prefix_state_ == PrefixState::pending) == prefix_bytes_.empty()) return false;
  return prefix_state_ == PrefixState::none || hotkeys_.prefix.has_value();
}

bool InputScanner::fits_state() const {
  const bool remains = remaining_ >= 1 && remaining_ <= 3;
  switch (state_) {
    case State::escape:
    case State::late_escape:
    case State::string_escape:
      return sequence_ == "\x1b";
    case State::csi:
      return sequence_.substr(0, 2) == "\x1b[";
    case State::function_key:
    case State::string_start:
      return sequence_.size() >= 2;
    case State::mouse:
      return sequence_.size() >= 3 && remains;
    case State::utf8:
      return !sequence_.empty() && remains;
    default:
      return sequence_.empty();
  }
}

}  // namespace asciinemad
