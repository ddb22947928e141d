#include "daemon/recorder.h"

#include <algorithm>

#include "common/log.h"

namespace asciinemad {

Recorder::Recorder(const Clock& clock, wire::Format format, std::string& scratch,
                   Listener& listener)
    : clock_(clock), format_(format), scratch_(scratch), listener_(listener) {}

Status Recorder::open(uv::Loop& loop, Fd fd) {
  const Sink::Unit unit = format_ == wire::Format::raw ? Sink::Unit::byte : Sink::Unit::line;
  TRY_ASSIGN(sink_, make_sink(loop, std::move(fd), unit, *this));
  return {};
}

void Recorder::start_time_line(std::uint64_t offset_us, const wire::WindowSize& size) {
  // Unsigned wrap-around is wanted: an offset larger than the clock still subtracts right.
  started_at_us_ = clock_.now_us() - offset_us;
  last_event_at_us_ = offset_us;
  size_ = recorded_size_ = size;
}

void Recorder::begin(const AsciicastHeader& header, const wire::WindowSize& size) {
  start_time_line(0, size);
  if (format_ == wire::Format::raw) {
    write_resize();
    return;
  }
  append_header_v2(overdue_header_, header);
  write_overdue();
}

void Recorder::continue_recording(const AsciicastHeader& header) {
  if (format_ == wire::Format::asciicast_v2 && sink_->position() == 0) {
    append_header_v2(overdue_header_, header);
  }
  if (!paused_) write_overdue();
}

void Recorder::begin_appending(std::uint64_t offset_us, const wire::WindowSize& size) {
  start_time_line(offset_us, size);
  write_resize();
}

std::uint64_t Recorder::now_us() {
  const std::uint64_t at = (paused_ ? paused_at_us_ : clock_.now_us()) - started_at_us_;
  last_event_at_us_ = std::max(last_event_at_us_, at - paused_for_us_);
  return last_event_at_us_;
}

std::uint64_t Recorder::duration_us() const {
  const std::uint64_t at = (paused_ ? paused_at_us_ : clock_.now_us()) - started_at_us_;
  return std::max(last_event_at_us_, at - paused_for_us_);
}

void Recorder::output(std::string_view bytes) {
  if (format_ == wire::Format::raw) {
    if (paused_) return;
    std::size_t written = 0;
    if (Status status = sink_->write(bytes, written); !status.ok()) {
      count_loss(status.error(), bytes.size() - written);
    }
    return;
  }
  // Decoding goes on during a pause, so that recording resumes between two characters.
  const std::string_view text = output_decoder_.decode(bytes);
  if (!paused_ && !text.empty()) write_event(EventCode::output, text, bytes.size());
  output_decoder_.release_buffer();
}

void Recorder::input(std::string_view bytes) {
  if (format_ == wire::Format::raw) return;
  const std::string_view text = input_decoder_.decode(bytes);
  if (!paused_ && !text.empty()) write_event(EventCode::input, text, 0);
  input_decoder_.release_buffer();
}

bool Recorder::marker(std::string_view label) {
  if (format_ == wire::Format::raw || paused_) return false;
  return write_event(EventCode::marker, label, 0);
}

void Recorder::resize(const wire::WindowSize& size) {
  size_ = size;
  if (!paused_) write_overdue();
}

bool Recorder::resize_pending() const {
  return size_.cols != recorded_size_.cols || size_.rows != recorded_size_.rows;
}

void Recorder::write_resize() {
  recorded_size_ = {0, 0, 0, 0};  // none, until it is written
  scratch_.clear();
  if (format_ == wire::Format::raw) {
    // XTWINOPS: what asciinema 2.4 writes at the start and at each resize.
    scratch_ = "\x1b[8;" + std::to_string(size_.rows) + ";" + std::to_string(size_.cols) + "t";
  } else {
    append_resize_v2(scratch_, now_us(), size_.cols, size_.rows);
  }
  if (emit(0)) recorded_size_ = size_;
}

void Recorder::pause() {
  if (paused_) return;
  paused_at_us_ = clock_.now_us();
  paused_ = true;
}

void Recorder::resume() {
  if (!paused_) return;
  paused_for_us_ += clock_.now_us() - paused_at_us_;
  paused_ = false;
  write_overdue();
}

void Recorder::finish() {
  if (!paused_ && format_ != wire::Format::raw) write_tails();
  sink_->finish();
}

void Recorder::write_tails() {
  if (const auto rest = output_decoder_.finish(); !rest.empty()) {
    write_event(EventCode::output, rest, rest.size());
  }
  if (const auto rest = input_decoder_.finish(); !rest.empty()) {
    write_event(EventCode::input, rest, 0);
  }
}

void Recorder::close() {
  if (const std::uint64_t lost = sink_->close(); lost > 0) {
    count_loss(Error{Errc::timed_out, "the reader of the recording does not read"}, lost);
  }
}

bool Recorder::write_event(EventCode code, std::string_view text, std::size_t source_bytes) {
  if (!write_overdue()) {
    lost_bytes_ += source_bytes;
    return false;
  }
  scratch_.clear();
  append_event_v2(scratch_, now_us(), code, text);
  return emit(source_bytes);
}

bool Recorder::write_overdue() {
  if (!overdue_header_.empty()) {
    scratch_ = overdue_header_;
    if (!emit(0)) return false;
    overdue_header_ = std::string();
  }
  if (resize_pending()) write_resize();
  return !resize_pending();
}

bool Recorder::emit(std::size_t source_bytes) {
  std::size_t written = 0;
  Status status = sink_->write(scratch_, written);
  // Even an event without output bytes (a marker) leaves the recording incomplete.
  if (!status.ok()) count_loss(status.error(), source_bytes);
  return status.ok();
}

void Recorder::count_loss(const Error& error, std::uint64_t bytes) {
  lost_bytes_ += bytes;
  if (!loss_reason_.empty()) return;
  loss_reason_ = error.sys_errno != 0 ? std::strerror(error.sys_errno) : error.message;
  log::warn("recording incomplete: ", error.message);
  listener_.on_recording_incomplete(loss_reason_);
}

void Recorder::miss_the_end() {
  count_loss(Error{Errc::timed_out, "the program's last output could not be read in time"}, 0);
}

void Recorder::count_queue_of_dead(std::uint64_t bytes) {
  if (bytes == 0) return;
  // The last line may be cut.
  if (format_ == wire::Format::asciicast_v2) {
    scratch_ = "\n";
    emit(0);
  }
  count_loss(Error{Errc::unavailable, "asciinemad died before all was written"}, bytes);
}

void Recorder::on_sink_drained() { listener_.on_recorder_drained(); }

void Recorder::on_sink_failed(const Error& error, std::uint64_t lost_bytes) {
  count_loss(error, lost_bytes);
}

void Recorder::save(wire::Checkpoint& to) const {
  to.started_at_us = started_at_us_;
  to.paused_for_us = paused_for_us_;
  to.paused = paused_;
  to.paused_at_us = paused_at_us_;
  to.last_event_at_us = last_event_at_us_;
  to.size = size_;
  to.resize_pending = resize_pending();
  to.output_tail = output_decoder_.pending();
  to.input_tail = input_decoder_.pending();
  to.lost_bytes = lost_bytes_;
  to.loss_reason = loss_reason_;
}

Status Recorder::restore(const wire::Checkpoint& from) {
  TRY(output_decoder_.set_pending(from.output_tail));
  TRY(input_decoder_.set_pending(from.input_tail));
  started_at_us_ = from.started_at_us;
  paused_for_us_ = from.paused_for_us;
  paused_ = from.paused;
  paused_at_us_ = from.paused_at_us;
  last_event_at_us_ = from.last_event_at_us;
  size_ = recorded_size_ = from.size;
  if (from.resize_pending) recorded_size_ = wire::WindowSize{0, 0, 0, 0};
  lost_bytes_ = from.lost_bytes;
  loss_reason_ = from.loss_reason;
  return {};
}

}  // namespace asciinemad
