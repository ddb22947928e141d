// key_text: a hotkey as the protocol wants it.
#pragma once

#include <optional>
#include <string>

#include "common/keys.h"

namespace asciinemad {

// Empty for none.
inline std::string key_text(const std::optional<Key>& key) {
  if (!key.has_value()) return {};
  return key->ctrl ? describe(*key) : legacy_bytes(*key);
}

}  // namespace asciinemad
