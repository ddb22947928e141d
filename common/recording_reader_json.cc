#include "common/recording_reader_json.h"

namespace asciinemad {
namespace {

constexpr auto kNone = std::string_view::npos;

// `at` is behind the opening quote. Returns what is behind the closing one, kNone if there is none.
std::size_t find_string_end(std::string_view text, std::size_t at) {
  const std::size_t begin = at;
  while (true) {
    const std::size_t quote = text.find('"', at);
    if (quote == kNone) return kNone;
    std::size_t backslashes = 0;
    while (quote - backslashes > begin && text[quote - backslashes - 1] == '\\') ++backslashes;
    if (backslashes % 2 == 0) return quote + 1;
    at = quote + 1;
  }
}

std::size_t find_container_end(std::string_view text, std::size_t at) {
  std::size_t depth = 0;
  while (true) {
    at = text.find_first_of("\"[]{}", at);
    if (at == kNone) return kNone;
    const char found = text[at++];
    if (found == '"') {
      at = find_string_end(text, at);
      if (at == kNone) return kNone;
    } else if (found == '[' || found == '{') {
      ++depth;
    } else if (--depth == 0) {
      return at;
    }
  }
}

}  // namespace

std::size_t skip_json_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && kJsonBlanks.find(text[at]) != kNone) ++at;
  return at;
}

// Faster than a loop over the bytes, as strings have none.
std::uint64_t count_newlines(std::string_view text) {
  std::uint64_t count = 0;
  for (auto at = text.find('\n'); at != kNone; at = text.find('\n', at + 1)) ++count;
  return count;
}

std::optional<std::size_t> find_json_value_end(std::string_view text, std::size_t at) {
  if (at >= text.size()) return std::nullopt;
  std::size_t end = kNone;
  if (text[at] == '"') {
    end = find_string_end(text, at + 1);
  } else if (text[at] == '[' || text[at] == '{') {
    end = find_container_end(text, at);
  } else {
    // Number or literal: only what follows shows that it is whole.
    end = text.find_first_of(",]} \t\r\n", at + 1);
  }
  if (end == kNone) return std::nullopt;
  return end;
}

bool JsonMembers::skip_blanks() {
  at_ = skip_json_blanks(text_, at_);
  return at_ < text_.size();
}

JsonMembers::Step JsonMembers::next() {
  value_begin_ = kNone;
  if (!skip_blanks()) return Step::cut;
  if (text_[at_] == '}') {
    ++at_;
    return Step::end;
  }
  if (!first_) {
    if (text_[at_] != ',') return Step::malformed;
    ++at_;
    if (!skip_blanks()) return Step::cut;
  }
  first_ = false;
  if (text_[at_] != '"') return Step::malformed;
  const std::size_t key_end = find_string_end(text_, at_ + 1);
  if (key_end == kNone) return Step::cut;
  key_ = text_.substr(at_, key_end - at_);
  at_ = key_end;
  if (!skip_blanks()) return Step::cut;
  if (text_[at_] != ':') return Step::malformed;
  ++at_;
  if (!skip_blanks()) return Step::cut;
  value_begin_ = at_;
  const auto end = find_json_value_end(text_, at_);
  if (!end) return Step::cut;
  at_ = *end;
  return Step::member;
}

}  // namespace asciinemad
