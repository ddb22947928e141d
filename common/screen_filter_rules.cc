#include "common/screen_filter_rules.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>

namespace asciinemad {
namespace {

using enum StringVerdict;

constexpr std::uint32_t kHighestParam = 0xffffffff;  // it stands for all that are higher

constexpr int form(char prefix, char intermediate, char final) {
  return prefix << 16 | intermediate << 8 | final;
}

// Terminals may keep parameters in 16 bits, and may do anything with higher ones than 32 bits hold.
bool may_be(const VtParam& param, std::uint32_t number) {
  return (param.value & 0xffff) == number || param.value == kHighestParam;
}

bool any_may_be(std::string_view text, std::initializer_list<std::uint32_t> numbers) {
  VtParams params(text);
  while (const auto param = params.next()) {
    for (const std::uint32_t number : numbers) {
      if (may_be(*param, number)) return true;
    }
  }
  return false;
}

bool first_may_be(std::string_view text, std::initializer_list<std::uint32_t> numbers) {
  return any_may_be(text.substr(0, text.find(';')), numbers);
}

// Control sequences that a terminal answers, or that run what could hold such.
bool is_query(const VtSequence& sequence) {
  const char intermediate = sequence.intermediates.empty() ? '\0' : sequence.intermediates[0];
  switch (form(sequence.prefix, intermediate, sequence.final)) {
    case form(0, 0, 'c'):      // DA1
    case form('>', 0, 'c'):    // DA2
    case form('=', 0, 'c'):    // DA3
    case form(0, 0, 'n'):      // DSR
    case form('?', 0, 'n'):    // DSR of DEC
    case form(0, 0, 'x'):      // DECREQTPARM
    case form(0, '$', 'p'):    // DECRQM
    case form('?', '$', 'p'):  // DECRQM of DEC
    case form('>', 0, 'q'):    // XTVERSION
    case form('?', 0, 'u'):    // kitty keyboard
    case form('?', 0, 'm'):    // XTQMODKEYS
    case form('?', 0, 'g'):    // XTQFMTKEYS
    case form('?', 0, 'S'):    // XTSMGRAPHICS, which answers when setting too
    case form(0, '#', 'S'):    // XTTITLEPOS
    case form(0, '#', 'R'):    // XTREPORTCOLORS
    case form(0, '#', '|'):    // XTREPORTSGR
    case form(0, '*', 'y'):    // DECRQCRA
    case form(0, '$', 'w'):    // DECRQPSR
    case form(0, '$', 'u'):    // DECRQTSR
    case form(0, '&', 'u'):    // DECRQUPSS
    case form(0, ',', 'u'):    // DECRQKT
    case form(0, '"', 'v'):    // DECRQDE
    case form(0, '+', 'x'):    // DECRQPKFM
    case form(0, '+', 'p'):    // DECSR confirms
    case form(0, '\'', '|'):   // DECRQLP
    case form(0, '\'', 'w'):   // DECEFR reports a locator that is outside
    case form(0, '*', 'z'):    // DECINVM runs a macro
      return true;
    case form('>', ' ', 'q'):  // kitty's cursors
      return first_may_be(sequence.params, {0, 100, 101});
    case form(0, 0, 't'):
      return first_may_be(sequence.params, {11, 13, 14, 15, 16, 18, 19, 20, 21});
    case form('?', 0, 'h'):
    case form('?', 0, 'r'):  // turned on, 2048 reports the size at once
      return any_may_be(sequence.params, {2048});
    default:
      return false;
  }
}

// What else an untrusted recording must not do.
bool is_liberty(const VtSequence& sequence) {
  const char intermediate = sequence.intermediates.empty() ? '\0' : sequence.intermediates[0];
  switch (form(sequence.prefix, intermediate, sequence.final)) {
    case form(0, 0, 'i'):    // media copy
    case form('?', 0, 'i'):  // media copy
    case form('>', 0, 't'):  // XTSMTITLE
    case form(0, 0, 'y'):    // DECTST
    case form(0, '"', 'p'):  // DECSCL
    case form(0, '$', '|'):  // DECSCPP
    case form(0, '*', '|'):  // DECSNLS
      return true;
    case form(0, 0, 't'):
      return !first_may_be(sequence.params, {22, 23});
    case form(0, 0, 'h'):    // KAM
    case form('?', 0, 'l'):  // VT52
      return any_may_be(sequence.params, {2});
    case form('?', 0, 'h'):
    case form('?', 0, 'r'):
      return any_may_be(sequence.params, {3, 38, 40});  // 132 columns, Tektronix
    default:
      return false;
  }
}

bool contains_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [text](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

bool starts_with_nocase(std::string_view text, std::string_view lower) {
  if (text.size() < lower.size()) return false;
  return std::equal(lower.begin(), lower.end(), text.begin(),
                    [](char a, char b) { return a == b || (a == (b | 0x20) && b < 'a'); });
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Device control strings, by their header.
StringVerdict judge_dcs(std::string_view head, bool whole) {
  const auto in = [&](std::size_t at, char first, char last) {
    return at != head.size() && head[at] >= first && head[at] <= last;
  };
  std::size_t at = 0;
  while (in(at, '0', '?')) ++at;
  const std::size_t intermediates_at = at;
  while (in(at, ' ', '/')) ++at;
  const std::string_view intermediates = head.substr(intermediates_at, at - intermediates_at);
  if (at == head.size()) return whole ? pass : undecided;
  if (!in(at, '@', '~') || intermediates.size() > 1) return drop;
  switch (form(0, intermediates.empty() ? '\0' : intermediates[0], head[at])) {
    case form(0, '$', 'q'):  // DECRQSS
    case form(0, '+', 'q'):  // XTGETTCAP
    case form(0, '+', 'Q'):  // XTGETXRES
    case form(0, '!', 'z'):  // DECDMAC: what DECINVM runs
    case form(0, 0, 'p'):    // ReGIS, which has reports; control mode of tmux
    case form(0, 0, 't'):    // "tmux;" and a sequence, with its Escapes doubled
    case form(0, 0, '@'):    // kitty's remote control
      return drop;
    default:
      return pass;
  }
}

// Graphics of kitty: a query, or a command that is answered. Keys before ';', payload after it.
StringVerdict judge_apc(std::string_view head, bool whole) {
  if (head.empty()) return whole ? pass : undecided;
  if (head[0] != 'G') return pass;
  const std::size_t end = head.find(';');
  if (end == std::string_view::npos && !whole) return undecided;
  std::string_view keys = head.substr(1, end == std::string_view::npos ? end : end - 1);
  bool named = false;
  bool silent = false;
  bool loud = false;
  while (!keys.empty()) {
    const std::size_t comma = std::min(keys.find(','), keys.size());
    const std::string_view key = keys.substr(0, comma);
    keys.remove_prefix(std::min(comma + 1, keys.size()));
    const std::string_view value = key.substr(std::min<std::size_t>(2, key.size()));
    if (key.size() < 2 || key[1] != '=') return drop;
    if (key[0] == 'a' && value == "q") return drop;
    if (key[0] == 'q') (value == "2" ? silent : loud) = true;
    if (key[0] == 'i' || key[0] == 'I') {
      named = named || value.find_first_not_of('0') != std::string_view::npos;
    }
  }
  return named && (loud || !silent) ? drop : pass;
}

// Clipboard: "SELECTIONS;DATA".
StringVerdict judge_clipboard(std::string_view rest, bool whole) {
  const std::size_t data = rest.find(';');
  if (data == std::string_view::npos) {
    return !whole ? undecided : contains_any(rest, {"?"}) ? drop : pass;
  }
  if (data + 1 == rest.size()) return whole ? pass : undecided;
  return rest[data + 1] == '?' ? drop : pass;
}

// Notifications of kitty: "KEYS;TEXT".
StringVerdict judge_notification(std::string_view rest, bool whole) {
  const std::size_t end = rest.find(';');
  if (end == std::string_view::npos && !whole) return undecided;
  return contains_any(rest.substr(0, end), {"?", "alive"}) ? drop : pass;
}

// iTerm2's: "KEY=VALUE" or "KEY".
StringVerdict judge_iterm(std::string_view rest, bool whole) {
  const std::size_t end = rest.find_first_of("=;:");
  if (end == std::string_view::npos && !whole) return undecided;
  const std::string_view key = rest.substr(0, end);
  const bool asks = starts_with_nocase(key, "report") || starts_with_nocase(key, "capabilities") ||
                    starts_with_nocase(key, "requestupload");
  return asks ? drop : pass;
}

struct Osc {
  std::uint32_t number = 0;
  bool has_number = false;  // else terminals differ in what they read
  std::string_view rest;
};

bool allows_untrusted(std::uint32_t number) {
  constexpr std::uint32_t kAllowed[] = {0,  1,   2,   4,   5,   8,   10,  11,  12, 17,
                                        19, 104, 105, 110, 111, 112, 117, 119, 133};
  return std::find(std::begin(kAllowed), std::end(kAllowed), number) != std::end(kAllowed);
}

// Text that no terminal takes for a query, whatever it says.
bool is_free_text(std::uint32_t number) {
  constexpr std::uint32_t kFree[] = {0, 1, 2, 7, 8, 9, 66, 133, 633, 777, 3008};
  return std::find(std::begin(kFree), std::end(kFree), number) != std::end(kFree);
}

StringVerdict judge_osc_number(const Osc& osc, bool whole) {
  if (is_free_text(osc.number)) return pass;
  switch (osc.number) {
    case 52:
      return judge_clipboard(osc.rest, whole);
    case 99:
      return judge_notification(osc.rest, whole);
    case 1337:
      return judge_iterm(osc.rest, whole);
    case 60:    // allowed features
    case 61:    // disallowed ones
    case 5113:  // kitty's file transfer
    case 5522:  // kitty's clipboard
    case kHighestParam:
      return drop;
    default:
      break;
  }
  // The '?' may come late, as in "4;1;red;2;?".
  if (!whole) return undecided;
  if (osc.number == 50 && judge_iterm(osc.rest, true) == drop) return drop;
  return contains_any(osc.rest, {"?"}) ? drop : pass;
}

std::optional<Osc> parse_osc(std::string_view head, bool whole) {
  const std::size_t end = head.find(';');
  if (end == std::string_view::npos && !whole) return std::nullopt;
  const std::string_view digits = head.substr(0, end);
  return Osc{.number = VtParams(digits).next()->value,
             .has_number = std::all_of(digits.begin(), digits.end(), is_digit),
             .rest = end == std::string_view::npos ? std::string_view() : head.substr(end + 1)};
}

StringVerdict judge_osc_untrusted(std::string_view head, bool whole) {
  if (!whole) return undecided;
  const Osc osc = *parse_osc(head, true);
  const bool numbered = osc.has_number && !head.empty() && is_digit(head[0]);
  if (!numbered || !allows_untrusted(osc.number)) return drop;
  return judge_osc_number(osc, true);
}

StringVerdict judge_osc_local(std::string_view head, bool whole) {
  if (head.empty()) return whole ? pass : undecided;
  // Titles of dtterm, the Linux console's palette: nothing that somebody could read as a number.
  if (!is_digit(head[0]) && head[0] != '+' && head[0] != '-' && head[0] != ' ') return pass;
  const auto osc = parse_osc(head, whole);
  if (!osc) return undecided;
  return osc->has_number ? judge_osc_number(*osc, whole) : drop;
}

}  // namespace

bool passes_escape(ScreenPolicy policy, const VtSequence& sequence) {
  const std::string_view intermediates = sequence.intermediates;
  if (intermediates.empty() && sequence.final == 'Z') return false;  // DECID
  // Outside of UTF-8, bytes within characters would be control characters.
  if (intermediates.starts_with('%') && (intermediates != "%" || sequence.final != 'G'))
    return false;
  if (policy == ScreenPolicy::local) return true;
  if (intermediates == " ") return sequence.final != 'F' && sequence.final != 'G';  // S7C1T, S8C1T
  // DMI locks the keyboard; GNU screen and tmux take what follows ESC k for a title.
  return !intermediates.empty() || (sequence.final != '`' && sequence.final != 'k');
}

bool passes_csi(ScreenPolicy policy, const VtSequence& sequence) {
  if (sequence.intermediates.size() > 1 || is_query(sequence)) return false;
  return policy == ScreenPolicy::local || !is_liberty(sequence);
}

StringVerdict judge_string(ScreenPolicy policy, VtString kind, std::string_view head, bool whole) {
  const bool untrusted = policy == ScreenPolicy::untrusted;
  if (kind == VtString::osc) {
    return untrusted ? judge_osc_untrusted(head, whole) : judge_osc_local(head, whole);
  }
  if (untrusted) return drop;
  if (kind == VtString::dcs) return judge_dcs(head, whole);
  return kind == VtString::apc ? judge_apc(head, whole) : pass;
}

}  // namespace asciinemad
