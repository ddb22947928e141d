// Fuzzes OutputMarkers. The first byte of the input says how the rest, which is a program's output,
// is cut into portions.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/output_markers.h"
#include "common/utf8.h"

namespace {

using asciinemad::OutputMarkers;
using asciinemad::Utf8Decoder;

void check(bool holds) {
  if (!holds) std::abort();
}

struct Log final : OutputMarkers::Listener {
  std::string plain;
  std::string told;  // a marker as NUL, label, NUL

  void on_plain_output(std::string_view bytes) override {
    check(!bytes.empty());
    plain += bytes;
    told += bytes;
  }
  void on_output_marker(std::string_view label) override {
    check(label.size() <= OutputMarkers::kMaxLabelBytes);
    check(std::none_of(label.begin(), label.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; }));
    Utf8Decoder decoder;
    check(decoder.decode(label) == label && decoder.finish().empty());
    (((told += '\0') += label) += '\0');
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,  // NOLINT: libFuzzer's name
                                      std::size_t size) {
  if (size == 0) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  Log whole;
  OutputMarkers markers;
  markers.feed(bytes, whole);
  check(markers.held().size() < OutputMarkers::kMaxHeldBytes);
  check(whole.plain.size() + markers.held().size() <= bytes.size());
  markers.finish(whole);

  Log pieces;
  OutputMarkers piecewise;
  std::uint32_t random = data[0];
  while (!bytes.empty()) {
    random = random * 1103515245U + 12345U;
    const std::string_view portion = bytes.substr(0, 1 + (random >> 16) % (1 + data[0] % 16));
    piecewise.feed(portion, pieces);
    bytes.remove_prefix(portion.size());
    OutputMarkers successor;
    successor.restore(piecewise.held());
    piecewise = successor;
  }
  piecewise.finish(pieces);
  check(whole.told == pieces.told);
  return 0;
}
