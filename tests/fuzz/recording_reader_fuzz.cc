// The recording reader on any bytes: however they come it reads the same, it continues wherever it
// has been, and both of its event parsers agree.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/recording_reader_buffer.h"
#include "common/recording_reader_event.h"
#include "common/utf8.h"
#include "tests/support/recording_source.h"

namespace {

using asciinemad::EventParser;
using asciinemad::EventShape;
using asciinemad::ParsedEvent;
using asciinemad::RecordingDamage;
using asciinemad::RecordingReader;
using asciinemad::test::owned;
using asciinemad::test::OwnedEvent;
using asciinemad::test::read_recording;
using asciinemad::test::ReadRecording;
using asciinemad::test::TextSource;

void require(bool condition) {
  if (!condition) std::abort();
}

std::string sanitized(std::string_view bytes) {
  asciinemad::Utf8Decoder decoder;
  std::string text(decoder.decode(bytes));
  text += decoder.finish();
  return text;
}

bool is_utf8(std::string_view text) { return sanitized(text) == text; }

bool same(const RecordingDamage& a, const RecordingDamage& b) {
  if (a.bad_lines != b.bad_lines || a.first_bad.size() != b.first_bad.size()) return false;
  for (std::size_t i = 0; i < a.first_bad.size(); ++i) {
    if (a.first_bad[i].line != b.first_bad[i].line) return false;
    if (a.first_bad[i].reason != b.first_bad[i].reason) return false;
  }
  if (a.cut.has_value() != b.cut.has_value()) return false;
  return !a.cut || (a.cut->line == b.cut->line && a.cut->reason == b.cut->reason);
}

void check_sane(const ReadRecording& read) {
  if (!read.error.empty()) {
    require(read.error.starts_with("line "));
    return;
  }
  const auto& header = read.header;
  require(header.version >= 1 && header.version <= 3);
  require(header.cols > 0 && header.cols < 65536 && header.rows > 0 && header.rows < 65536);
  require(!header.idle_time_limit_s || *header.idle_time_limit_s > 0);
  require(is_utf8(header.title.value_or("")) && is_utf8(header.theme_json));
  for (const auto& [key, json] : header.unknown_keys) require(is_utf8(key) && is_utf8(json));
  std::uint64_t before_us = 0;
  for (const OwnedEvent& event : read.events) {
    require(is_utf8(event.code) && is_utf8(event.data));
    require(header.version == 2 || event.at_us >= before_us);
    before_us = event.at_us;
  }
  require(read.damage.first_bad.size() <= read.damage.bad_lines);
}

void check_pieces(std::string_view text, const ReadRecording& whole) {
  for (const std::size_t piece : {1U, 7U, 64U}) {
    const auto read = read_recording(text, piece);
    require(read.error == whole.error && read.events == whole.events);
    require(same(read.damage, whole.damage));
  }
}

void check_resuming(std::string_view text, const ReadRecording& whole) {
  if (!whole.error.empty()) return;
  TextSource source(text);
  RecordingReader reader(source);
  require(reader.open().ok());
  const std::size_t step = 1 + whole.positions.size() / 16;
  for (std::size_t i = whole.positions.size() - 1;; i -= step) {
    if (whole.header.version != 1) source.seek(whole.positions[i].offset);
    require(reader.resume_at(whole.positions[i]).ok());
    for (std::size_t n = i; n < whole.events.size(); ++n) {
      const auto event = reader.next();
      require(event.ok() && event->has_value() && owned(**event) == whole.events[n]);
    }
    require(!reader.next().value());
    if (i < step) return;
  }
}

void check_growing(std::string_view text, const ReadRecording& whole) {
  TextSource source("");
  RecordingReader reader(source, RecordingReader::Growth::growing);
  bool opened = false;
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); at += 13) {
    source.append(text.substr(at, 13));
    if (!opened) opened = reader.open().ok();
    if (!opened) continue;
    while (true) {
      const auto event = reader.next();
      if (!event.ok() || !*event) break;
      require(count < whole.events.size() && owned(**event) == whole.events[count]);
      ++count;
    }
  }
  if (!opened || !whole.error.empty()) return;
  // Only a last line without newline is held back.
  require(count == whole.events.size() || count + 1 == whole.events.size());
}

void check_parsers(std::string_view text) {
  std::string padded(text);
  padded.append(asciinemad::RecordingBuffer::kPaddingBytes, '\0');
  const std::string_view line(padded.data(), text.size());
  if (!is_utf8(line)) return;
  static EventParser parser;
  static EventParser other;
  for (const EventShape shape : {EventShape::event, EventShape::frame}) {
    ParsedEvent fast;
    ParsedEvent slow;
    const std::size_t size = parser.parse_front(shape, line, fast);
    if (size == 0) continue;
    require(size <= line.size());
    require(other.parse(shape, line.substr(0, size), slow).ok());
    require(fast.time_us == slow.time_us && fast.code == slow.code && fast.data == slow.data);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto whole = read_recording(text);
  check_sane(whole);
  check_pieces(text, whole);
  check_resuming(text, whole);
  check_growing(text, whole);
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    check_parsers(text.substr(at, text.find('\n', at) - at));
    check_parsers(text.substr(text.find('[', at) == text.npos ? at : text.find('[', at)));
    if (text.find('\n', at) == text.npos) break;
  }
  return 0;
}
