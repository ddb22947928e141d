#include "common/terminal_modes_tracker.h"

#include <algorithm>
#include <charconv>

namespace asciinemad {
namespace {

constexpr std::size_t kMaxColorBytes = 128;

constexpr std::size_t other_mode(OtherMode mode) { return find_mode(ModeKind::other, mode); }
constexpr std::size_t kKeypad = other_mode(keypad);
constexpr std::size_t kRegion = other_mode(scroll_region);
constexpr std::size_t kCodingSystem = other_mode(coding_system);
constexpr std::size_t kShift = other_mode(shift);
constexpr std::size_t kRendition = other_mode(rendition);
constexpr std::size_t kProtection = other_mode(protection);
constexpr std::size_t kHyperlink = other_mode(hyperlink);
constexpr std::size_t kPointerShape = other_mode(pointer_shape);
constexpr std::size_t kTabStops = other_mode(tab_stops);
constexpr std::size_t kCursorStyle = other_mode(cursor_style);
constexpr std::size_t kVt52 = find_mode(ModeKind::dec, 2);
constexpr std::size_t kMargins = find_mode(ModeKind::dec, 69);
constexpr std::size_t kKeypadMode = 66;  // DECNKM, the same as ESC = and ESC >
static_assert(kKeypad < kModeCount && kVt52 < kModeCount && kMargins < kModeCount);

const ModeSet& with_cursor() {
  static const ModeSet kSet = modes_with(kWithCursor);
  return kSet;
}

std::uint32_t first_of(std::string_view params, std::uint32_t otherwise) {
  const auto param = VtParams(params).next();
  return param->given ? param->value : otherwise;
}

std::string_view field(std::string_view& rest) {
  const std::size_t end = std::min(rest.find(';'), rest.size());
  const std::string_view found = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return found;
}

// Numbers of the attributes that turn something off.
bool is_rendition_end(std::uint32_t number) {
  return (number >= 22 && number <= 29) || number == 10 || number == 39 || number == 49 ||
         number == 50 || number == 54 || number == 55 || number == 59 || number == 75;
}

}  // namespace

void ModeTracker::observe(std::string_view bytes) {
  parser_.feed(bytes, *this);
  const auto state = parser_.unfinished();
  any_sequence_ = any_sequence_ || state == VtParser::Unfinished::sequence ||
                  state == VtParser::Unfinished::string;
}

CrashState ModeTracker::crash_state() const {
  static const ModeSet kNotTwiceModes = modes_with(kNotTwice);
  return {.any_sequence = any_sequence_,
          .ever = ever_,
          .saved = saved_[0].on & kNotTwiceModes,
          .not_twice = on_ & kNotTwiceModes,
          .alternate = alternate_,
          .kitty = kitty_};
}

void ModeTracker::recall_ever_on() { on_ |= ever_ & ~modes_with(kNotTwice); }

void ModeTracker::set(std::size_t mode, bool on) {
  if (mode == kModeCount) return;
  on_[mode] = on;
  if (on) ever_[mode] = true;
}

void ModeTracker::set(ModeKind kind, unsigned number, bool on) { set(find_mode(kind, number), on); }

void ModeTracker::set_shift(std::string_view sequence) {
  set(kShift, !sequence.empty());
  values_.shift = sequence;
}

void ModeTracker::on_control(char c, bool) {
  if (c == '\x0e') set_shift("\x0e");
  if (c == '\x0f') set_shift({});
}

void ModeTracker::on_escape(const VtSequence& sequence) {
  any_sequence_ = true;
  if (!sequence.intermediates.empty()) {
    set_charset(sequence);
    return;
  }
  switch (sequence.final) {
    case '7':
      return save_cursor();
    case '8':
      return restore_cursor();
    case '<':
      return set(kVt52, false);
    case '=':
    case '>':
      return set(kKeypad, sequence.final == '=');
    case 'H':
      return set(kTabStops, true);
    case 'c':
      return reset_hard();
    case 'n':
      return set_shift("\x1bn");
    case 'o':
      return set_shift("\x1bo");
    default:
      return;
  }
}

void ModeTracker::set_charset(const VtSequence& sequence) {
  constexpr std::string_view kSets = "()*+ -./";  // G0 to G3 of 94 characters, of 96
  const char kind = sequence.intermediates[0];
  if (kind == '%' && sequence.intermediates.size() == 1) set(kCodingSystem, sequence.final != 'G');
  const std::size_t at = kSets.find(kind);
  if (at == std::string_view::npos || kind == ' ') return;
  std::string designation(sequence.intermediates.substr(0, 4));
  designation += sequence.final;
  const bool ascii = at < 4 && designation.substr(1) == "B";
  set(ModeKind::charset, at % 4, !ascii);
  values_.charsets[at % 4] = designation;
}

void ModeTracker::on_csi(const VtSequence& sequence) {
  any_sequence_ = true;
  if (sequence.final == 'u' && sequence.prefix != 0) return kitty_keyboard(sequence);
  switch (sequence.prefix) {
    case 0:
      return plain_csi(sequence);
    case '?':
      return question_csi(sequence);
    case '>':
      return greater_csi(sequence);
    default:
      return;
  }
}

void ModeTracker::plain_csi(const VtSequence& sequence) {
  const std::string_view params = sequence.params;
  if (!sequence.intermediates.empty()) {
    const std::uint32_t first = first_of(params, 0);
    if (sequence.intermediates == "!" && sequence.final == 'p') reset_soft();
    if (sequence.intermediates == "\"" && sequence.final == 'q') set(kProtection, first == 1);
    if (sequence.intermediates == " " && sequence.final == 'q') {
      set(kCursorStyle, first != 0);
      values_.cursor_style = first;
    }
    return;
  }
  switch (sequence.final) {
    case 'm':
      return set_rendition(params);
    case 'h':
    case 'l':
      return set_ansi(params, sequence.final == 'h');
    case 'r':
      return set_scroll_region(params);
    case 's':
      return save_or_set_margins(params);
    case 'u':
      return restore_cursor();
    case 'g':
      return set(kTabStops, true);
    default:
      return;
  }
}

void ModeTracker::question_csi(const VtSequence& sequence) {
  if (!sequence.intermediates.empty()) return;
  if (sequence.final == 'W' && first_of(sequence.params, 0) == 5) set(kTabStops, false);
  if (sequence.final == 's' || sequence.final == 'r') save_dec(sequence);
  if (sequence.final != 'h' && sequence.final != 'l') return;
  VtParams params(sequence.params);
  while (const auto param = params.next()) set_dec(param->value, sequence.final == 'h');
}

void ModeTracker::greater_csi(const VtSequence& sequence) {
  if (!sequence.intermediates.empty()) return;
  if (sequence.final == 'm') set_keys(sequence.params);
  if (sequence.final == 'n') {
    const std::uint32_t resource = first_of(sequence.params, 2);
    const bool differs = resource != 4;  // where disabled is as good as 0
    set(ModeKind::keys, resource, differs);
    if (resource < values_.keys.size()) values_.keys[resource].clear();
  }
}

void ModeTracker::set_dec(unsigned number, bool value) {
  switch (number) {
    case kKeypadMode:
      return set(kKeypad, value);
    case 1048:
      return value ? save_cursor() : restore_cursor();
    case 47:
    case 1047:
    case 1049:
      if (number == 1049 && value) save_cursor();
      alternate_ = value ? std::max(number, alternate_) : 0;
      if (number == 1049 && !value) restore_cursor();
      return;
    default:
      break;
  }
  const std::size_t mode = find_mode(ModeKind::dec, number);
  if (mode == kModeCount) return;
  set(mode, value != ((kModeRows[mode].flags & kDefaultSet) != 0));
  if (mode == kMargins) values_.margins.clear();
}

// XTSAVE and XTRESTORE.
void ModeTracker::save_dec(const VtSequence& sequence) {
  VtParams params(sequence.params);
  while (const auto param = params.next()) {
    const std::size_t mode =
        param->value == kKeypadMode ? kKeypad : find_mode(ModeKind::dec, param->value);
    if (mode == kModeCount) continue;
    if (sequence.final == 's') {
      xtsaved_[mode] = on_[mode];
    } else {
      set(mode, xtsaved_[mode]);
    }
  }
}

void ModeTracker::set_ansi(std::string_view text, bool value) {
  VtParams params(text);
  while (const auto param = params.next()) {
    const std::size_t mode = find_mode(ModeKind::ansi, param->value);
    if (mode == kModeCount) continue;
    set(mode, value != ((kModeRows[mode].flags & kDefaultSet) != 0));
  }
}

void ModeTracker::set_rendition(std::string_view text) {
  VtParams params(text);
  while (const auto param = params.next()) {
    const std::uint32_t number = param->value;
    if (number == 0) {
      set(kRendition, false);
    } else if (!is_rendition_end(number)) {
      set(kRendition, true);
    }
    if ((number != 38 && number != 48 && number != 58) || !param->sub.empty()) continue;
    // The numbers of a colour are no attributes.
    const auto space = params.next();
    const int numbers = !space ? 0 : space->value == 2 ? 3 : space->value == 5 ? 1 : 0;
    for (int i = 0; i < numbers; ++i) params.next();
  }
}

void ModeTracker::set_scroll_region(std::string_view text) {
  VtParams params(text);
  const auto top = params.next();
  const auto bottom = params.next();
  set(kRegion, top->value > 1 || (bottom && bottom->value != 0));
  values_.scroll_region = text;
}

void ModeTracker::save_or_set_margins(std::string_view params) {
  if (on_[kMargins]) {
    values_.margins = params;
  } else {
    save_cursor();
  }
}

void ModeTracker::set_keys(std::string_view text) {
  VtParams params(text);
  const auto resource = params.next();
  const auto value = params.next();
  if (!resource->given) {
    for (unsigned i = 0; i < values_.keys.size(); ++i) set(ModeKind::keys, i, false);
    return;
  }
  if (resource->value >= values_.keys.size()) return;
  const bool given = value && value->given;
  set(ModeKind::keys, resource->value, given && !(resource->value == 4 && value->value == 0));
  values_.keys[resource->value] = given ? std::to_string(value->value) : std::string();
}

void ModeTracker::kitty_keyboard(const VtSequence& sequence) {
  if (!sequence.intermediates.empty()) return;
  KittyKeyboard& keyboard = kitty_[screen()];
  std::vector<unsigned>& pushed = keyboard.pushed;
  VtParams params(sequence.params);
  const auto first = params.next();
  if (sequence.prefix == '>') {
    if (pushed.size() == KittyKeyboard::kMaxDepth) pushed.erase(pushed.begin());
    pushed.push_back(first->value);
  } else if (sequence.prefix == '<') {
    const std::size_t count = first->given ? first->value : 1;
    if (count >= pushed.size()) keyboard.base = 0;
    pushed.resize(pushed.size() - std::min(count, pushed.size()));
  } else if (sequence.prefix == '=') {
    unsigned& flags = pushed.empty() ? keyboard.base : pushed.back();
    const auto how = params.next();
    const std::uint32_t operation = how && how->given ? how->value : 1;
    if (operation == 1) flags = first->value;
    if (operation == 2) flags |= first->value;
    if (operation == 3) flags &= ~first->value;
  }
}

void ModeTracker::save_cursor() {
  saved_[screen()] = {on_ & with_cursor(), values_.charsets, values_.shift};
}

void ModeTracker::restore_cursor() {
  const Cursor& cursor = saved_[screen()];
  on_ = (on_ & ~with_cursor()) | cursor.on;
  values_.charsets = cursor.charsets;
  values_.shift = cursor.shift;
}

void ModeTracker::reset_soft() {
  static const ModeSet kSet = modes_with(kSoftReset);
  on_ &= ~kSet;
  saved_[screen()] = Cursor();
}

void ModeTracker::reset_hard() {
  on_.reset();
  xtsaved_.reset();
  saved_ = {};
  alternate_ = 0;
  kitty_ = {};
  values_ = {};
}

void ModeTracker::on_string_begin(VtString kind, std::string_view) {
  any_sequence_ = true;
  in_osc_ = kind == VtString::osc;
  osc_.clear();
}

void ModeTracker::on_string_data(std::string_view data) {
  if (!in_osc_) return;
  for (const char c : data.substr(0, kMaxOscBytes)) {
    if (osc_.size() == kMaxOscBytes) return;
    if (c >= ' ' && c != 0x7f)
      osc_ += c;  // ASCII alone: nothing that a redraw could turn into more
  }
}

// Some terminals obey an OSC that is broken off.
void ModeTracker::on_string_end(std::string_view) {
  if (!in_osc_) return;
  std::string_view rest = osc_;
  const std::string_view digits = field(rest);
  unsigned number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return;
  if (number == 8) {
    const std::string_view uri = rest.substr(std::min(rest.find(';'), rest.size()));
    set(kHyperlink, uri.size() > 1);
    values_.hyperlink = osc_.size() < kMaxOscBytes ? rest : std::string_view();
  } else if (number == 22) {
    set(kPointerShape, !rest.empty());
    values_.pointer_shape = rest;
  } else if (number >= 104 && number <= 119) {
    reset_colors(number - 100, rest);
  } else {
    set_colors(number, rest);
  }
}

void ModeTracker::set_colors(unsigned number, std::string_view rest) {
  if (number == 4 || number == 5) {
    while (!rest.empty()) {
      const std::string_view index = field(rest);
      set_color(number, index, field(rest));
    }
    return;
  }
  // Further values are for the next numbers.
  for (; number >= 10 && number <= 19 && !rest.empty(); ++number) {
    set_color(number, {}, field(rest));
  }
}

void ModeTracker::set_color(unsigned number, std::string_view index, std::string_view value) {
  if (value.empty() || value[0] == '?') return;
  set(ModeKind::color, number, true);
  const bool fits =
      values_.colors.size() < kMaxColors && index.size() + value.size() <= kMaxColorBytes;
  if (fits) values_.colors[{number, std::string(index)}] = value;
}

void ModeTracker::reset_colors(unsigned number, std::string_view rest) {
  auto& colors = values_.colors;
  if (!rest.empty() && number < 10) {
    while (!rest.empty()) colors.erase({number, std::string(field(rest))});
    if (colors.lower_bound({number, {}}) != colors.lower_bound({number + 1, {}})) return;
  } else {
    colors.erase(colors.lower_bound({number, {}}), colors.lower_bound({number + 1, {}}));
  }
  set(ModeKind::color, number, false);
}

}  // namespace asciinemad
