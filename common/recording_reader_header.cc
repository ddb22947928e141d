#include "common/recording_reader_header.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

#include "common/recording_reader_json.h"
#include "common/recording_reader_string.h"

namespace asciinemad {
namespace {

namespace dom = simdjson::dom;

constexpr int kNewestVersion = 3;
constexpr double kMaxSide = 65535;  // struct winsize has no more
constexpr double kMaxWholeNumber = 9007199254740992.0;

Error invalid(std::string_view reason) { return Error{Errc::invalid_data, std::string(reason)}; }

// One parsed value; valid until its reader parses the next one.
class ValueReader {
 public:
  Result<dom::element> parse(std::string_view json) {
    repaired_.assign(json);
    replace_unpaired_surrogates(repaired_);
    dom::element element;
    switch (parser_.parse(repaired_).get(element)) {
      case simdjson::SUCCESS:
        return element;
      case simdjson::UTF8_ERROR:
        return invalid("the header is not valid UTF-8");
      default:
        return invalid("the header is not valid JSON");
    }
  }

 private:
  dom::parser parser_;
  std::string repaired_;
};

// Some writers have floats where the format has integers.
std::optional<std::int64_t> whole_number(dom::element element) {
  double value = 0;
  if (element.get(value) != simdjson::SUCCESS || std::abs(value) > kMaxWholeNumber) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(value);
}

std::optional<double> number(dom::element element) {
  double value = 0;
  if (element.get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

std::optional<std::string> text_of(dom::element element) {
  std::string_view value;
  if (element.get(value) != simdjson::SUCCESS) return std::nullopt;
  return std::string(value);
}

// What is no value of the expected type counts as absent, like null: it is no reason to refuse a
// recording.
class HeaderParser {
 public:
  explicit HeaderParser(int version) { header_.version = version; }

  Result<RecordingHeader> parse(const HeaderText& text) {
    for (const HeaderText::Member& member : text.members) {
      TRY_ASSIGN(const dom::element key, keys_.parse(member.key));
      std::string_view name;
      if (key.get(name) != simdjson::SUCCESS) return invalid("the header is not valid JSON");
      TRY_ASSIGN(const dom::element value, values_.parse(member.value));
      if (header_.version == 3 && name == "term") {
        TRY(parse_terminal(member.value));
      } else if (!parse_size(name, value) && !parse_common(name, value, member.value) &&
                 name != "version") {
        header_.unknown_keys.emplace_back(name, member.value);
      }
    }
    TRY(check_side(header_.cols, header_.version == 3 ? "cols" : "width"));
    TRY(check_side(header_.rows, header_.version == 3 ? "rows" : "height"));
    return std::move(header_);
  }

 private:
  static Status check_side(int side, std::string_view key) {
    if (side > 0) return {};
    return invalid("header has no valid \"" + std::string(key) + "\"");
  }

  static int side(dom::element element) {
    const double value = number(element).value_or(0);
    return value >= 1 && value <= kMaxSide ? static_cast<int>(value) : 0;
  }

  bool parse_size(std::string_view name, dom::element value) {
    if (header_.version == 3 || (name != "width" && name != "height")) return false;
    (name == "width" ? header_.cols : header_.rows) = side(value);
    return true;
  }

  bool parse_common(std::string_view name, dom::element value, std::string_view json) {
    if (name == "command") {
      header_.command = text_of(value);
    } else if (name == "title") {
      header_.title = text_of(value);
    } else if (name == "env") {
      parse_env(value);
    } else if (name == "duration") {
      header_.duration_s = number(value);
    } else if (name == "timestamp") {
      header_.timestamp = whole_number(value);
    } else if (name == "idle_time_limit" && header_.version != 1) {
      const auto limit = number(value);
      header_.idle_time_limit_s = limit && *limit > 0 ? limit : std::nullopt;
    } else if (name == "theme" && header_.version != 3) {
      header_.theme_json = value.is_null() ? std::string() : std::string(json);
    } else if (name == "tags") {
      header_.tags_json = value.is_null() ? std::string() : std::string(json);
    } else {
      return false;
    }
    return true;
  }

  void parse_env(dom::element value) {
    header_.env.clear();
    dom::object variables;
    if (value.get(variables) != simdjson::SUCCESS) return;
    for (const auto& [name, setting] : variables) {
      header_.env.emplace_back(name, text_of(setting));
    }
  }

  Status parse_terminal(std::string_view json) {
    JsonMembers members(json, 0);
    if (json.front() != '{') return invalid("header has no valid \"term\"");
    while (members.next() == JsonMembers::Step::member) {
      TRY_ASSIGN(const dom::element value, values_.parse(members.value()));
      const std::string_view key = members.key();
      if (key == "\"cols\"") {
        header_.cols = side(value);
      } else if (key == "\"rows\"") {
        header_.rows = side(value);
      } else if (key == "\"type\"") {
        header_.term_type = text_of(value);
      } else if (key == "\"version\"") {
        header_.term_version = text_of(value);
      } else if (key == "\"theme\"") {
        header_.theme_json = value.is_null() ? std::string() : std::string(members.value());
      }
    }
    return {};
  }

  RecordingHeader header_;
  ValueReader keys_;
  ValueReader values_;
};

}  // namespace

HeaderText scan_header(std::string_view text, std::size_t at) {
  HeaderText header;
  JsonMembers members(text, at);
  while (true) {
    const auto step = members.next();
    const bool has_value = members.value_begin() != std::string_view::npos;
    const bool is_stdout = has_value && members.key() == "\"stdout\"";
    if (is_stdout && !header.stdout_begin) header.stdout_begin = members.value_begin();
    if (step == JsonMembers::Step::member) {
      if (!is_stdout) header.members.push_back({members.key(), members.value()});
      continue;
    }
    header.end = members.position();
    if (step == JsonMembers::Step::cut) header.ending = HeaderText::Ending::cut;
    if (step == JsonMembers::Step::malformed) header.ending = HeaderText::Ending::malformed;
    return header;
  }
}

Result<std::optional<int>> version_of(const HeaderText& text) {
  for (const HeaderText::Member& member : text.members) {
    if (member.key != "\"version\"") continue;
    ValueReader reader;
    const auto element = reader.parse(member.value);
    const auto version = element.ok() ? whole_number(*element) : std::nullopt;
    if (!version || *version < 1) return invalid("header has no valid \"version\"");
    if (*version > kNewestVersion) {
      return Error{Errc::unsupported,
                   "asciicast version " + std::to_string(*version) + " is newer than this program"};
    }
    return std::optional<int>(static_cast<int>(*version));
  }
  return std::optional<int>();
}

Result<RecordingHeader> parse_recording_header(int version, const HeaderText& text) {
  return HeaderParser(version).parse(text);
}

}  // namespace asciinemad
