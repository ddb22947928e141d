// nearest_name: the known word a misspelt one was probably meant to be.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace asciinemad {

// The entry of `known` with the fewest typing errors (insertion, deletion, substitution, swap of
// neighbours; ASCII case does not count), the first of equals; nullopt when none is close enough to
// be worth suggesting. The view is the one in `known`.
std::optional<std::string_view> nearest_name(std::string_view word,
                                             std::span<const std::string_view> known);

}  // namespace asciinemad
