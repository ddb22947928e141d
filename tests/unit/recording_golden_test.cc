// Recordings of each version and oddity, read as their NAME.expected says.
#include <doctest/doctest.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "common/recording_reader.h"
#include "tests/support/recording_source.h"

namespace {

using asciinemad::RecordingHeader;
using asciinemad::test::read_recording;
using asciinemad::test::ReadRecording;

std::string read_golden(const std::string& name) {
  const std::string path = ASCIINEMAD_SOURCE_ROOT "/tests/golden/" + name;
  std::ifstream file(path, std::ios::binary);
  INFO(path);
  REQUIRE(file.is_open());
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "\\x%02x", byte);
    if (byte < 0x20 || byte == 0x7f || byte == '\\') {
      out += escaped;
    } else {
      out += c;
    }
  }
  return out;
}

std::string described(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

std::string described(const RecordingHeader& header) {
  std::string out = "version " + std::to_string(header.version) + "\n";
  const auto line = [&out](std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(printable(value)).append("\n");
  };
  line("size", std::to_string(header.cols) + "x" + std::to_string(header.rows));
  if (header.timestamp) line("timestamp", std::to_string(*header.timestamp));
  if (header.duration_s) line("duration", described(*header.duration_s));
  if (header.idle_time_limit_s) line("idle_time_limit", described(*header.idle_time_limit_s));
  if (header.command) line("command", *header.command);
  if (header.title) line("title", *header.title);
  for (const auto& [name, value] : header.env) line("env " + name, value.value_or("(null)"));
  if (header.term_type) line("term.type", *header.term_type);
  if (header.term_version) line("term.version", *header.term_version);
  if (!header.theme_json.empty()) line("theme", header.theme_json);
  if (!header.tags_json.empty()) line("tags", header.tags_json);
  for (const auto& [name, json] : header.unknown_keys) line("unknown " + name, json);
  return out;
}

std::string described(const ReadRecording& recording) {
  std::string out = described(recording.header);
  for (const auto& event : recording.events) {
    out += "line " + std::to_string(event.line) + " at " + std::to_string(event.at_us) + " " +
           event.code + " |" + printable(event.data) + "|\n";
  }
  for (const auto& bad : recording.damage.first_bad) {
    out += "bad line " + std::to_string(bad.line) + ": " + bad.reason + "\n";
  }
  if (const auto& cut = recording.damage.cut) {
    out += "cut in line " + std::to_string(cut->line) + ": " + cut->reason + "\n";
  }
  out += std::to_string(recording.damage.bad_lines) + " bad lines\n" + recording.error;
  return out;
}

}  // namespace

TEST_CASE("recording_reader: golden recordings") {
  for (const std::string name : {"v1_one_line", "v1_pretty", "v1_stdout_first", "v1_cut", "v2",
                                 "v2_oddities", "v2_damaged", "v3"}) {
    CAPTURE(name);
    const std::string cast = read_golden(name + ".cast");
    const std::string expected = read_golden(name + ".expected");
    CHECK(described(read_recording(cast)) == expected);
    // However the bytes come.
    CHECK(described(read_recording(cast, 1)) == expected);
    CHECK(described(read_recording(cast, 7)) == expected);
  }
}
