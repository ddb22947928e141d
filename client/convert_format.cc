#include "client/convert_format.h"

#include <array>

namespace asciinemad {
namespace {

struct Name {
  ConvertFormat format;
  std::string_view text;
  std::string_view short_text;
};

constexpr std::array<Name, 5> kNames = {{{ConvertFormat::asciicast_v1, "asciicast-v1", "v1"},
                                         {ConvertFormat::asciicast_v2, "asciicast-v2", "v2"},
                                         {ConvertFormat::asciicast_v3, "asciicast-v3", "v3"},
                                         {ConvertFormat::raw, "raw", "raw"},
                                         {ConvertFormat::txt, "txt", "txt"}}};

}  // namespace

std::optional<ConvertFormat> parse_convert_format(std::string_view name) {
  for (const Name& known : kNames) {
    if (name == known.text || name == known.short_text) return known.format;
  }
  return std::nullopt;
}

std::string_view convert_format_name(ConvertFormat format) {
  for (const Name& known : kNames) {
    if (known.format == format) return known.text;
  }
  return {};
}

ConvertFormat convert_format_for(std::string_view path) {
  if (path.ends_with(".txt")) return ConvertFormat::txt;
  if (path.ends_with(".raw")) return ConvertFormat::raw;
  return ConvertFormat::asciicast_v3;
}

}  // namespace asciinemad
