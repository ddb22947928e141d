// Runs Utf8Decoder over a scripted stream, so that another decoder's result can be compared.
//
// Standard input: records of a 32-bit little-endian size and that many bytes; size 0xffffffff ends
// a stream. Standard output: for each record the decoded text, or what finish() gave, preceded by
// its 32-bit little-endian size. Exit status 1 on malformed input or failed output.
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "common/utf8.h"

namespace {

constexpr std::uint32_t kEndOfStream = 0xffffffff;
constexpr std::uint32_t kMaxChunkBytes = 1 << 20;

bool read_size(std::uint32_t& size) {
  unsigned char bytes[4];
  if (std::fread(bytes, 1, sizeof(bytes), stdin) != sizeof(bytes)) return false;
  size = 0;
  for (int i = 3; i >= 0; --i) size = size << 8 | bytes[i];
  return true;
}

bool write_text(std::string_view text) {
  unsigned char size[4];
  for (unsigned i = 0; i < 4; ++i) size[i] = static_cast<unsigned char>(text.size() >> (8 * i));
  return std::fwrite(size, 1, sizeof(size), stdout) == sizeof(size) &&
         std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
}

}  // namespace

int main() {
  asciinemad::Utf8Decoder decoder;
  std::string chunk;
  std::uint32_t size = 0;
  while (read_size(size)) {
    if (size == kEndOfStream) {
      if (!write_text(decoder.finish())) return 1;
      continue;
    }
    if (size > kMaxChunkBytes) return 1;
    chunk.resize(size);
    if (std::fread(chunk.data(), 1, size, stdin) != size) return 1;
    if (!write_text(decoder.decode(chunk))) return 1;
  }
  return std::feof(stdin) != 0 && std::fflush(stdout) == 0 ? 0 : 1;
}
