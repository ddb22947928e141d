#include "client/words.h"

#include <optional>

#include "common/suggest.h"

namespace asciinemad {

Resolved resolve_word(std::string_view given, std::span<const std::string_view> known) {
  std::string_view match;
  std::string candidates;
  std::size_t count = 0;
  for (const std::string_view word : known) {
    if (word == given) return {word, {}};
    if (!word.starts_with(given)) continue;
    match = word;
    candidates += (count++ == 0 ? "" : ", ") + std::string(word);
  }
  if (count == 1) return {match, {}};
  const std::string quoted = "'" + std::string(given) + "'";
  if (count > 1) return {{}, quoted + " is ambiguous: " + candidates};
  const std::optional<std::string_view> nearest = nearest_name(given, known);
  if (!nearest.has_value()) return {{}, quoted + " is unknown"};
  return {{}, quoted + " is unknown, did you mean '" + std::string(*nearest) + "'?"};
}

}  // namespace asciinemad
