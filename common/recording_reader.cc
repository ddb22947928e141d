#include "common/recording_reader.h"

#include <algorithm>

#include "common/recording_reader_impl.h"
#include "common/recording_reader_json.h"

namespace asciinemad {
namespace {

constexpr std::string_view kTooLate = "event time is out of range";

bool is_blank_or_comment(std::string_view line) {
  return line.starts_with('#') || skip_json_blanks(line, 0) == line.size();
}

}  // namespace

Result<std::optional<RecordingEvent>> RecordingReader::Impl::next() {
  if (header.version == 1) return next_frame();
  return next_line();
}

// Reads until there is a whole line; false when there is none.
Result<bool> RecordingReader::Impl::load_lines() {
  while (buffer_.whole_lines().empty()) {
    if (buffer_.bytes().size() > kMaxLineBytes) {
      return at_line(count_ + 1, Error{Errc::limit_exceeded, std::string(kTooLong)});
    }
    TRY_ASSIGN(const bool more, read_more(count_ + 1));
    if (!more) return false;
  }
  usual_ = EventParser::is_utf8(buffer_.whole_lines());
  return true;
}

Result<std::optional<RecordingEvent>> RecordingReader::Impl::next_line() {
  while (!ended_) {
    if (buffer_.whole_lines().empty()) {
      TRY_ASSIGN(const bool more, load_lines());
      if (!more) return take_last_line();
    }
    ParsedEvent event;
    if (!take_usual_line(event)) {
      TRY_ASSIGN(const bool taken, take_line(event));
      if (!taken) continue;
    }
    if (accept_time(event.time_us)) {
      return std::optional(RecordingEvent{at_us_, event.code, event.data, count_});
    }
    add_bad(count_, kTooLate);
  }
  return std::optional<RecordingEvent>();
}

// Nearly all lines are taken here, without a search for where they end.
bool RecordingReader::Impl::take_usual_line(ParsedEvent& event) {
  if (!usual_) return false;
  const std::string_view lines = buffer_.whole_lines();
  std::size_t size = parser_.parse_front(EventShape::event, lines, event);
  if (size == 0) return false;
  if (lines[size] == '\r') ++size;
  if (lines[size] != '\n') return false;
  buffer_.consume(size + 1);
  ++count_;
  return true;
}

// False when it was passed over.
Result<bool> RecordingReader::Impl::take_line(ParsedEvent& event) {
  const std::string_view lines = buffer_.whole_lines();
  const std::string_view line = lines.substr(0, lines.find('\n'));
  if (line.size() > kMaxLineBytes) {
    return at_line(count_ + 1, Error{Errc::limit_exceeded, std::string(kTooLong)});
  }
  buffer_.consume(line.size() + 1);
  ++count_;
  if (is_blank_or_comment(line)) return false;
  const auto status = parser_.parse(EventShape::event, line, event);
  if (!status.ok()) add_bad(count_, status.error().message);
  return status.ok();
}

// What is behind the last newline, at the end of the source.
std::optional<RecordingEvent> RecordingReader::Impl::take_last_line() {
  if (growing()) return std::nullopt;
  ended_ = true;
  const std::string_view line = buffer_.bytes();
  buffer_.consume(line.size());
  if (!line.empty()) ++count_;
  if (!broken_.empty()) add_cut(line.empty() ? count_ + 1 : count_, broken_);
  if (is_blank_or_comment(line)) return std::nullopt;
  ParsedEvent event;
  if (parser_.parse(EventShape::event, line, event).ok() && accept_time(event.time_us)) {
    return RecordingEvent{at_us_, event.code, event.data, count_};
  }
  add_cut(count_, "the last line is incomplete");
  return std::nullopt;
}

std::optional<RecordingEvent> RecordingReader::Impl::next_frame() {
  while (frame_ && frame_->at_frame()) {
    const std::uint64_t line = frame_->line();
    ParsedEvent event;
    if (!take_frame(event)) continue;
    if (accept_time(event.time_us)) return RecordingEvent{at_us_, event.code, event.data, line};
    add_bad(line, kTooLate);
  }
  if (frame_ && !frame_->damage().empty()) {
    add_cut(frame_->line(), broken_.empty() ? frame_->damage() : broken_);
  } else if (document_damage_) {
    add_cut(document_damage_->line, document_damage_->reason);
  }
  return std::nullopt;
}

bool RecordingReader::Impl::take_frame(ParsedEvent& event) {
  std::size_t size = usual_ ? parser_.parse_front(EventShape::frame, frame_->rest(), event) : 0;
  if (size == 0) {
    const auto text = frame_->frame();
    if (!text) return false;
    const auto status = parser_.parse(EventShape::frame, *text, event);
    if (!status.ok()) {
      ++count_;
      add_bad(frame_->line(), "frame " + std::to_string(count_) + ": " + status.error().message);
      frame_->pass(text->size());
      return false;
    }
    size = text->size();
  }
  ++count_;
  frame_->pass(size);
  return true;
}

// v2 has the time since the start, the others since the previous event.
bool RecordingReader::Impl::accept_time(std::uint64_t time_us) {
  const std::uint64_t before = header.version == 2 ? 0 : at_us_;
  if (time_us > kMaxTimeUs - before) return false;
  at_us_ = before + time_us;
  return true;
}

void RecordingReader::Impl::add_bad(std::uint64_t line, std::string_view reason) {
  if (count_ <= furthest_) return;
  ++damage.bad_lines;
  if (damage.first_bad.size() < RecordingDamage::kMaxListed) {
    damage.first_bad.push_back({line, std::string(reason)});
  }
}

void RecordingReader::Impl::add_cut(std::uint64_t line, std::string_view reason) {
  if (!damage.cut) damage.cut = {line, std::string(reason)};
}

RecordingReader::Position RecordingReader::Impl::position() const {
  return {header.version == 1 ? 0 : buffer_.offset(), count_, at_us_};
}

Status RecordingReader::Impl::resume_at(const Position& position) {
  furthest_ = std::max(furthest_, count_);
  at_us_ = std::min(position.at_us, kMaxTimeUs);
  if (header.version != 1) {
    buffer_.restart_at(position.offset);
    broken_.clear();
    ended_ = false;
    count_ = position.line;
    return {};
  }
  if (position.line < count_) {
    frame_ = first_frame_;
    count_ = 0;
  }
  for (; count_ < position.line && frame_ && frame_->at_frame(); ++count_) {
    const auto text = frame_->frame();
    if (!text) break;
    frame_->pass(text->size());
  }
  return {};
}

RecordingReader::RecordingReader(ByteSource& source, Growth growth)
    : impl_(std::make_unique<Impl>(source, growth)) {}
RecordingReader::~RecordingReader() = default;
Status RecordingReader::open() { return impl_->open(); }
const RecordingHeader& RecordingReader::header() const { return impl_->header; }
Result<std::optional<RecordingEvent>> RecordingReader::next() { return impl_->next(); }
RecordingReader::Position RecordingReader::position() const { return impl_->position(); }
Status RecordingReader::resume_at(const Position& position) { return impl_->resume_at(position); }
const RecordingDamage& RecordingReader::damage() const { return impl_->damage; }

}  // namespace asciinemad
