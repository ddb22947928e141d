#include "common/recording_reader_frames.h"

#include <algorithm>

#include "common/recording_reader_json.h"

namespace asciinemad {
namespace {

constexpr std::string_view kCut = "the document ends here";

}  // namespace

FrameCursor::FrameCursor(std::string_view text, std::size_t at, std::uint64_t line)
    : text_(text), at_(at), line_(line) {
  if (at < text.size() && text[at] != '[') {
    end_with("\"stdout\" is not an array");
    return;
  }
  advance_to(skip_json_blanks(text_, std::min(at + 1, text.size())));
  at_frame_ = at_ < text_.size() && text_[at_] != ']';
  if (at_ == text_.size()) end_with(kCut);
}

std::optional<std::string_view> FrameCursor::frame() {
  if (const auto end = find_json_value_end(text_, at_)) return text_.substr(at_, *end - at_);
  end_with(kCut);
  return std::nullopt;
}

void FrameCursor::pass(std::size_t size) {
  advance_to(skip_json_blanks(text_, at_ + size));
  if (at_ == text_.size()) return end_with(kCut);
  if (text_[at_] == ',') {
    advance_to(skip_json_blanks(text_, at_ + 1));
    if (at_ == text_.size()) return end_with(kCut);
  } else if (text_[at_] != ']') {
    return end_with("the document is not valid JSON from here on");
  }
  // A comma before the bracket is forgiven.
  at_frame_ = text_[at_] != ']';
}

void FrameCursor::advance_to(std::size_t at) {
  line_ += count_newlines(text_.substr(at_, at - at_));
  at_ = at;
}

void FrameCursor::end_with(std::string_view damage) {
  at_frame_ = false;
  damage_ = damage;
}

}  // namespace asciinemad
