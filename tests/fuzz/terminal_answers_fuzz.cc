// Fuzzes TerminalAnswers. The first byte of the input says how the rest, which is a program's
// output, is cut into portions.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/terminal_answers.h"

namespace {

using asciinemad::TerminalAnswers;

constexpr std::size_t kMaxAnswerBytes = 4096;

void check(bool holds) {
  if (!holds) std::abort();
}

struct Typed final : TerminalAnswers::Listener {
  std::string bytes;

  void on_answer(std::string_view answer) override {
    check(!answer.empty());
    bytes += answer;
  }
  void on_cursor_query(bool dec) override { bytes += asciinemad::cursor_report(24, 80, dec); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,  // NOLINT: libFuzzer's name
                                      std::size_t size) {
  if (size == 0) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  Typed whole;
  TerminalAnswers().feed(bytes, 80, 24, whole);
  check(whole.bytes.size() <= kMaxAnswerBytes);

  // An answer that the PTY echoes asks for none.
  Typed echo;
  TerminalAnswers().feed(whole.bytes, 80, 24, echo);
  check(echo.bytes.empty());

  Typed pieces;
  TerminalAnswers piecewise;
  std::uint32_t random = data[0];
  while (!bytes.empty()) {
    random = random * 1103515245U + 12345U;
    const std::string_view portion = bytes.substr(0, 1 + (random >> 16) % (1 + data[0] % 16));
    piecewise.feed(portion, 80, 24, pieces);
    bytes.remove_prefix(portion.size());
  }
  // Near the bound, which is one of each portion, they may differ.
  if (whole.bytes.size() < kMaxAnswerBytes / 2) check(whole.bytes == pieces.bytes);
  return 0;
}
