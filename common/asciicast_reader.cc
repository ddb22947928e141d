#include "common/asciicast_reader.h"

#include <cmath>
#include <optional>
#include <utility>

#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

namespace asciinemad {
namespace {

namespace dom = simdjson::dom;

// As far as a double counts microseconds exactly: 285 years.
constexpr double kMaxTimeUs = 9007199254740992.0;
constexpr std::int64_t kMaxTerminalSide = 65535;  // struct winsize has no more

constexpr std::string_view kJsonBlanks = " \t\r\n";

Error invalid(std::string_view reason) { return Error{Errc::invalid_data, std::string(reason)}; }

bool is_blank(std::string_view line) {
  return line.find_first_not_of(kJsonBlanks) == std::string_view::npos;
}

// simdjson reads past the end of its input, so each line is copied to where that is allowed. Both
// buffers are reused from line to line. An element is valid until the next parse().
class LineParser {
 public:
  Result<dom::element> parse(std::string_view line) {
    padded_.assign(line);
    padded_.append(simdjson::SIMDJSON_PADDING, ' ');
    dom::element element;
    const auto error = parser_.parse(padded_.data(), line.size(), false).get(element);
    if (error == simdjson::MEMALLOC) return Error{Errc::limit_exceeded, "line too long"};
    if (error != simdjson::SUCCESS) return invalid("not valid JSON");
    return element;
  }

 private:
  dom::parser parser_;
  std::string padded_;
};

Result<int> terminal_side(dom::object object, std::string_view key) {
  std::int64_t value = 0;
  if (object[key].get(value) != simdjson::SUCCESS || value < 0 || value > kMaxTerminalSide) {
    return invalid("header has no valid \"" + std::string(key) + "\"");
  }
  return static_cast<int>(value);
}

Result<AsciicastHeaderInfo> header_from(dom::object object) {
  std::int64_t version = 0;
  if (object["version"].get(version) != simdjson::SUCCESS || version < 1) {
    return invalid("not an asciicast: no \"version\" in the first line");
  }
  if (version > 3) {
    return Error{Errc::unsupported, "asciicast version " + std::to_string(version)};
  }
  AsciicastHeaderInfo info;
  info.version = static_cast<int>(version);
  dom::object terminal = object;
  if (version == 3 && object["term"].get(terminal) != simdjson::SUCCESS) {
    return invalid("header has no valid \"term\"");
  }
  TRY_ASSIGN(info.cols, terminal_side(terminal, version == 3 ? "cols" : "width"));
  TRY_ASSIGN(info.rows, terminal_side(terminal, version == 3 ? "rows" : "height"));
  return info;
}

void skip_blanks(std::string_view& text) {
  const auto first = text.find_first_not_of(kJsonBlanks);
  text.remove_prefix(first == std::string_view::npos ? text.size() : first);
}

// Whether a line that is not JSON by itself can be the first of a document on several lines: a lone
// brace, or one with `"version": 1` somewhere behind it.
bool may_begin_v1_document(std::string_view line) {
  skip_blanks(line);
  if (line.empty() || line.front() != '{') return false;
  line.remove_prefix(1);
  if (is_blank(line)) return true;

  constexpr std::string_view kKey = "\"version\"";
  const auto key = line.find(kKey);
  if (key == std::string_view::npos) return false;
  line.remove_prefix(key + kKey.size());
  skip_blanks(line);
  if (line.empty() || line.front() != ':') return false;
  line.remove_prefix(1);
  skip_blanks(line);
  if (line.empty() || line.front() != '1') return false;
  line.remove_prefix(1);
  skip_blanks(line);
  return line.empty() || line.front() == ',';
}

Result<AsciicastHeaderInfo> parse_header_line(LineParser& parser, std::string_view line) {
  auto parsed = parser.parse(line);
  dom::object object;
  if (parsed.ok()) {
    if (parsed->get(object) == simdjson::SUCCESS) return header_from(object);
  } else if (parsed.error().code == Errc::limit_exceeded) {
    return parsed.take_error();
  } else if (may_begin_v1_document(line)) {
    AsciicastHeaderInfo info;
    info.version = 1;
    info.whole = false;
    return info;
  }
  return invalid("not an asciicast: the first line is not a JSON object");
}

Result<std::uint64_t> to_microseconds(dom::element element) {
  double seconds = 0;  // get() converts integers
  if (element.get(seconds) != simdjson::SUCCESS) return invalid("event time is not a number");
  if (seconds < 0) return invalid("event time is negative");
  const double time_us = std::round(seconds * 1e6);
  if (time_us > kMaxTimeUs) return invalid("event time is out of range");
  return static_cast<std::uint64_t>(time_us);
}

Result<EventLine> parse_event_line(LineParser& parser, std::string_view line) {
  TRY_ASSIGN(const dom::element element, parser.parse(line));
  dom::array fields;
  if (element.get(fields) != simdjson::SUCCESS || fields.size() != 3) {
    return invalid("event is not an array of three");
  }
  auto field = fields.begin();
  EventLine event;
  TRY_ASSIGN(event.time_us, to_microseconds(*field));
  std::string_view text;
  if ((*++field).get(text) != simdjson::SUCCESS) return invalid("event code is not a string");
  event.code = text;
  if ((*++field).get(text) != simdjson::SUCCESS) return invalid("event data is not a string");
  event.data = text;
  return event;
}

// The time of a line that a v2 recording can end with; nullopt when it is damaged.
std::optional<std::uint64_t> time_of_last_line(LineParser& parser, std::string_view line,
                                               bool may_be_header) {
  const auto event = parse_event_line(parser, line);
  if (event.ok()) return event.value().time_us;
  if (!may_be_header) return std::nullopt;
  const auto header = parse_header_line(parser, line);
  if (header.ok() && header.value().version == 2) return 0;
  return std::nullopt;
}

}  // namespace

Result<AsciicastHeaderInfo> parse_header(std::string_view first_line) {
  LineParser parser;
  return parse_header_line(parser, first_line);
}

Result<EventLine> parse_event(std::string_view line) {
  LineParser parser;
  return parse_event_line(parser, line);
}

Result<Tail> find_tail(std::string_view last_part) {
  LineParser parser;
  Tail tail;
  std::size_t end = last_part.size();
  while (end > 0) {
    const bool has_newline = last_part[end - 1] == '\n';
    const std::size_t text_end = has_newline ? end - 1 : end;
    const std::size_t newline = last_part.substr(0, text_end).rfind('\n');
    const std::size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
    const std::string_view line = last_part.substr(begin, text_end - begin);
    if (!is_blank(line)) {
      if (const auto time_us = time_of_last_line(parser, line, begin == 0)) {
        tail.whole_bytes = end;
        tail.last_time_us = *time_us;
        tail.needs_newline = !has_newline;
        return tail;
      }
      tail.cut = true;
    }
    end = begin;
  }
  return invalid("no whole line found");
}

}  // namespace asciinemad
