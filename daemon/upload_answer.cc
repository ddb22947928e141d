#include "daemon/upload_answer.h"

#include <strings.h>

#include <algorithm>
#include <optional>

#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

#include "common/printable.h"
#include "common/recording_reader_string.h"
#include "common/url.h"
#include "common/utf8.h"

namespace asciinemad {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kMaxDetailsBytes = 200;

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(kBlanks), text.size());
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::string valid_utf8(std::string_view bytes) {
  Utf8Decoder decoder;
  std::string text(decoder.decode(bytes));
  text += decoder.finish();
  return text;
}

// "text/html" of "Text/HTML; charset=utf-8".
bool is_type(const std::string& content_type, const char* wanted) {
  const std::string type = content_type.substr(0, content_type.find_first_of("; \t"));
  return ::strcasecmp(type.c_str(), wanted) == 0;
}

bool is_text(const std::string& content_type) {
  return content_type.empty() || ::strncasecmp(content_type.c_str(), "text/", 5) == 0;
}

bool is_page(const std::string& content_type, std::string_view body) {
  return is_type(content_type, "text/html") || is_type(content_type, "application/xhtml+xml") ||
         body.starts_with('<');
}

// Empty when it is no address that can be opened.
std::string usable_url(std::string_view text) {
  const Result<Url> url = parse_url(text);
  if (!url.ok()) return "";
  const bool plain = url->user_info.empty() && std::all_of(text.begin(), text.end(), [](char c) {
                       return static_cast<unsigned char>(c) < 0x7F;
                     });
  const std::string usable = plain ? std::string(text) : url->text();
  return usable.size() <= UploadWords::kMaxUrlBytes ? usable : "";
}

std::string usable_location(const std::string& location, std::string_view server_url) {
  if (location.empty()) return "";
  const Result<Url> server = parse_url(server_url);
  const Result<Url> absolute = parse_url(trimmed(location));
  if (absolute.ok() || !server.ok()) return usable_url(trimmed(location));
  const Result<Url> resolved = resolve_url(*server, location);
  return resolved.ok() ? usable_url(resolved->text()) : "";
}

std::string printable_lines(std::string_view text) {
  std::string lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    std::string spaced(line);
    std::replace(spaced.begin(), spaced.end(), '\t', ' ');
    lines += printable(spaced) + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const std::string_view kept = cut_at_character(lines, UploadWords::kMaxMessageBytes);
  return std::string(kept.substr(0, kept.find_last_not_of(" \n") + 1));
}

std::string_view text_member(const dom::object& object, std::string_view key) {
  std::string_view text;
  if (object.at_key(key).get(text) != simdjson::SUCCESS) return {};
  return text;
}

void read_object(const dom::object& object, UploadWords& words) {
  words.url = usable_url(trimmed(text_member(object, "url")));
  words.message = printable_lines(text_member(object, "message"));
  dom::element details;
  if (object.at_key("details").get(details) != simdjson::SUCCESS || details.is_null()) return;
  std::string_view text;
  words.details = details.get(text) == simdjson::SUCCESS
                      ? one_line(text, kMaxDetailsBytes)
                      : one_line(simdjson::minify(details), kMaxDetailsBytes);
}

void read_body(const UploadAnswer& answer, UploadWords& words) {
  const std::string valid = valid_utf8(answer.body);
  std::string_view body = valid;
  if (body.starts_with(kByteOrderMark)) body.remove_prefix(kByteOrderMark.size());
  const std::string_view text = trimmed(body);
  words.is_page = is_page(answer.content_type, text);
  if (text.starts_with('{')) {
    std::string json(text);
    replace_unpaired_surrogates(json);
    dom::parser parser;
    dom::object object;
    if (parser.parse(json).get(object) == simdjson::SUCCESS) read_object(object, words);
    return;
  }
  words.url = usable_url(text);
  if (!words.url.empty() || words.is_page || !is_text(answer.content_type)) return;
  words.message = printable_lines(body);
}

}  // namespace

UploadWords read_upload_answer(const UploadAnswer& answer, std::string_view server_url) {
  UploadWords words;
  read_body(answer, words);
  if (words.url.empty()) words.url = usable_location(answer.location, server_url);
  return words;
}

std::string_view warning_text(std::string_view header) {
  header = trimmed(header);
  const std::size_t quote = header.find('"');
  const std::size_t end = quote == std::string_view::npos ? quote : header.find('"', quote + 1);
  const bool has_code =
      header.size() > 4 && header.find_first_not_of("0123456789") == 3 && header[3] == ' ';
  if (!has_code || end == std::string_view::npos) return header;
  // "CODE AGENT", and no more, is in front of the text.
  const std::string_view agent = trimmed(header.substr(4, quote - 4));
  if (agent.empty() || agent.find_first_of(kBlanks) != std::string_view::npos) return header;
  return header.substr(quote + 1, end - quote - 1);
}

std::string one_line(std::string_view text, std::size_t max_bytes) {
  constexpr std::string_view kEllipsis = "...";
  std::string line;
  for (text = trimmed(text); !text.empty(); text = trimmed(text)) {
    const std::size_t end = std::min(text.find_first_of(kBlanks), text.size());
    if (!line.empty()) line += ' ';
    line += text.substr(0, end);
    text.remove_prefix(end);
  }
  line = printable(line);
  if (line.size() <= max_bytes) return line;
  return std::string(cut_at_character(line, max_bytes - kEllipsis.size())).append(kEllipsis);
}

std::string_view cut_at_character(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  std::size_t end = max_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

}  // namespace asciinemad
