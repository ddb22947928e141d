// JSON for scripts: one object, member by member.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace asciinemad {

class JsonObject {
 public:
  // Bytes that are not valid UTF-8 become U+FFFD.
  JsonObject& text(std::string_view name, std::string_view value);
  // `value` is JSON.
  JsonObject& raw(std::string_view name, std::string_view value);
  std::string done() const { return json_.empty() ? "{}" : json_ + "}"; }

 private:
  void begin(std::string_view name);

  std::string json_;
};

// An array of `values`, which are JSON, each in a line of its own; with a line end.
std::string json_array(const std::vector<std::string>& values);

}  // namespace asciinemad
