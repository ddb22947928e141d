// ConvertFormat: what `asciinema convert` can write.
#pragma once

#include <optional>
#include <string_view>

namespace asciinemad {

enum class ConvertFormat { asciicast_v1, asciicast_v2, asciicast_v3, raw, txt };

// "asciicast-v2", or "v2" for short, and so on.
std::optional<ConvertFormat> parse_convert_format(std::string_view name);

// The long name.
std::string_view convert_format_name(ConvertFormat format);

// What the ending of the output's name asks for: raw, txt, or else asciicast v3.
ConvertFormat convert_format_for(std::string_view path);

}  // namespace asciinemad
