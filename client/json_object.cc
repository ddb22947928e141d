#include "client/json_object.h"

#include <cstddef>

#include "common/json_text.h"
#include "common/utf8.h"

namespace asciinemad {

JsonObject& JsonObject::text(std::string_view name, std::string_view value) {
  begin(name);
  Utf8Decoder decoder;
  std::string valid(decoder.decode(value));
  valid += decoder.finish();
  append_json_string(json_, valid);
  return *this;
}

JsonObject& JsonObject::raw(std::string_view name, std::string_view value) {
  begin(name);
  json_ += value;
  return *this;
}

void JsonObject::begin(std::string_view name) {
  json_ += json_.empty() ? "{" : ", ";
  append_json_string(json_, name);
  json_ += ": ";
}

std::string json_array(const std::vector<std::string>& values) {
  if (values.empty()) return "[]\n";
  std::string json = "[";
  for (std::size_t i = 0; i < values.size(); ++i) json += (i == 0 ? "\n" : ",\n") + values[i];
  return json + "\n]\n";
}

}  // namespace asciinemad
