// read_small_file: a whole file of the user's into memory, with a bound.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "common/result.h"

namespace asciinemad {

// The file's bytes; nullopt when there is no such file (or no directory it could be in). Never
// waits: a FIFO or terminal under that name is read as far as it has something. More than
// max_bytes is Errc::limit_exceeded. Errors name the path.
Result<std::optional<std::string>> read_small_file(const std::string& path, std::size_t max_bytes);

}  // namespace asciinemad
