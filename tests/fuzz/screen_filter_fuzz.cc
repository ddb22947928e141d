// Fuzzes VtParser, ScreenFilter and TerminalModes. The first byte of the input says how the rest,
// which is terminal output, is cut into portions.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "common/screen_filter.h"
#include "common/terminal_modes.h"
#include "common/vt_parser.h"

namespace {

using asciinemad::ScreenFilter;
using asciinemad::ScreenPolicy;
using asciinemad::TerminalModes;
using asciinemad::VtParser;
using asciinemad::VtSequence;
using asciinemad::VtString;

void check(bool holds) {
  if (!holds) std::abort();
}

std::vector<std::string_view> cut(std::uint8_t seed, std::string_view bytes) {
  std::vector<std::string_view> portions;
  std::uint32_t random = seed;
  while (!bytes.empty()) {
    random = random * 1103515245U + 12345U;
    portions.push_back(bytes.substr(0, 1 + (random >> 16) % (1 + seed % 16)));
    bytes.remove_prefix(portions.back().size());
  }
  return portions;
}

// What the parser tells, with neighbouring portions of text and data put together.
struct Log final : VtParser::Listener {
  std::string told;
  std::string raw;  // what is neither discarded nor inside of something
  char last = 0;

  void add(char kind, std::string_view bytes) {
    const bool goes_on = kind == last && (kind == 't' || kind == 'd');
    if (!goes_on) (told += '\n') += kind;
    told += bytes;
    last = kind;
  }
  void on_text(std::string_view run) override {
    check(!run.empty());
    add('t', run);
    raw += run;
  }
  void on_control(char c, bool inside) override {
    add(inside ? 'i' : 'c', {&c, 1});
    if (!inside) raw += c;
  }
  void on_sequence(char kind, const VtSequence& sequence) {
    check(sequence.raw.size() <= VtParser::kMaxSequenceBytes);
    add(kind, sequence.raw);
    add('p', {&sequence.prefix, 1});
    add('p', sequence.params);
    add('p', sequence.intermediates);
    add('p', {&sequence.final, 1});
    raw += sequence.raw;
  }
  void on_escape(const VtSequence& sequence) override { on_sequence('e', sequence); }
  void on_csi(const VtSequence& sequence) override { on_sequence('s', sequence); }
  void on_discarded() override { add('x', {}); }
  void on_string_begin(VtString kind, std::string_view introducer) override {
    add(static_cast<char>('0' + static_cast<int>(kind)), introducer);
    raw += introducer;
  }
  void on_string_data(std::string_view data) override {
    check(!data.empty());
    add('d', data);
    raw += data;
  }
  void on_string_end(std::string_view terminator) override {
    add('z', terminator);
    raw += terminator;
  }
};

void check_parser(std::uint8_t seed, std::string_view bytes) {
  Log whole;
  VtParser parser;
  parser.feed(bytes, whole);
  Log pieces;
  VtParser piecewise;
  for (const std::string_view portion : cut(seed, bytes)) piecewise.feed(portion, pieces);
  check(whole.told == pieces.told);
  check(parser.unfinished() == piecewise.unfinished());
  const bool complete = whole.told.find("\nx") == std::string::npos && parser.at_rest();
  if (complete) check(whole.raw.size() <= bytes.size());
}

std::string filtered(ScreenPolicy policy, std::string_view bytes) {
  std::string out;
  ScreenFilter(policy).filter(bytes, out);
  return out;
}

void check_filter(ScreenPolicy policy, std::uint8_t seed, std::string_view bytes) {
  const std::string whole = filtered(policy, bytes);
  std::string pieces;
  ScreenFilter piecewise(policy);
  for (const std::string_view portion : cut(seed, bytes)) piecewise.filter(portion, pieces);
  check(whole == pieces);
  // With an end, since what is unfinished is kept.
  const std::string ended = filtered(policy, std::string(bytes) + "\x18\x1b\\z");
  check(filtered(policy, ended) == ended);
  // A reset, wherever it comes, lets nothing through that the bytes around it would not.
  ScreenFilter jumping(policy);
  std::string jumped;
  jumping.filter(bytes.substr(0, bytes.size() / 2), jumped);
  jumping.reset();
  jumping.filter(bytes.substr(bytes.size() / 2), jumped);
  if (policy == ScreenPolicy::trusted) {
    check(whole == bytes && jumped == bytes);
    return;
  }
  for (const std::string& text : {whole, jumped}) {
    check(text.find('\x05') == std::string::npos);
    for (const char* query : {"\x1b[c", "\x1b[6n", "\x1b[>q", "\x1b[?u", "\x1bZ", "\x1bP$q",
                              "\x1bPtmux;", "\x1b]11;?", "\x1b]52;c;?", "\xc2\x9b\x36n"}) {
      check(text.find(query) == std::string::npos);
    }
    if (policy == ScreenPolicy::local) continue;
    for (const char* start : {"\x1bP", "\x1b_", "\x1b^", "\x1bX", "\x1b]52", "\xc2\x90", "\xc2\x98",
                              "\xc2\x9e", "\xc2\x9f", "\xc2\x9d\x35\x32", "\x1b[2h", "\x1b[5i"}) {
      check(text.find(start) == std::string::npos);
    }
  }
}

void check_modes(std::uint8_t seed, std::string_view bytes) {
  TerminalModes whole;
  whole.observe(bytes);
  TerminalModes modes;
  for (const std::string_view portion : cut(seed, bytes)) {
    const std::string before = modes.undo_after_crash();
    const std::uint64_t revision = modes.crash_revision();
    modes.observe(portion);
    if (modes.crash_revision() == revision) check(modes.undo_after_crash() == before);
  }
  check(modes.undo() == whole.undo() && modes.redo() == whole.redo());
  check(modes.undo_after_crash() == whole.undo_after_crash());
  check(modes.at_rest() == whole.at_rest());

  modes.observe(whole.undo());
  check(modes.undo().empty() && !modes.alternate_screen() && !modes.cursor_hidden());
  // Cutting off an unfinished string may have an effect.
  const bool at_rest = whole.at_rest();
  whole.observe(whole.undo_after_crash());
  if (at_rest) check(whole.undo().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,  // NOLINT: libFuzzer's name
                                      std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  check_parser(data[0], bytes);
  for (const auto policy : {ScreenPolicy::trusted, ScreenPolicy::local, ScreenPolicy::untrusted}) {
    check_filter(policy, data[0], bytes);
  }
  // Undoing for every portion takes its time.
  check_modes(data[0], bytes.substr(0, 128));
  return 0;
}
