#include "common/recording_reader_impl.h"
#include "common/recording_reader_json.h"

namespace asciinemad {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

// What breaks a stream ends it, like a cut.
Result<bool> RecordingReader::Impl::read_more(std::uint64_t line) {
  if (!broken_.empty()) return false;
  auto more = buffer_.read_more();
  if (more.ok()) return more;
  if (more.error().code != Errc::invalid_data) return at_line(line, more.take_error());
  broken_ = more.error().message;
  return false;
}

// Finds where the header begins and reads until its line ends, if it does.
Status RecordingReader::Impl::load_first_line() {
  while (true) {
    const std::string_view bytes = buffer_.bytes();
    if (header_begin_ == 0 && bytes.starts_with(kByteOrderMark)) {
      header_begin_ = kByteOrderMark.size();
    }
    const std::size_t begin = skip_json_blanks(bytes, header_begin_);
    header_line_ += count_newlines(bytes.substr(header_begin_, begin - header_begin_));
    header_begin_ = begin;
    const std::string_view text = bytes.substr(begin);
    // A v1 document may be one long line; anything else need not be read to be refused.
    const bool may_be_v1 = text.starts_with('{');
    if (!may_be_v1 && !kByteOrderMark.starts_with(text)) return {};
    if (bytes.size() > (may_be_v1 ? kMaxV1Bytes : kMaxLineBytes)) {
      return header_error(Errc::limit_exceeded, kTooLong);
    }
    if (buffer_.whole_lines().size() > begin) return {};
    TRY_ASSIGN(const bool more, read_more(header_line_));
    if (!more) return {};
  }
}

Status RecordingReader::Impl::load_document() {
  while (true) {
    TRY_ASSIGN(const bool more, read_more(header_line_));
    if (!more) return {};
    if (buffer_.bytes().size() > kMaxV1Bytes) {
      return header_error(Errc::limit_exceeded, "the version 1 document is too long");
    }
  }
}

Status RecordingReader::Impl::open() {
  TRY(load_first_line());
  std::string_view text = buffer_.bytes().substr(header_begin_);
  if (text.empty() || (growing() && kByteOrderMark.starts_with(text))) {
    if (growing()) return header_error(Errc::unavailable, "the header is not there yet");
    return header_error(Errc::invalid_data, broken_.empty() ? "the file is empty" : broken_);
  }
  if (text.front() != '{') return header_error(Errc::invalid_data, "not an asciicast recording");

  std::string_view line = text.substr(0, text.find('\n'));
  HeaderText scanned = scan_header(line, 0);
  auto version = version_of(scanned);
  if (version.ok() && scanned.ending == HeaderText::Ending::cut && version->value_or(1) == 1) {
    TRY(load_document());
    text = buffer_.bytes().substr(header_begin_);
    line = text.substr(0, text.find('\n'));
    scanned = scan_header(text, 0);
    version = version_of(scanned);
  }
  if (!version.ok()) return at_line(header_line_, version.take_error());
  TRY(check_header(scanned, line, *version));
  auto parsed = parse_recording_header(**version, scanned);
  if (!parsed.ok()) return at_line(header_line_, parsed.take_error());
  header = std::move(*parsed);

  if (header.version == 1) {
    begin_document(text, scanned);
  } else {
    const bool has_newline = line.size() < text.size();
    buffer_.consume(header_begin_ + line.size() + (has_newline ? 1 : 0));
    count_ = header_line_;
    usual_ = EventParser::is_utf8(buffer_.whole_lines());
  }
  return {};
}

// Whether this is, as far as it was read, a recording's header.
Status RecordingReader::Impl::check_header(const HeaderText& text, std::string_view line,
                                           std::optional<int> version) {
  using Ending = HeaderText::Ending;
  const bool in_lines = version.value_or(1) != 1;
  const bool line_ended = buffer_.bytes().size() > header_begin_ + line.size();
  if (growing() && (in_lines ? !line_ended : text.ending == Ending::cut)) {
    return header_error(Errc::unavailable, "the header is not there yet");
  }
  if (text.ending == Ending::cut && !broken_.empty() && (in_lines || !version)) {
    return header_error(Errc::invalid_data, broken_);
  }
  if (!version) {
    return header_error(Errc::invalid_data, text.ending == Ending::cut
                                                ? "the header is cut"
                                                : "not an asciicast recording");
  }
  if (!in_lines) return {};
  if (line.size() > kMaxLineBytes) {
    return header_error(Errc::limit_exceeded, kTooLong);
  }
  if (text.ending == Ending::cut && !line_ended) {
    return header_error(Errc::invalid_data, "the header is cut");
  }
  if (text.ending != Ending::closed || skip_json_blanks(line, text.end) != line.size()) {
    return header_error(Errc::invalid_data, "the header is not valid JSON");
  }
  return {};
}

void RecordingReader::Impl::begin_document(std::string_view document, const HeaderText& text) {
  usual_ = EventParser::is_utf8(document);
  const auto line_at = [&](std::size_t at) {
    return header_line_ + count_newlines(document.substr(0, at));
  };
  if (text.ending != HeaderText::Ending::closed) {
    const bool cut = text.ending == HeaderText::Ending::cut;
    document_damage_ = {line_at(text.end), !broken_.empty() ? broken_
                                           : cut            ? "the document ends here"
                                                 : "the document is not valid JSON from here on"};
  }
  if (text.stdout_begin) {
    first_frame_.emplace(document, *text.stdout_begin, line_at(*text.stdout_begin));
    frame_ = first_frame_;
  }
}

}  // namespace asciinemad
