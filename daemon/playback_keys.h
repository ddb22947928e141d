// PlaybackKeys: what the bytes typed during a playback ask for.
//
// The recording may have put the terminal into any keyboard or mouse mode, so every form of a key
// is known and reports are ignored.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/keys.h"
#include "proto/message.h"

namespace asciinemad {

class PlaybackKeys {
 public:
  // Configured, and stronger than the fixed ones; nullopt: none.
  struct Bindings {
    std::optional<Key> pause;
    std::optional<Key> step;
    std::optional<Key> next_marker;
  };

  // What only a person at the keyboard asks for.
  struct Interrupt {};  // Ctrl-C
  struct Quit {};
  struct ToggleStatus {};
  struct ToggleHelp {};
  struct ChangeSpeed {
    bool faster = false;
  };
  // `.`: as in asciinema 2, only while paused.
  struct StepIfPaused {};
  // A key that means nothing.
  struct Other {};

  using Action = std::variant<Other, Interrupt, Quit, ToggleStatus, ToggleHelp, ChangeSpeed,
                              StepIfPaused, wire::control::Toggle, wire::control::StepBack,
                              wire::control::SeekBy, wire::control::SeekToFraction,
                              wire::control::NextMarker, wire::control::PreviousMarker>;

  // How far an arrow key goes.
  static constexpr std::int64_t kArrowUs = 5'000'000;

  explicit PlaybackKeys(Bindings bindings) : bindings_(bindings) {}

  // The keys in what was read at `at_ms`, in their order. An unfinished sequence is kept, unless
  // the next byte takes longer than a terminal would: then it was the Escape key.
  std::vector<Action> read(std::string_view bytes, std::uint64_t at_ms);

 private:
  void take(unsigned char byte, std::vector<Action>& actions);
  void end_sequence(std::vector<Action>& actions);
  Action action_of(const KeyEvent& event) const;

  const Bindings bindings_;
  std::string sequence_;  // from ESC on, or a character's first bytes
  bool pasting_ = false;
  std::uint64_t last_read_at_ms_ = 0;
};

}  // namespace asciinemad
