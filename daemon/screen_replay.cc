#include "daemon/screen_replay.h"

#include <charconv>

namespace asciinemad {
namespace {

// A longer one is given up: what follows it is shown as it comes.
constexpr std::size_t kMaxTailBytes = std::size_t{256} << 10;
constexpr int kMaxSide = 65535;

std::optional<int> parse_side(std::string_view text) {
  int side = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), side);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (side < 1 || side > kMaxSide) return std::nullopt;
  return side;
}

}  // namespace

std::optional<std::pair<int, int>> parse_size(std::string_view text) {
  const std::size_t x = text.find('x');
  if (x == std::string_view::npos) return std::nullopt;
  const std::optional<int> cols = parse_side(text.substr(0, x));
  const std::optional<int> rows = parse_side(text.substr(x + 1));
  if (!cols.has_value() || !rows.has_value()) return std::nullopt;
  return std::pair(*cols, *rows);
}

ScreenReplay::ScreenReplay(std::shared_ptr<RecordingStorage> storage, Keyframes& keyframes,
                           const View& view, const std::atomic<bool>& interrupted)
    : storage_(std::move(storage)),
      keyframes_(keyframes),
      view_(view),
      interrupted_(interrupted),
      cursor_(*storage_, StorageCursor::Waiting::never, interrupted),
      timeline_(view.idle_limit_us) {}

Status ScreenReplay::open() {
  if (reader_ != nullptr) return {};
  cursor_.seek(0);
  auto reader =
      std::make_unique<RecordingReader>(cursor_, view_.growing ? RecordingReader::Growth::growing
                                                               : RecordingReader::Growth::finished);
  TRY(reader->open());
  reader_ = std::move(reader);
  start_.position = reader_->position();
  restart();
  return {};
}

void ScreenReplay::restart() {
  screen_ = std::make_unique<ScreenModel>(reader_->header().cols, reader_->header().rows);
  timeline_.resume_at({});
  point_ = start_;
  tail_.clear();
  shown_bytes_ = 0;
}

void ScreenReplay::resume(const Keyframe& keyframe) {
  screen_ = std::make_unique<ScreenModel>(keyframe.cols, keyframe.rows);
  screen_->write(keyframe.screen);
  timeline_.resume_at(keyframe.point.time);
  point_ = keyframe.point;
  tail_.clear();
  shown_bytes_ = 0;
  reader_is_ahead_ = true;
}

Status ScreenReplay::to(const Keyframes::Bounds& bounds) {
  TRY(open());
  const std::optional<Keyframe> keyframe = keyframes_.find_before(bounds);
  const bool behind = bounds.are_ahead_of(point_);
  if (keyframe.has_value() && (!behind || keyframe->point.events > point_.events)) {
    resume(*keyframe);
  } else if (!behind) {
    restart();
    reader_is_ahead_ = true;
  }
  return advance(bounds);
}

Status ScreenReplay::advance(const Keyframes::Bounds& bounds) {
  if (reader_is_ahead_) {
    cursor_.seek(point_.position.offset);
    TRY(reader_->resume_at(point_.position));
    reader_is_ahead_ = false;
  }
  at_end_ = false;
  for (;;) {
    if (interrupted_) return Error{Errc::cancelled, "interrupted"};
    if (bounds.frames == point_.frames) return {};
    TRY_ASSIGN(const std::optional<RecordingEvent> event, reader_->next());
    if (!event.has_value()) {
      at_end_ = true;
      return {};
    }
    PlaybackPoint next = point_;
    timeline_.advance(event->at_us);
    next.time = timeline_.position();
    next.position = reader_->position();
    ++next.events;
    if (event->code == view_.shown_code) ++next.frames;
    if (!bounds.allow(next)) {
      timeline_.resume_at(point_.time);
      reader_is_ahead_ = true;
      return {};
    }
    point_ = next;
    show(*event);
    add_keyframe_if_due();
  }
}

void ScreenReplay::show(const RecordingEvent& event) {
  if (event.code == view_.shown_code) {
    screen_->write(event.data);
    shown_bytes_ += event.data.size();
    tail_.append(event.data);
    if (screen_->at_rest() || tail_.size() > kMaxTailBytes) tail_.clear();
  } else if (event.code == "r") {
    if (const auto size = parse_size(event.data)) screen_->resize(size->first, size->second);
  }
}

void ScreenReplay::follow(const RecordingEvent& event, const PlaybackPoint& after) {
  point_ = after;
  timeline_.resume_at(after.time);
  reader_is_ahead_ = true;
  show(event);
  add_keyframe_if_due();
}

void ScreenReplay::add_keyframe_if_due() {
  if (!screen_->at_rest() || !keyframes_.wants(point_, shown_bytes_)) return;
  keyframes_.add({point_, screen_->cols(), screen_->rows(), screen_->snapshot()});
  shown_bytes_ = 0;
}

}  // namespace asciinemad
