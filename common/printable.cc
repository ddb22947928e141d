#include "common/printable.h"

#include "common/utf8.h"

namespace asciinemad {
namespace {

bool is_control(unsigned char byte) { return byte < 0x20 || byte == 0x7f; }

// U+0080 to U+009F are C2 80 to C2 9F.
bool is_c1_at(std::string_view text, std::size_t at) {
  return text[at] == '\xc2' && at + 1 < text.size() &&
         static_cast<unsigned char>(text[at + 1]) < 0xa0;
}

}  // namespace

std::string printable(std::string_view text) {
  Utf8Decoder decoder;
  std::string valid(decoder.decode(text));
  valid += decoder.finish();
  std::string result;
  result.reserve(valid.size());
  for (std::size_t i = 0; i < valid.size(); ++i) {
    if (is_c1_at(valid, i)) {
      result += '?';
      ++i;
    } else {
      result += is_control(static_cast<unsigned char>(valid[i])) ? '?' : valid[i];
    }
  }
  return result;
}

}  // namespace asciinemad
