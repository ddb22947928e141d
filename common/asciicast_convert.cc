#include "common/asciicast_convert.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <optional>

#include "common/json_number.h"
#include "common/json_text.h"

namespace asciinemad {
namespace {

// The members of one JSON object, in order; what is absent is left out.
class JsonObject {
 public:
  enum class Style { compact, spaced };

  JsonObject(std::string& out, Style style) : out_(out), style_(style) { out_.push_back('{'); }

  // Where the value is to be appended.
  std::string& key(std::string_view name) {
    if (!first_) out_.append(style_ == Style::spaced ? ", " : ",");
    first_ = false;
    append_json_string(out_, name);
    out_.append(style_ == Style::spaced ? ": " : ":");
    return out_;
  }
  void integer(std::string_view name, const std::optional<std::int64_t>& value) {
    if (value) append_json_integer(key(name), *value);
  }
  void number(std::string_view name, const std::optional<double>& value) {
    if (value && std::isfinite(*value)) append_json_float(key(name), *value);
  }
  void text(std::string_view name, const std::optional<std::string>& value) {
    if (value) append_json_string(key(name), *value);
  }
  // Line breaks in JSON stand between its tokens only, and would end the line here.
  void json(std::string_view name, const std::string& value) {
    if (value.empty()) return;
    const std::size_t start = key(name).size();
    out_.append(value);
    std::replace_if(
        out_.begin() + static_cast<std::ptrdiff_t>(start), out_.end(),
        [](char c) { return c == '\n' || c == '\r'; }, ' ');
  }
  void end() { out_.push_back('}'); }

 private:
  std::string& out_;
  const Style style_;
  bool first_ = true;
};

using Style = JsonObject::Style;

std::optional<std::string> find_variable(const RecordingHeader& header, std::string_view name) {
  for (const auto& [key, value] : header.env) {
    if (key == name) return value;
  }
  return std::nullopt;
}

void write_env(JsonObject& object, Style style, const RecordingHeader& header,
               const std::optional<std::string>& term) {
  const bool any = term || std::any_of(header.env.begin(), header.env.end(),
                                       [](const auto& variable) { return variable.second; });
  if (!any) return;
  JsonObject env(object.key("env"), style);
  for (const auto& [name, value] : header.env) env.text(name, value);
  env.text("TERM", term);
  env.end();
}

void write_unknown(JsonObject& object, const RecordingHeader& header,
                   std::initializer_list<std::string_view> taken) {
  for (const auto& [name, value] : header.unknown_keys) {
    if (std::find(taken.begin(), taken.end(), name) == taken.end()) object.json(name, value);
  }
}

// v1 and v2 share most of their header.
void write_flat_header(JsonObject& object, const RecordingHeader& header) {
  object.integer("version", header.version);
  object.integer("width", header.cols);
  object.integer("height", header.rows);
  object.integer("timestamp", header.timestamp);
  // v1 has the true one at its end, and no idle limit.
  if (header.version != 1) {
    object.number("duration", header.duration_s);
    object.number("idle_time_limit", header.idle_time_limit_s);
  }
  object.text("command", header.command);
  object.text("title", header.title);
  const bool has_term = find_variable(header, "TERM").has_value();
  write_env(object, Style::spaced, header, has_term ? std::nullopt : header.term_type);
  object.json("theme", header.theme_json);
  object.json("tags", header.tags_json);
}

void append_code_and_data(std::string& out, const RecordingEvent& event) {
  out.append(", ");
  append_json_string(out, event.code);
  out.append(", ");
  append_json_string(out, event.data);
  out.append("]\n");
}

class WriterV1 final : public AsciicastWriter {
 public:
  void header(const RecordingHeader& header, std::string& out) override {
    RecordingHeader v1 = header;
    v1.version = 1;
    JsonObject object(out, Style::spaced);
    write_flat_header(object, v1);
    write_unknown(object, v1,
                  {"version", "width", "height", "timestamp", "duration", "idle_time_limit",
                   "command", "title", "env", "theme", "tags", "stdout"});
    object.key("stdout").push_back('[');
  }

  void event(const RecordingEvent& event, std::string& out) override {
    end_us_ = std::max(end_us_, event.at_us);
    if (event.code != "o") return;
    const std::uint64_t at_us = std::max(event.at_us, frame_us_);
    out.append(first_ ? "\n[" : ",\n[");
    append_json_seconds(out, at_us - frame_us_);
    out.append(", ");
    append_json_string(out, event.data);
    out.push_back(']');
    frame_us_ = at_us;
    first_ = false;
  }

  void end(std::string& out) override {
    out.append("\n], \"duration\": ");
    append_json_seconds(out, end_us_);
    out.append("}\n");
  }

 private:
  bool first_ = true;
  std::uint64_t frame_us_ = 0;
  std::uint64_t end_us_ = 0;
};

class WriterV2 final : public AsciicastWriter {
 public:
  void header(const RecordingHeader& header, std::string& out) override {
    RecordingHeader v2 = header;
    v2.version = 2;
    JsonObject object(out, Style::spaced);
    write_flat_header(object, v2);
    write_unknown(object, v2,
                  {"version", "width", "height", "timestamp", "duration", "idle_time_limit",
                   "command", "title", "env", "theme", "tags"});
    object.end();
    out.push_back('\n');
  }

  void event(const RecordingEvent& event, std::string& out) override {
    out.push_back('[');
    append_json_seconds(out, event.at_us);
    append_code_and_data(out, event);
  }

  void end(std::string& /*out*/) override {}
};

class WriterV3 final : public AsciicastWriter {
 public:
  void header(const RecordingHeader& header, std::string& out) override {
    JsonObject object(out, Style::compact);
    object.integer("version", 3);
    JsonObject term(object.key("term"), Style::compact);
    term.integer("cols", header.cols);
    term.integer("rows", header.rows);
    term.text("type", header.term_type ? header.term_type : find_variable(header, "TERM"));
    term.text("version", header.term_version);
    term.json("theme", header.theme_json);
    term.end();
    object.integer("timestamp", header.timestamp);
    object.number("duration", header.duration_s);
    object.number("idle_time_limit", header.idle_time_limit_s);
    object.text("command", header.command);
    object.text("title", header.title);
    write_env(object, Style::compact, header, std::nullopt);
    object.json("tags", header.tags_json);
    write_unknown(object, header,
                  {"version", "term", "timestamp", "duration", "idle_time_limit", "command",
                   "title", "env", "tags"});
    object.end();
    out.push_back('\n');
  }

  // Intervals between rounded times, not rounded intervals: so no error is carried on.
  void event(const RecordingEvent& event, std::string& out) override {
    const std::uint64_t at_ms = event.at_us / 1000 + (event.at_us % 1000 >= 500 ? 1 : 0);
    const std::uint64_t interval_ms = at_ms - std::min(at_ms, written_ms_);
    written_ms_ += interval_ms;
    out.push_back('[');
    append_json_milliseconds(out, interval_ms);
    append_code_and_data(out, event);
  }

  void end(std::string& /*out*/) override {}

 private:
  std::uint64_t written_ms_ = 0;
};

}  // namespace

std::unique_ptr<AsciicastWriter> make_asciicast_writer(int version) {
  if (version == 1) return std::make_unique<WriterV1>();
  if (version == 2) return std::make_unique<WriterV2>();
  return std::make_unique<WriterV3>();
}

}  // namespace asciinemad
