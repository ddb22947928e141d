// Where JSON values end, in text that may be cut, for RecordingReader.
//
// Knows quotes and brackets, no more: whoever uses a value parses it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace asciinemad {

inline constexpr std::string_view kJsonBlanks = " \t\r\n";

// The first byte at or behind `at` that is no blank; text.size() when there is none.
std::size_t skip_json_blanks(std::string_view text, std::size_t at);

std::uint64_t count_newlines(std::string_view text);

// Behind the value that begins at `at`, whatever its depth; nullopt when the text ends before the
// value does. At least at + 1.
std::optional<std::size_t> find_json_value_end(std::string_view text, std::size_t at);

// Walks over the members of an object.
class JsonMembers {
 public:
  enum class Step {
    member,     // key() and value() are set
    end,        // the object is closed; position() is behind it
    cut,        // the text ends here; value_begin() is set if that is in a value
    malformed,  // position() is where
  };

  // `text` has '{' at `at`.
  JsonMembers(std::string_view text, std::size_t at) : text_(text), at_(at + 1) {}

  Step next();

  std::string_view key() const { return key_; }  // with its quotes, escapes as they are
  std::string_view value() const { return text_.substr(value_begin_, at_ - value_begin_); }
  std::size_t value_begin() const { return value_begin_; }
  std::size_t position() const { return at_; }

 private:
  bool skip_blanks();  // false at the end of the text

  std::string_view text_;
  std::size_t at_;
  std::size_t value_begin_ = std::string_view::npos;
  std::string_view key_;
  bool first_ = true;
};

}  // namespace asciinemad
