// Writing text as a JSON string.
#pragma once

#include <string>
#include <string_view>

namespace asciinemad {

// Appends `valid_utf8` in quotes. Escapes what JSON demands and nothing more: \" \\ \b \f \n \r \t
// and the other bytes below 0x20 as \u00xx with lower-case digits, so non-ASCII text stays readable
// (the same as Python's json.dumps with ensure_ascii=False). Bytes that are not valid UTF-8 would
// be passed on and make the result invalid JSON.
void append_json_string(std::string& out, std::string_view valid_utf8);

}  // namespace asciinemad
