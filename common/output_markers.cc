#include "common/output_markers.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/utf8.h"

namespace asciinemad {
namespace {

constexpr std::string_view kIntroducer = "\x1b]7717;marker;";
constexpr char kBel = '\x07';
constexpr char kEsc = '\x1b';

// What begins with an ESC.
struct Verdict {
  enum class Kind { none, unfinished, marker };
  Kind kind = Kind::none;
  std::size_t size = 1;   // of the marker; none: of what no marker begins in but at its beginning
  std::size_t label = 0;  // its size
};

bool is_c0(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; }

// U+0080..U+009F in UTF-8.
bool is_c1(std::string_view text) {
  return text.size() >= 2 && text[0] == '\xc2' &&
         (static_cast<unsigned char>(text[1]) & 0xe0) == 0x80;
}

// A control character in a label makes it none: whoever forgets the end sees his prompt at once.
Verdict judge_label(std::string_view text) {
  const std::size_t end = std::min(text.size(), OutputMarkers::kMaxHeldBytes);
  for (std::size_t at = kIntroducer.size(); at != end; ++at) {
    const std::size_t label = at - kIntroducer.size();
    const char c = text[at];
    if (c == kBel) return {Verdict::Kind::marker, at + 1, label};
    if (c == kEsc && at + 1 == end) break;
    if (c == kEsc && text[at + 1] == '\\') return {Verdict::Kind::marker, at + 2, label};
    if (is_c0(c) || is_c1(text.substr(at))) return {Verdict::Kind::none, at};
  }
  if (end == OutputMarkers::kMaxHeldBytes) return {Verdict::Kind::none, kIntroducer.size()};
  return {Verdict::Kind::unfinished};
}

Verdict judge(std::string_view text) {
  // tmux's passthrough doubles the ESCs of what it passes, and would lose its own end.
  if (text.size() >= 2 && text[1] == kEsc) return {Verdict::Kind::none, 2};
  const std::size_t compared = std::min(text.size(), kIntroducer.size());
  if (text.substr(0, compared) != kIntroducer.substr(0, compared)) return {Verdict::Kind::none};
  if (compared != kIntroducer.size()) return {Verdict::Kind::unfinished};
  return judge_label(text);
}

void report(std::string_view label, OutputMarkers::Listener& listener) {
  if (label.size() > OutputMarkers::kMaxLabelBytes) return;
  Utf8Decoder decoder;
  std::string valid(decoder.decode(label));
  valid += decoder.finish();
  // Replacement characters are longer than what they stand for.
  if (valid.size() <= OutputMarkers::kMaxLabelBytes) listener.on_output_marker(valid);
}

// Returns what is unfinished at the end.
std::string_view scan(std::string_view bytes, OutputMarkers::Listener& listener) {
  const auto pass = [&](std::string_view plain) {
    if (!plain.empty()) listener.on_plain_output(plain);
  };
  std::size_t passed = 0;
  std::size_t at = 0;
  while (at < bytes.size()) {
    const void* found = std::memchr(bytes.data() + at, kEsc, bytes.size() - at);
    if (found == nullptr) break;
    at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    // Nearly all there are.
    if (at + 1 < bytes.size() && bytes[at + 1] == '[') {
      at += 2;
      continue;
    }
    const Verdict verdict = judge(bytes.substr(at));
    if (verdict.kind != Verdict::Kind::none) pass(bytes.substr(passed, at - passed));
    if (verdict.kind == Verdict::Kind::unfinished) return bytes.substr(at);
    if (verdict.kind == Verdict::Kind::marker) {
      report(bytes.substr(at + kIntroducer.size(), verdict.label), listener);
      passed = at + verdict.size;
    }
    at += verdict.size;
  }
  pass(bytes.substr(passed));
  return {};
}

}  // namespace

void OutputMarkers::feed(std::string_view bytes, Listener& listener) {
  if (held_.empty()) {
    held_ = scan(bytes, listener);
    return;
  }
  const std::string joined = std::exchange(held_, {}).append(bytes);
  held_ = scan(joined, listener);
}

void OutputMarkers::finish(Listener& listener) {
  const std::string rest = std::exchange(held_, {});
  if (!rest.empty()) listener.on_plain_output(rest);
}

}  // namespace asciinemad
