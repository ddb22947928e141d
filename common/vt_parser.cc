#include "common/vt_parser.h"

#include <algorithm>
#include <bit>
#include <limits>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace asciinemad {
namespace {

constexpr char kBel = '\x07';
constexpr char kCan = '\x18';
constexpr char kSub = '\x1a';
constexpr char kEsc = '\x1b';
constexpr char kDel = '\x7f';
constexpr char kC2 = '\xc2';  // begins U+0080..U+00BF

constexpr bool between(char c, int first, int last) {
  const int byte = static_cast<unsigned char>(c);
  return byte >= first && byte <= last;
}
constexpr bool is_c0(char c) { return between(c, 0x00, 0x1f); }
constexpr bool is_c1_second(char c) { return between(c, 0x80, 0x9f); }
constexpr bool is_continuation(char c) { return between(c, 0x80, 0xbf); }
constexpr bool is_intermediate(char c) { return between(c, 0x20, 0x2f); }
constexpr bool is_param(char c) { return between(c, 0x30, 0x3b); }
constexpr bool is_prefix(char c) { return between(c, 0x3c, 0x3f); }
constexpr bool is_csi_final(char c) { return between(c, 0x40, 0x7e); }

// The first byte that is more than text: a control character, or the first byte of a C1 one.
const char* find_special(const char* at, const char* end) {
#if defined(__SSE2__)
  const __m128i last_c0 = _mm_set1_epi8(0x1f);
  const __m128i del = _mm_set1_epi8(kDel);
  const __m128i c2 = _mm_set1_epi8(kC2);
  for (; end - at >= 16; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i c0 = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_c0), bytes);
    const __m128i other = _mm_or_si128(_mm_cmpeq_epi8(bytes, del), _mm_cmpeq_epi8(bytes, c2));
    const auto found = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(c0, other)));
    if (found != 0) return at + std::countr_zero(found);
  }
#endif
  while (at != end && !is_c0(*at) && *at != kDel && *at != kC2) ++at;
  return at;
}

std::string_view view(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

// Continuation bytes that a character with this first byte has.
unsigned continuations(char first) {
  if (between(first, 0xc2, 0xdf)) return 1;
  if (between(first, 0xe0, 0xef)) return 2;
  return between(first, 0xf0, 0xf4) ? 3 : 0;
}

std::optional<VtString> string_after_escape(char c) {
  switch (c) {
    case 'P':
      return VtString::dcs;
    case 'X':
      return VtString::sos;
    case ']':
      return VtString::osc;
    case '^':
      return VtString::pm;
    case '_':
      return VtString::apc;
    default:
      return std::nullopt;
  }
}

// Whether U+00NN with this second byte breaks a string off, other than by ending it as ST does.
bool breaks_string(char second) {
  const char as_escape = static_cast<char>(second - 0x40);
  return as_escape == '[' || as_escape == 'Z' || string_after_escape(as_escape).has_value();
}

}  // namespace

std::optional<VtParam> VtParams::next() {
  constexpr std::uint32_t kHighest = std::numeric_limits<std::uint32_t>::max();
  if (at_end_) return std::nullopt;
  const std::size_t end = std::min(rest_.find(';'), rest_.size());
  at_end_ = end == rest_.size();
  const std::string_view text = rest_.substr(0, end);
  rest_.remove_prefix(at_end_ ? end : end + 1);
  VtParam param;
  std::size_t at = 0;
  for (; at != text.size() && between(text[at], '0', '9'); ++at) {
    const auto digit = static_cast<std::uint32_t>(text[at] - '0');
    param.value = param.value > (kHighest - digit) / 10 ? kHighest : param.value * 10 + digit;
  }
  param.given = at != 0;
  param.sub = text.substr(at);
  return param;
}

void VtParser::feed(std::string_view bytes, Listener& listener) {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  while (at != end) {
    if (c2_) {
      at = after_c2(at, listener);
      continue;
    }
    switch (state_) {
      case State::ground:
        at = ground(at, end, listener);
        break;
      case State::string:
        at = string(at, end, listener);
        break;
      case State::string_escape:
        at = string_escape(at, listener);
        break;
      default:
        at = sequence(at, end, listener);
    }
  }
}

VtParser::Unfinished VtParser::unfinished() const {
  if (state_ == State::string || state_ == State::string_escape) return Unfinished::string;
  if (state_ != State::ground) return Unfinished::sequence;
  return c2_ || missing_ != 0 ? Unfinished::character : Unfinished::nothing;
}

const char* VtParser::ground(const char* at, const char* end, Listener& listener) {
  const char* run = at;
  while ((at = find_special(at, end)) != end && *at == kC2) {
    if (end - at == 1 || is_c1_second(at[1])) break;
    ++at;
  }
  if (at != run) {
    listener.on_text(view(run, at));
    note_end(at == end ? view(run, at) : std::string_view());
    if (at == end) return at;
  }
  missing_ = 0;
  if (*at == kEsc) return whole_csi(at, end, listener);
  if (*at != kC2) {
    listener.on_control(*at, false);
    return at + 1;
  }
  c2_ = true;
  return at + 1;
}

// Remembers how much the last character of the text lacks; `run` ends where the input does.
void VtParser::note_end(std::string_view run) {
  const std::size_t looked_at = std::min<std::size_t>(run.size(), 3);
  for (std::size_t have = 1; have <= looked_at; ++have) {
    const char c = run[run.size() - have];
    if (is_continuation(c)) continue;
    const std::size_t need = continuations(c) + std::size_t{1};
    missing_ = need > have ? static_cast<unsigned>(need - have) : 0;
    return;
  }
  missing_ -= std::min(missing_, static_cast<unsigned>(looked_at));
}

const char* VtParser::after_c2(const char* at, Listener& listener) {
  c2_ = false;
  const char pair[] = {kC2, *at};
  const bool in_string = state_ == State::string;
  if (in_string && *at == '\x9c') {
    end_string({pair, 2}, listener);
    return at + 1;
  }
  if (is_c1_second(*at) && (!in_string || breaks_string(*at))) {
    if (in_string) end_string({}, listener);
    c1(*at, listener);
    return at + 1;
  }
  const std::size_t size = is_continuation(*at) ? 2 : 1;
  if (in_string) {
    listener.on_string_data({pair, size});
  } else {
    listener.on_text({pair, size});
  }
  return at + (size - 1);
}

void VtParser::c1(char second, Listener& listener) {
  const char raw[] = {kC2, second};
  const char as_escape = static_cast<char>(second - 0x40);
  if (as_escape == '[') {
    begin_csi({raw, 2});
  } else if (const auto kind = string_after_escape(as_escape)) {
    begin_string(*kind, {raw, 2}, listener);
  } else {
    listener.on_escape({.raw = {raw, 2}, .final = as_escape});
  }
}

// Most sequences are CSI and come in one piece: those need no copy.
const char* VtParser::whole_csi(const char* at, const char* end, Listener& listener) {
  const char* const start = at;
  begin_escape();
  if (end - at < 3 || at[1] != '[') return start + 1;
  const char* const last = at + std::min<std::ptrdiff_t>(end - at, kMaxSequenceBytes);
  at += 2;
  VtSequence found;
  if (is_prefix(*at)) found.prefix = *at++;
  const char* const params = at;
  while (at != last && is_param(*at)) ++at;
  found.params = view(params, at);
  const char* const intermediates = at;
  while (at != last && is_intermediate(*at)) ++at;
  found.intermediates = view(intermediates, at);
  if (at == last || !is_csi_final(*at)) return start + 1;
  found.final = *at++;
  found.raw = view(start, at);
  state_ = State::ground;
  listener.on_csi(found);
  return at;
}

const char* VtParser::sequence(const char* at, const char* end, Listener& listener) {
  while (at != end && state_ != State::ground && state_ != State::string) {
    const char c = *at;
    if (between(c, 0x80, 0xff)) {
      // Terminals differ in what they make of this one; that it is not an ASCII sequence is sure.
      discard(listener);
      state_ = State::ground;
      return at;
    }
    ++at;
    if (c == kEsc) {
      discard(listener);
      begin_escape();
    } else if (is_c0(c) || c == kDel) {
      control_inside(c, listener);
    } else if (state_ == State::escape || state_ == State::escape_intermediate) {
      escape_byte(c, listener);
    } else {
      csi_byte(c, listener);
    }
  }
  return at;
}

void VtParser::control_inside(char c, Listener& listener) {
  if (c == kCan || c == kSub) {
    discard(listener);
    state_ = State::ground;
    listener.on_control(c, false);
    return;
  }
  keep(c, false, listener);
  listener.on_control(c, !discarded_);
}

void VtParser::escape_byte(char c, Listener& listener) {
  const bool first = state_ == State::escape;
  keep(c, true, listener);
  if (is_intermediate(c)) {
    state_ = State::escape_intermediate;
  } else if (first && c == '[') {
    state_ = State::csi_entry;
    text_size_ = 0;
  } else if (const auto kind = first ? string_after_escape(c) : std::nullopt) {
    begin_string(*kind, discarded_ ? std::string_view() : std::string_view(raw_.data(), raw_size_),
                 listener);
  } else {
    state_ = State::ground;
    if (discarded_) return;
    listener.on_escape({.raw = {raw_.data(), raw_size_},
                        .intermediates = {text_.data(), text_size_ - 1},
                        .final = c});
  }
}

void VtParser::csi_byte(char c, Listener& listener) {
  keep(c, true, listener);
  if (is_csi_final(c)) {
    const bool intermediates = state_ == State::csi_intermediate;
    state_ = State::ground;
    if (discarded_) return;
    const std::size_t text_end = text_size_ - 1;
    const std::size_t params_end = intermediates ? intermediates_at_ : text_end;
    const std::string_view text(text_.data(), text_end);
    listener.on_csi({.raw = {raw_.data(), raw_size_},
                     .prefix = params_at_ != 0 ? text_[0] : '\0',
                     .params = text.substr(params_at_, params_end - params_at_),
                     .intermediates = text.substr(params_end),
                     .final = c});
    return;
  }
  if (state_ == State::csi_entry) {
    params_at_ = is_prefix(c) ? 1 : 0;
    state_ = is_intermediate(c) ? State::csi_intermediate : State::csi_param;
    intermediates_at_ = 0;
  } else if (is_prefix(c) || (state_ == State::csi_intermediate && is_param(c))) {
    state_ = State::csi_ignore;
    discard(listener);
  } else if (state_ == State::csi_param && is_intermediate(c)) {
    state_ = State::csi_intermediate;
    intermediates_at_ = text_size_ - 1;
  }
}

const char* VtParser::string(const char* at, const char* end, Listener& listener) {
  const char* const begin = at;
  const auto is_last = [&](const char* p) {
    if (*p == kBel) return string_kind_ == VtString::osc;
    return *p == kEsc || *p == kCan || *p == kSub || *p == kC2;
  };
  for (at = find_special(at, end); at != end && !is_last(at);) at = find_special(at + 1, end);
  if (at != begin) listener.on_string_data(view(begin, at));
  if (at == end) return at;
  const char c = *at++;
  if (c == kC2) {
    c2_ = true;
  } else if (c == kEsc) {
    state_ = State::string_escape;
  } else if (c == kBel) {
    end_string("\a", listener);
  } else {
    end_string({}, listener);
    listener.on_control(c, false);
  }
  return at;
}

const char* VtParser::string_escape(const char* at, Listener& listener) {
  if (*at == '\\') {
    end_string("\x1b\\", listener);
    return at + 1;
  }
  end_string({}, listener);
  begin_escape();
  return at;
}

void VtParser::begin_escape() {
  state_ = State::escape;
  discarded_ = false;
  raw_[0] = kEsc;
  raw_size_ = 1;
  text_size_ = 0;
  params_at_ = 0;
  intermediates_at_ = 0;
}

void VtParser::begin_csi(std::string_view introducer) {
  begin_escape();
  state_ = State::csi_entry;
  raw_size_ = introducer.copy(raw_.data(), introducer.size());
}

void VtParser::begin_string(VtString kind, std::string_view introducer, Listener& listener) {
  state_ = State::string;
  string_kind_ = kind;
  listener.on_string_begin(kind, introducer);
}

void VtParser::end_string(std::string_view terminator, Listener& listener) {
  state_ = State::ground;
  listener.on_string_end(terminator);
}

void VtParser::keep(char c, bool in_text, Listener& listener) {
  if (discarded_) return;
  if (raw_size_ == raw_.size()) {
    discard(listener);
    return;
  }
  raw_[raw_size_++] = c;
  if (in_text) text_[text_size_++] = c;
}

void VtParser::discard(Listener& listener) {
  if (discarded_) return;
  discarded_ = true;
  listener.on_discarded();
}

}  // namespace asciinemad
