// resolve_word: a word of the command line that may be shortened.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace asciinemad {

struct Resolved {
  std::string_view word;  // one of the known; empty when none is meant for sure
  std::string problem;    // then: what to tell the user, with a suggestion where there is one
};

// `given` is one of `known` or the beginning of just one of them.
Resolved resolve_word(std::string_view given, std::span<const std::string_view> known);

}  // namespace asciinemad
