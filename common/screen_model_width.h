// How many columns of a terminal a character takes.
#pragma once

namespace asciinemad {

// 2 for wide characters, 0 for those that combine with the one before, else 1; after Unicode 14.
int columns_of(char32_t c);

}  // namespace asciinemad
