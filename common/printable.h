// printable: text of unknown origin (file names, commands, a server's words) for a terminal or log.
#pragma once

#include <string>
#include <string_view>

namespace asciinemad {

// `text` with '?' for every control character, C1 in UTF-8 included, and U+FFFD for what is not
// valid UTF-8: it can neither move the cursor nor forge a line.
std::string printable(std::string_view text);

}  // namespace asciinemad
