#include "common/json_text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace asciinemad {
namespace {

// Eight bytes, so that one fixed-size copy writes any of them.
struct Escape {
  char text[7];
  std::uint8_t size;
};

constexpr std::array<Escape, 256> make_escapes() {
  constexpr char kHex[] = "0123456789abcdef";
  std::array<Escape, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    table[i] = {{static_cast<char>(i)}, 1};
    if (i < 0x20) table[i] = {{'\\', 'u', '0', '0', kHex[i >> 4], kHex[i & 15]}, 6};
  }
  constexpr char kShort[][2] = {{'"', '"'},  {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'},
                                {'\n', 'n'}, {'\r', 'r'},  {'\t', 't'}};
  for (const auto& pair : kShort) {
    table[static_cast<unsigned char>(pair[0])] = {{'\\', pair[1]}, 2};
  }
  return table;
}

constexpr std::array<Escape, 256> kEscapes = make_escapes();
static_assert(sizeof(Escape) == 8);

// Writes the escape of one byte, or the byte itself. Touches 8 bytes at `to`.
char* put(char* to, char c) {
  const Escape& escape = kEscapes[static_cast<unsigned char>(c)];
  std::memcpy(to, &escape, sizeof(escape));
  return to + escape.size;
}

constexpr std::size_t kBlockBytes = 1024;
constexpr std::size_t kLongestEscape = 6;
constexpr std::size_t kOvershoot = 16;  // the stores below write whole vectors

// Escapes one block into `to`, which has room for the worst case and kOvershoot. A block in the
// cache costs a second copy, but saves a call and a capacity check for each of the short runs
// between escapes that terminal output consists of.
char* escape_block(std::string_view block, char* to) {
  const char* at = block.data();
  const char* const end = at + block.size();
#if defined(__SSE2__)
  const __m128i last_control = _mm_set1_epi8(0x1f);
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  while (end - at >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes);
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes);
    const __m128i quoted =
        _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash));
    const auto special = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(control, quoted)));
    if (special == 0) {
      at += 16;
      to += 16;
      continue;
    }
    const int plain = std::countr_zero(special);
    at += plain;
    to = put(to + plain, *at++);
  }
#endif
  while (at != end) to = put(to, *at++);
  return to;
}

}  // namespace

void append_json_string(std::string& out, std::string_view valid_utf8) {
  std::array<char, kBlockBytes * kLongestEscape + kOvershoot> escaped;  // NOLINT: filled below
  out.reserve(out.size() + valid_utf8.size() + valid_utf8.size() / 8 + 2);
  out.push_back('"');
  while (!valid_utf8.empty()) {
    const std::string_view block = valid_utf8.substr(0, kBlockBytes);
    const char* const end = escape_block(block, escaped.data());
    out.append(escaped.data(), static_cast<std::size_t>(end - escaped.data()));
    valid_utf8.remove_prefix(block.size());
  }
  out.push_back('"');
}

}  // namespace asciinemad
