#include "common/terminal_modes.h"

#include <utility>

#include "common/terminal_modes_tracker.h"

namespace asciinemad {
namespace {

constexpr std::size_t kBeforeAll = 2;  // rows of VT52 and synchronised output
static_assert(kModeRows[kBeforeAll - 1].number == 2026);

std::string csi(std::string_view prefix, unsigned number, std::string_view end) {
  std::string text = "\x1b[";
  text += prefix;
  text += std::to_string(number);
  text += end;
  return text;
}

std::string undo_of(const ModeRow& row) {
  const bool set_again = (row.flags & kDefaultSet) != 0;
  if (!row.undo.empty()) return std::string(row.undo);
  if (row.kind == ModeKind::keys) return csi(">", row.number, "m");
  return csi(row.kind == ModeKind::dec ? "?" : "", row.number, set_again ? "h" : "l");
}

std::string redo_colors(unsigned number, const ModeTracker::Values& values) {
  std::string text;
  for (const auto& [key, value] : values.colors) {
    if (key.first != number) continue;
    text += "\x1b]" + std::to_string(number) + ";";
    if (number < 10) text += key.second + ";";
    text += value + "\x1b\\";
  }
  return text;
}

std::string redo_keys(unsigned resource, const std::string& value) {
  return value.empty() ? csi(">", resource, "n") : csi(">", resource, ";" + value + "m");
}

std::string redo_other(unsigned mode, const ModeTracker::Values& values) {
  switch (mode) {
    case keypad:
      return "\x1b=";
    case scroll_region:
      return "\x1b[" + values.scroll_region + "r";
    case coding_system:
      return "\x1b%@";
    case shift:
      return values.shift;
    case hyperlink:
      return values.hyperlink.empty() ? "" : "\x1b]8;" + values.hyperlink + "\x1b\\";
    case pointer_shape:
      return "\x1b]22;" + values.pointer_shape + "\x1b\\";
    case cursor_style:
      return csi("", values.cursor_style, " q");
    default:
      return {};  // attributes are the redrawing's, tab stops are not known
  }
}

std::string redo_of(const ModeRow& row, const ModeTracker::Values& values) {
  const bool reset = (row.flags & kDefaultSet) != 0;
  switch (row.kind) {
    case ModeKind::keys:
      return redo_keys(row.number, values.keys[row.number]);
    case ModeKind::charset:
      return "\x1b" + values.charsets[row.number];
    case ModeKind::color:
      return redo_colors(row.number, values);
    case ModeKind::other:
      return redo_other(row.number, values);
    default:
      return csi(row.kind == ModeKind::dec ? "?" : "", row.number, reset ? "l" : "h");
  }
}

// Undoes on a copy, which sees every sequence: so what one of them undoes by the way (leaving the
// alternate screen restores the cursor's attributes) is known.
class Undoing {
 public:
  explicit Undoing(ModeTracker tracker) : tracker_(std::move(tracker)) {}

  void cancel(VtParser::Unfinished unfinished) {
    if (unfinished == VtParser::Unfinished::sequence) emit("\x18");
    // Not every terminal knows CAN in a string.
    if (unfinished == VtParser::Unfinished::string) emit("\x18\x1b\\");
  }
  void undo_modes(bool crashed) {
    if (crashed) tracker_.recall_ever_on();
    undo_rows(0, kBeforeAll);
    if (tracker_.alternate() != 0) {
      undo_kitty();
      emit(csi("?", tracker_.alternate(), "l"));
      if (crashed) tracker_.recall_ever_on();
    }
    undo_kitty();
    undo_rows(kBeforeAll, kModeCount);
  }
  std::string take() { return std::move(out_); }

 private:
  void emit(std::string_view sequence) {
    out_ += sequence;
    tracker_.observe(sequence);
  }
  void undo_rows(std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      if (tracker_.on(i)) emit(undo_of(kModeRows[i]));
    }
  }
  void undo_kitty() {
    const KittyKeyboard keyboard = tracker_.kitty();
    if (!keyboard.pushed.empty()) {
      emit(csi("<", static_cast<unsigned>(keyboard.pushed.size()), "u"));
    } else if (keyboard.base != 0) {
      emit("\x1b[=0u");
    }
  }

  ModeTracker tracker_;
  std::string out_;
};

}  // namespace

class TerminalModes::Impl {
 public:
  void observe(std::string_view bytes) {
    tracker.observe(bytes);
    CrashState now = tracker.crash_state();
    if (now == crash) return;
    crash = std::move(now);
    ++revision;
  }

  ModeTracker tracker;
  CrashState crash;
  std::uint64_t revision = 0;
};

TerminalModes::TerminalModes() : impl_(std::make_unique<Impl>()) {}
TerminalModes::~TerminalModes() = default;
TerminalModes::TerminalModes(TerminalModes&&) noexcept = default;
TerminalModes& TerminalModes::operator=(TerminalModes&&) noexcept = default;

void TerminalModes::observe(std::string_view bytes) { impl_->observe(bytes); }

void TerminalModes::reset() {
  impl_->tracker = ModeTracker();
  impl_->observe({});
}

std::string TerminalModes::undo() const {
  Undoing undoing(impl_->tracker);
  undoing.cancel(impl_->tracker.unfinished());
  undoing.undo_modes(false);
  return undoing.take();
}

std::string TerminalModes::undo_after_crash() const {
  // The writer may have died anywhere in a sequence, this one or another.
  ModeTracker tracker = impl_->tracker;
  tracker.forget_unfinished();
  Undoing undoing(std::move(tracker));
  if (impl_->crash.any_sequence) undoing.cancel(VtParser::Unfinished::string);
  undoing.undo_modes(true);
  return undoing.take();
}

std::uint64_t TerminalModes::crash_revision() const { return impl_->revision; }

std::string TerminalModes::redo() const {
  const ModeTracker& tracker = impl_->tracker;
  std::string out;
  const KittyKeyboard& keyboard = tracker.kitty();
  if (keyboard.base != 0) out += csi("=", keyboard.base, "u");
  for (const unsigned flags : keyboard.pushed) out += csi(">", flags, "u");
  for (std::size_t i = kBeforeAll; i != kModeCount; ++i) {
    if (!tracker.on(i)) continue;
    out += redo_of(kModeRows[i], tracker.values());
    if (kModeRows[i].number == 69 && !tracker.values().margins.empty()) {
      out += "\x1b[" + tracker.values().margins + "s";
    }
  }
  for (std::size_t i = kBeforeAll; i-- > 0;) {
    if (tracker.on(i)) out += redo_of(kModeRows[i], tracker.values());
  }
  return out;
}

bool TerminalModes::alternate_screen() const { return impl_->tracker.alternate() != 0; }

bool TerminalModes::cursor_hidden() const {
  static constexpr std::size_t kCursor = find_mode(ModeKind::dec, 25);
  return impl_->tracker.on(kCursor);
}

bool TerminalModes::at_rest() const {
  return impl_->tracker.unfinished() == VtParser::Unfinished::nothing;
}

}  // namespace asciinemad
