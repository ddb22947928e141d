// The asciicast reader on any bytes, and the writer's lines through the reader.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/asciicast_reader.h"
#include "common/asciicast_writer.h"
#include "common/utf8.h"

namespace {

using asciinemad::EventCode;

void require(bool condition) {
  if (!condition) std::abort();
}

std::string sanitized(std::string_view bytes) {
  asciinemad::Utf8Decoder decoder;
  std::string text(decoder.decode(bytes));
  text += decoder.finish();
  return text;
}

void check_header(std::string_view line) {
  const auto header = asciinemad::parse_header(line);
  if (!header.ok()) {
    require(!header.error().message.empty());
    return;
  }
  require(header->version >= 1 && header->version <= 3);
  require(header->whole || header->version == 1);
  require(header->cols >= 0 && header->rows >= 0);
}

void check_event(std::string_view line) {
  const auto event = asciinemad::parse_event(line);
  if (!event.ok()) return;
  require(sanitized(event->data) == event->data && sanitized(event->code) == event->code);

  // Written again it is the same event.
  std::string written;
  asciinemad::append_event_v2(written, event->time_us, EventCode::output, event->data);
  const auto again = asciinemad::parse_event(written);
  require(again.ok() && again->data == event->data);
  // Six decimals of a large number of seconds are more than a double holds.
  if (event->time_us < 1'000'000'000'000'000) require(again->time_us == event->time_us);
}

void check_tail(std::string_view part) {
  const auto tail = asciinemad::find_tail(part);
  if (!tail.ok()) return;
  require(tail->whole_bytes > 0 && tail->whole_bytes <= part.size());
  require(tail->needs_newline == (part[tail->whole_bytes - 1] != '\n'));
  const bool only_blanks_behind =
      part.substr(tail->whole_bytes).find_first_not_of(" \t\r\n") == std::string_view::npos;
  require(tail->cut == !only_blanks_behind);

  // What is kept has the same tail, and can be continued.
  std::string kept(part.substr(0, tail->whole_bytes));
  const auto kept_tail = asciinemad::find_tail(kept);
  require(kept_tail.ok() && !kept_tail->cut && kept_tail->whole_bytes == kept.size());
  require(kept_tail->last_time_us == tail->last_time_us);
  if (tail->needs_newline) kept += '\n';
  asciinemad::append_resize_v2(kept, 1234567, 80, 24);
  const auto continued = asciinemad::find_tail(kept);
  require(continued.ok() && continued->whole_bytes == kept.size());
  require(continued->last_time_us == 1234567 && !continued->cut && !continued->needs_newline);
}

void check_round_trip(std::string_view bytes) {
  const std::string text = sanitized(bytes);
  std::uint64_t at_us = 0;
  for (const char c : bytes.substr(0, 6)) at_us = at_us << 8 | static_cast<unsigned char>(c);
  std::string file;
  asciinemad::append_header_v2(file, {.cols = static_cast<int>(at_us % 65536),
                                      .rows = 24,
                                      .idle_time_limit = static_cast<double>(at_us) / 1000,
                                      .command = std::string(bytes),
                                      .title = text,
                                      .env = {{std::string(bytes), text}}});
  const auto header = asciinemad::parse_header(file);
  require(header.ok() && header->version == 2 && header->whole && header->rows == 24);
  require(header->cols == static_cast<int>(at_us % 65536));

  const std::size_t header_size = file.size();
  asciinemad::append_event_v2(file, at_us, EventCode::input, text);
  require(file.find('\n', header_size) == file.size() - 1);
  const auto event = asciinemad::parse_event(std::string_view(file).substr(header_size));
  require(event.ok() && event->time_us == at_us && event->code == "i" && event->data == text);
  const auto tail = asciinemad::find_tail(file);
  require(tail.ok() && tail->whole_bytes == file.size() && tail->last_time_us == at_us);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_header(bytes);
  check_header(bytes.substr(0, bytes.find('\n')));
  check_event(bytes);
  check_event(bytes.substr(bytes.rfind('\n') + 1));
  check_tail(bytes);
  check_round_trip(bytes);
  return 0;
}
