// bytes_text: a number of bytes as people read it.
#pragma once

#include <cstdint>
#include <string>

namespace asciinemad {

// "512 B", "1.5 KiB", "20.0 MiB".
std::string bytes_text(std::uint64_t bytes);

}  // namespace asciinemad
