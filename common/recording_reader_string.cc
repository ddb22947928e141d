#include "common/recording_reader_string.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace asciinemad {
namespace {

constexpr std::int32_t kReplacement = 0xFFFD;
constexpr std::ptrdiff_t kUnitSize = 6;  // of \uXXXX

constexpr bool is_high_surrogate(std::int32_t unit) { return (unit & ~0x3FF) == 0xD800; }
constexpr bool is_low_surrogate(std::int32_t unit) { return (unit & ~0x3FF) == 0xDC00; }

constexpr std::array<char, 256> make_short_escapes() {
  std::array<char, 256> table{};
  constexpr char kShort[][2] = {{'"', '"'},  {'\\', '\\'}, {'/', '/'},  {'b', '\b'},
                                {'f', '\f'}, {'n', '\n'},  {'r', '\r'}, {'t', '\t'}};
  for (const auto& pair : kShort) table[static_cast<unsigned char>(pair[0])] = pair[1];
  return table;
}

constexpr std::array<std::int8_t, 256> make_digits() {
  std::array<std::int8_t, 256> table{};
  table.fill(-1);
  for (std::size_t i = 0; i < 16; ++i) {
    table[static_cast<unsigned char>("0123456789abcdef"[i])] = static_cast<std::int8_t>(i);
    table[static_cast<unsigned char>("0123456789ABCDEF"[i])] = static_cast<std::int8_t>(i);
  }
  return table;
}

constexpr std::array<char, 256> kShortEscapes = make_short_escapes();
constexpr std::array<std::int8_t, 256> kDigits = make_digits();

std::int32_t digit_at(const char* at) { return kDigits[static_cast<unsigned char>(*at)]; }

// The code unit that \uXXXX at `at` stands for; negative when there is none before `end`.
std::int32_t unit_at(const char* at, const char* end) {
  if (end - at < kUnitSize || at[0] != '\\' || at[1] != 'u') return -1;
  // The sign of a digit that is none survives.
  return digit_at(at + 2) * 0x1000 | digit_at(at + 3) * 0x100 | digit_at(at + 4) * 0x10 |
         digit_at(at + 5);
}

char* put_utf8(char* to, std::int32_t c) {
  const auto put = [&to](std::int32_t byte) { *to++ = static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
    return to;
  }
  if (c < 0x800) {
    put(0xC0 | c >> 6);
  } else {
    if (c < 0x10000) {
      put(0xE0 | c >> 12);
    } else {
      put(0xF0 | c >> 18);
      put(0x80 | (c >> 12 & 0x3F));
    }
    put(0x80 | (c >> 6 & 0x3F));
  }
  put(0x80 | (c & 0x3F));
  return to;
}

// `at` is a backslash before `end`. Returns what is behind the escape; nullptr when it is none.
inline const char* unescape_one(const char* at, const char* end, char*& to) {
  const char short_escape = kShortEscapes[static_cast<unsigned char>(at[1])];
  if (short_escape != 0 && end - at >= 2) {
    *to++ = short_escape;
    return at + 2;
  }
  std::int32_t c = unit_at(at, end);
  if (c < 0) return nullptr;
  at += kUnitSize;
  if (is_high_surrogate(c)) {
    const std::int32_t low = unit_at(at, end);
    if (is_low_surrogate(low)) {
      c = 0x10000 + ((c & 0x3FF) << 10 | (low & 0x3FF));
      at += kUnitSize;
    } else {
      c = kReplacement;
    }
  } else if (is_low_surrogate(c)) {
    c = kReplacement;
  }
  to = put_utf8(to, c);
  return at;
}

}  // namespace

const char* unescape_json_string(const char* at, const char* end, char*& to) {
#if defined(__SSE2__)
  const __m128i last_control = _mm_set1_epi8(0x1f);
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
#endif
  while (at < end) {
#if defined(__SSE2__)
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes);
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes);
    const __m128i quoted =
        _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash));
    const auto special = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(control, quoted)));
    const int plain = special == 0 ? 16 : std::countr_zero(special);
    at += plain;
    to += plain;
    if (special == 0) continue;
    if (at >= end) return nullptr;
#else
    if (*at != '"' && *at != '\\' && static_cast<unsigned char>(*at) >= 0x20) {
      *to++ = *at++;
      continue;
    }
#endif
    if (*at == '"') return at;
    if (*at != '\\') return nullptr;
    at = unescape_one(at, end, to);
    if (at == nullptr) return nullptr;
  }
  return nullptr;
}

bool replace_unpaired_surrogates(std::string& json) {
  bool replaced = false;
  const char* const end = json.data() + json.size();
  for (std::size_t at = json.find('\\'); at != std::string::npos; at = json.find('\\', at)) {
    const std::int32_t unit = unit_at(json.data() + at, end);
    if (unit < 0) {
      at += 2;
      continue;
    }
    if (is_high_surrogate(unit) && is_low_surrogate(unit_at(json.data() + at + kUnitSize, end))) {
      at += 2 * kUnitSize;
      continue;
    }
    if (is_high_surrogate(unit) || is_low_surrogate(unit)) {
      json.replace(at, kUnitSize, "\\ufffd");
      replaced = true;
    }
    at += kUnitSize;
  }
  return replaced;
}

}  // namespace asciinemad
