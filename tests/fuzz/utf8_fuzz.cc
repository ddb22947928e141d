// Utf8Decoder against a decoder that is too simple to be wrong, in chunks that the input chooses.
//
// The first byte seeds the chunk sizes, the rest is decoded.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/utf8.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

// Whether some well-formed character begins with these bytes, which are 1 to 4: Unicode's table of
// well-formed byte sequences, row by row.
bool begins_character(std::string_view bytes) {
  struct Row {
    unsigned char min[4];
    unsigned char max[4];
    std::size_t size;
  };
  constexpr Row kRows[] = {
      {{0x00}, {0x7F}, 1},
      {{0xC2, 0x80}, {0xDF, 0xBF}, 2},
      {{0xE0, 0xA0, 0x80}, {0xE0, 0xBF, 0xBF}, 3},
      {{0xE1, 0x80, 0x80}, {0xEC, 0xBF, 0xBF}, 3},
      {{0xED, 0x80, 0x80}, {0xED, 0x9F, 0xBF}, 3},
      {{0xEE, 0x80, 0x80}, {0xEF, 0xBF, 0xBF}, 3},
      {{0xF0, 0x90, 0x80, 0x80}, {0xF0, 0xBF, 0xBF, 0xBF}, 4},
      {{0xF1, 0x80, 0x80, 0x80}, {0xF3, 0xBF, 0xBF, 0xBF}, 4},
      {{0xF4, 0x80, 0x80, 0x80}, {0xF4, 0x8F, 0xBF, 0xBF}, 4},
  };
  for (const Row& row : kRows) {
    bool fits = bytes.size() <= row.size;
    for (std::size_t i = 0; fits && i < bytes.size(); ++i) {
      const auto byte = static_cast<unsigned char>(bytes[i]);
      fits = byte >= row.min[i] && byte <= row.max[i];
    }
    if (fits) return true;
  }
  return false;
}

std::size_t character_size(unsigned char lead) {
  return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

// Decodes as much of a stream as is decided; `rest` is the incomplete character at its end.
std::string naive_decode(std::string_view bytes, std::string_view& rest) {
  std::string text;
  while (!bytes.empty()) {
    std::size_t size = 0;
    while (size < bytes.size() && size < 4 && begins_character(bytes.substr(0, size + 1))) ++size;
    if (size > 0 && size == character_size(static_cast<unsigned char>(bytes[0]))) {
      text += bytes.substr(0, size);
    } else if (size > 0 && size == bytes.size()) {
      break;
    } else {
      text += "\xEF\xBF\xBD";
      if (size == 0) size = 1;
    }
    bytes.remove_prefix(size);
  }
  rest = bytes;
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  unsigned chunk_seed = data[0];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);

  asciinemad::Utf8Decoder decoder;
  std::string text;
  std::string expected;
  std::string_view rest;
  for (std::size_t fed = 0; fed < bytes.size();) {
    chunk_seed = chunk_seed * 1103515245 + 12345;
    const std::size_t chunk =
        std::min<std::size_t>((chunk_seed >> 16) % (data[0] % 64 + 2U), bytes.size() - fed);
    text += decoder.decode(bytes.substr(fed, chunk));
    const std::size_t undecided = fed - rest.size();
    fed += chunk;

    // At every moment the output is all that is decided so far.
    expected += naive_decode(bytes.substr(undecided, fed - undecided), rest);
    require(text.size() == expected.size() && decoder.pending() == rest);

    if (chunk_seed % 5 == 0) decoder.release_buffer();
    asciinemad::Utf8Decoder successor;
    require(successor.set_pending(decoder.pending()).ok());
    if (chunk_seed % 3 == 0) decoder = successor;
  }
  text += decoder.finish();
  require(text == expected + (rest.empty() ? "" : "\xEF\xBF\xBD"));
  expected = naive_decode(bytes, rest);
  require(text == expected + (rest.empty() ? "" : "\xEF\xBF\xBD"));

  // The output is valid: decoding it again changes nothing, and needs no copy.
  const std::string_view again = decoder.decode(text);
  require(again == text && again.data() == text.data() && decoder.pending().empty());
  return 0;
}
