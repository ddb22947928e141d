#include "common/suggest.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace asciinemad {
namespace {

// No name of ours comes near this; it bounds the work a hostile word can ask for.
constexpr std::size_t kMaxWordBytes = 64;

char fold(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Optimal string alignment distance, which counts "recrod" for "record" as one error.
std::size_t typing_errors(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = fold(a[i - 1]) == fold(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0U : 1U)});
      if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1])) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::optional<std::string_view> nearest_name(std::string_view word,
                                             std::span<const std::string_view> known) {
  if (word.empty() || word.size() > kMaxWordBytes) return std::nullopt;
  std::optional<std::string_view> nearest;
  std::size_t fewest = 0;
  for (const std::string_view name : known) {
    const std::size_t length = std::max(word.size(), name.size());
    const std::size_t errors = typing_errors(word, name);
    // One error in three letters is a slip; where every letter differs nothing was meant.
    const bool close = errors <= (length + 2) / 3 && errors < std::min(word.size(), name.size());
    if (close && (!nearest || errors < fewest)) {
      nearest = name;
      fewest = errors;
    }
  }
  return nearest;
}

}  // namespace asciinemad
