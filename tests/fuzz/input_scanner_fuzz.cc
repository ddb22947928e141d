// Fuzzes InputScanner. The first byte of the input picks the hotkeys, the second how the rest is
// cut into reads; the rest is what the terminal sends.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "daemon/input_scanner.h"

namespace {

using asciinemad::Hotkey;
using asciinemad::HotkeyMap;
using asciinemad::InputScanner;
using asciinemad::Key;

constexpr char kEsc = '\x1b';

// Both streams with the hotkeys in them, after a byte that no input has (0xfe is taken out).
struct Log final : InputScanner::Listener {
  std::string input;
  std::string typed;
  std::size_t input_bytes = 0;

  void on_input(std::string_view bytes) override {
    if (bytes.empty()) std::abort();
    input += bytes;
    input_bytes += bytes.size();
  }
  void on_typed(std::string_view bytes) override {
    if (bytes.empty()) std::abort();
    typed += bytes;
  }
  void on_hotkey(Hotkey hotkey) override {
    const char* mark = hotkey == Hotkey::pause ? "\xfep" : "\xfem";
    input += mark;
    typed += mark;
  }
};

void check(bool holds) {
  if (!holds) std::abort();
}

HotkeyMap pick_hotkeys(std::uint8_t choice) {
  const Key control_a{U'a', true};
  const Key pause{U'\\', true};
  switch (choice % 6) {
    case 0:
      return {};
    case 1:
      return {{}, pause, Key{U']', true}};
    case 2:
      return {control_a, Key{U'p', false}, Key{U'm', false}};
    case 3:
      return {control_a, pause, {}};
    case 4:
      return {Key{U'\u00e9', false}, Key{U'\u20ac', false}, Key{U'\u00e8', false}};
    default:
      return {{}, Key{U'p', false}, Key{U'\u00e9', false}};
  }
}

std::string without_marks(std::string_view text) {
  std::string kept;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\xfe') {
      ++i;
    } else {
      kept.push_back(text[i]);
    }
  }
  return kept;
}

bool is_subsequence(std::string_view part, std::string_view whole) {
  std::size_t found = 0;
  for (const char c : whole) {
    if (found < part.size() && part[found] == c) ++found;
  }
  return found == part.size();
}

// What a scanner would give up with release(), without disturbing it.
std::size_t held_bytes(InputScanner copy) {
  Log log;
  copy.release(log);
  check(!copy.holding());
  return log.input_bytes;
}

void check_state(const HotkeyMap& hotkeys, const InputScanner& scanner) {
  const std::string state = scanner.state();
  check(state.size() <= InputScanner::kMaxStateBytes);
  InputScanner restored(hotkeys);
  check(restored.restore(state).ok());
  check(restored.state() == state);
}

struct Cuts {
  bool after_escape = false;
  bool released = false;
};

// Feeds `bytes` in reads as `seed` says. Some schedules time out, some move to a restored scanner.
Cuts feed_in_pieces(const HotkeyMap& hotkeys, std::uint8_t seed, std::string_view bytes, Log& log) {
  InputScanner scanner(hotkeys);
  Cuts cuts;
  std::uint32_t random = seed;
  while (!bytes.empty()) {
    random = random * 1103515245U + 12345U;
    const std::size_t size =
        std::min<std::size_t>(bytes.size(), 1 + (random >> 16) % (1 + seed % 16));
    scanner.feed(bytes.substr(0, size), log);
    cuts.after_escape = cuts.after_escape || (bytes[size - 1] == kEsc && size < bytes.size());
    bytes.remove_prefix(size);
    // A prefix, itself bounded, may be given up together with what follows it.
    check(held_bytes(scanner) < 2 * InputScanner::kMaxHeldBytes);
    if (!hotkeys.prefix) check(held_bytes(scanner) < InputScanner::kMaxHeldBytes);
    check_state(hotkeys, scanner);
    if (seed >= 128 && (random >> 24) % 4 == 0) {
      scanner.release(log);
      cuts.released = true;
      check(!scanner.holding());
    }
  }
  scanner.release(log);
  return cuts;
}

// A state from nowhere must be refused or be safe to go on from.
void check_hostile_state(const HotkeyMap& hotkeys, std::string_view bytes) {
  InputScanner scanner(hotkeys);
  const std::size_t cut = bytes.size() / 2;
  if (!scanner.restore(bytes.substr(0, cut)).ok()) return;
  Log log;
  scanner.feed(bytes.substr(cut), log);
  check(scanner.state().size() <= InputScanner::kMaxStateBytes);
  scanner.release(log);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,  // NOLINT: libFuzzer's name
                                      std::size_t size) {
  if (size < 2) return 0;
  const HotkeyMap hotkeys = pick_hotkeys(data[0]);
  const std::string_view raw(reinterpret_cast<const char*>(data) + 2, size - 2);
  check_hostile_state(hotkeys, raw);
  std::string bytes;
  for (const char c : raw) {
    if (c != '\xfe') bytes.push_back(c);
  }

  Log whole;
  InputScanner scanner(hotkeys);
  scanner.feed(bytes, whole);
  scanner.release(whole);
  Log pieces;
  const Cuts cuts = feed_in_pieces(hotkeys, data[1], bytes, pieces);

  for (const Log* log : {&whole, &pieces}) {
    check(log->input_bytes <= bytes.size());
    check(is_subsequence(without_marks(log->typed), bytes) || hotkeys.prefix);
    if (!hotkeys.prefix) check(is_subsequence(without_marks(log->input), bytes));
    if (!hotkeys.pause) check(log->input == bytes);
  }
  // How reads are cut changes nothing, except that an Escape at the end of one has been forwarded.
  if (!cuts.released) {
    check(whole.typed == pieces.typed);
    if (!cuts.after_escape) check(whole.input == pieces.input);
  }
  // The pause key protects secrets: outside a paste its byte never gets through unnoticed.
  const bool always_hotkey = hotkeys.pause == Key{U'\\', true} && !hotkeys.prefix;
  if (always_hotkey && bytes.find("[200~") == std::string::npos) {
    check(without_marks(whole.input).find('\x1c') == std::string::npos);
    check(without_marks(pieces.input).find('\x1c') == std::string::npos);
  }
  return 0;
}
