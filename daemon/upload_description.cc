#include "daemon/upload_description.h"

#include <concepts>
#include <cstdint>
#include <limits>
#include <vector>

#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

#include "common/json_text.h"
#include "common/utf8.h"
#include "daemon/upload_fields.h"
#include "daemon/upload_files.h"

namespace asciinemad {
namespace {

namespace dom = simdjson::dom;

Error invalid(std::string_view reason) { return Error{Errc::invalid_data, std::string(reason)}; }

class MemberWriter {
 public:
  explicit MemberWriter(std::string& json) : json_(json) {}

  template <typename T>
  void operator()(const char* name, const T& value) {
    json_ += first_ ? "  " : ",\n  ";
    first_ = false;
    append_text(name);
    json_ += ": ";
    append(value);
  }

 private:
  void append_text(std::string_view text) {
    Utf8Decoder decoder;
    std::string valid(decoder.decode(text));
    valid += decoder.finish();
    append_json_string(json_, valid);
  }

  void append(const std::string& value) { append_text(value); }
  void append(bool value) { json_ += value ? "true" : "false"; }
  void append(std::integral auto value) { json_ += std::to_string(value); }
  void append(wire::UploadState value) { append_text(name_of(value)); }
  void append(wire::Visibility value) { append_text(name_of(value)); }
  void append(const std::vector<std::string>& values) {
    const char* separator = "[";
    for (const std::string& value : values) {
      json_ += separator;
      append_text(value);
      separator = ", ";
    }
    json_ += values.empty() ? "[]" : "]";
  }

  std::string& json_;
  bool first_ = true;
};

class MemberReader {
 public:
  explicit MemberReader(dom::object object) : object_(object) {}

  template <typename T>
  void operator()(const char* name, T& field) {
    dom::element element;
    if (object_[name].get(element) != simdjson::SUCCESS) return;
    if (!read(element, field) && status_.ok()) {
      status_ = invalid("it has no sensible \"" + std::string(name) + "\"");
    }
  }

  Status take_status() { return std::move(status_); }

 private:
  static bool read(dom::element element, std::string& field) {
    std::string_view text;
    if (element.get(text) != simdjson::SUCCESS) return false;
    field = text;
    return true;
  }

  static bool read(dom::element element, bool& field) {
    return element.get(field) == simdjson::SUCCESS;
  }

  template <std::integral T>
  static bool read(dom::element element, T& field) {
    using Wide = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;
    Wide value = 0;
    if (element.get(value) != simdjson::SUCCESS) return false;
    if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()) {
      return false;
    }
    field = static_cast<T>(value);
    return true;
  }

  template <typename Enum>
  requires std::is_enum_v<Enum>
  static bool read(dom::element element, Enum& field) {
    std::string name;
    if (!read(element, name)) return false;
    const std::optional<Enum> value = find_by_name<Enum>(name);
    if (value) field = *value;
    return value.has_value();
  }

  static bool read(dom::element element, std::vector<std::string>& field) {
    dom::array texts;
    if (element.get(texts) != simdjson::SUCCESS) return false;
    for (const dom::element text : texts) {
      if (!read(text, field.emplace_back())) return false;
    }
    return true;
  }

  dom::object object_;
  Status status_;
};

}  // namespace

std::string upload_description(const UploadItem& item) {
  std::string json = "{\n";
  for_each_field(item, MemberWriter(json));
  return json + "\n}\n";
}

Result<UploadItem> parse_upload_description(std::string_view json) {
  dom::parser parser;
  const simdjson::padded_string padded(json);
  dom::object object;
  if (parser.parse(padded).get(object) != simdjson::SUCCESS) return invalid("it is not valid JSON");
  UploadItem item;
  MemberReader reader(object);
  for_each_field(item, reader);
  TRY(reader.take_status());
  if (item.number == 0 || item.number > kMaxUploadNumber) return invalid("it has no number");
  if (item.server.url.empty() || item.key.empty()) return invalid("it has no server or key");
  return item;
}

}  // namespace asciinemad
