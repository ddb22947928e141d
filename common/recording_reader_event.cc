#include "common/recording_reader_event.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

#include "common/recording_reader_buffer.h"
#include "common/recording_reader_string.h"

namespace asciinemad {
namespace {

namespace dom = simdjson::dom;

static_assert(simdjson::SIMDJSON_PADDING <= RecordingBuffer::kPaddingBytes);

// Recorders' events are as long as what they read at once. Longer ones are for simdjson.
constexpr std::size_t kMaxFrontBytes = std::size_t{256} << 10;

constexpr std::string_view kFrameCode = "o";

bool is_digit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

// Up to nine digits, a point and up to six digits, as microseconds: without floating point, and
// equal to what rounding a double gives. Returns what is behind; nullptr for other numbers.
const char* parse_time(const char* at, const char* end, std::uint64_t& time_us) {
  constexpr std::array<std::uint32_t, 7> kScale = {1000000, 100000, 10000, 1000, 100, 10, 1};
  const char* const begin = at;
  std::uint64_t value = 0;
  for (; at < end && is_digit(*at); ++at) value = value * 10 + static_cast<unsigned>(*at - '0');
  const auto whole_digits = at - begin;
  if (whole_digits == 0 || whole_digits > 9 || (*begin == '0' && whole_digits > 1)) return nullptr;
  std::ptrdiff_t decimals = 0;
  if (at < end && *at == '.') {
    const char* const first = ++at;
    for (; at < end && is_digit(*at); ++at) value = value * 10 + static_cast<unsigned>(*at - '0');
    decimals = at - first;
    if (decimals == 0 || decimals > 6) return nullptr;
  }
  time_us = value * kScale[static_cast<std::size_t>(decimals)];
  return at;
}

// Passes `, "` or `,"`.
const char* skip_to_string(const char* at, const char* end) {
  if (end - at < 3 || *at != ',') return nullptr;
  ++at;
  if (*at == ' ') ++at;
  return *at == '"' ? at + 1 : nullptr;
}

// Passes a string without escapes and its closing quote.
const char* parse_code(const char* at, const char* end, std::string_view& code) {
  const char* const begin = at;
  for (; at < end && *at != '"'; ++at) {
    if (*at == '\\' || static_cast<unsigned char>(*at) < 0x20) return nullptr;
  }
  if (at == end) return nullptr;
  code = {begin, static_cast<std::size_t>(at - begin)};
  return at + 1;
}

Error invalid(std::string_view reason) { return Error{Errc::invalid_data, std::string(reason)}; }

Result<std::uint64_t> to_microseconds(dom::element element) {
  double seconds = 0;  // get() converts integers
  if (element.get(seconds) != simdjson::SUCCESS) return invalid("event time is not a number");
  if (seconds < 0) return invalid("event time is negative");
  const double time_us = std::round(seconds * 1e6);
  if (time_us > static_cast<double>(kMaxTimeUs)) return invalid("event time is out of range");
  return static_cast<std::uint64_t>(time_us);
}

}  // namespace

struct EventParser::Slow {
  Result<dom::element> parse(std::string_view text);

  dom::parser parser;
  std::string repaired;
};

Result<dom::element> EventParser::Slow::parse(std::string_view text) {
  dom::element element;
  auto error = parser.parse(text.data(), text.size(), false).get(element);
  if (error == simdjson::STRING_ERROR) {
    repaired.assign(text);
    if (replace_unpaired_surrogates(repaired)) error = parser.parse(repaired).get(element);
  }
  switch (error) {
    case simdjson::SUCCESS:
      return element;
    case simdjson::UTF8_ERROR:
      return invalid("not valid UTF-8");
    case simdjson::MEMALLOC:
    case simdjson::CAPACITY:
      return invalid("too long for the memory there is");
    default:
      return invalid("not valid JSON");
  }
}

EventParser::EventParser() = default;
EventParser::~EventParser() = default;

bool EventParser::is_utf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

std::size_t EventParser::parse_front(EventShape shape, std::string_view text, ParsedEvent& event) {
  if (decoded_ == nullptr) {
    decoded_ = std::make_unique_for_overwrite<char[]>(kMaxFrontBytes + kUnescapeOvershoot);
  }
  const char* at = text.data();
  const char* const end = at + std::min(text.size(), kMaxFrontBytes);
  if (at == end || *at != '[') return 0;
  if ((at = parse_time(at + 1, end, event.time_us)) == nullptr) return 0;
  if ((at = skip_to_string(at, end)) == nullptr) return 0;
  event.code = kFrameCode;
  if (shape == EventShape::event) {
    if ((at = parse_code(at, end, event.code)) == nullptr) return 0;
    if ((at = skip_to_string(at, end)) == nullptr) return 0;
  }
  char* to = decoded_.get();
  if ((at = unescape_json_string(at, end, to)) == nullptr) return 0;
  ++at;
  if (at == end || *at != ']') return 0;
  event.data = {decoded_.get(), static_cast<std::size_t>(to - decoded_.get())};
  return static_cast<std::size_t>(at + 1 - text.data());
}

Status EventParser::parse(EventShape shape, std::string_view text, ParsedEvent& event) {
  if (slow_ == nullptr) slow_ = std::make_unique<Slow>();
  TRY_ASSIGN(const dom::element element, slow_->parse(text));
  dom::array fields;
  const bool is_array = element.get(fields) == simdjson::SUCCESS;
  if (shape == EventShape::event && (!is_array || fields.size() != 3)) {
    return invalid("event is not an array of three");
  }
  if (shape == EventShape::frame && (!is_array || fields.size() != 2)) {
    return invalid("event is not an array of two");
  }
  auto field = fields.begin();
  TRY_ASSIGN(event.time_us, to_microseconds(*field));
  event.code = kFrameCode;
  if (shape == EventShape::event && (*++field).get(event.code) != simdjson::SUCCESS) {
    return invalid("event code is not a string");
  }
  if ((*++field).get(event.data) != simdjson::SUCCESS) {
    return invalid("event data is not a string");
  }
  return {};
}

}  // namespace asciinemad
