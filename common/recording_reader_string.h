// JSON strings for RecordingReader: fast decoding, and repair of what simdjson refuses.
#pragma once

#include <cstddef>
#include <string>

namespace asciinemad {

// How far unescape_json_string() reads behind `end`, and writes behind what it decodes.
inline constexpr std::size_t kUnescapeOvershoot = 16;

// Decodes the string whose contents begin at `at`, where valid UTF-8 is, to `to`, which has room
// for end - at + kUnescapeOvershoot bytes and is moved behind the text. Returns where the closing
// quote is; nullptr when there is none before `end` or the string is not valid JSON. Unpaired
// surrogates become U+FFFD.
const char* unescape_json_string(const char* at, const char* end, char*& to);

// The escape of an unpaired surrogate, which JSON's grammar allows and UTF-8 has no bytes for, is
// replaced by the one of U+FFFD. Returns whether there was one. `json` is any text.
bool replace_unpaired_surrogates(std::string& json);

}  // namespace asciinemad
