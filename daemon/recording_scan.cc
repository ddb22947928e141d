#include "daemon/recording_scan.h"

#include <algorithm>

namespace asciinemad {
namespace {

// Whoever makes more has no use for them; memory stays bounded.
constexpr std::size_t kMaxMarkers = 100'000;

}  // namespace

Result<bool> RecordingScan::advance() {
  if (interrupted_) return Error{Errc::cancelled, "interrupted"};
  if (reader_ == nullptr) {
    auto reader = std::make_unique<RecordingReader>(
        cursor_,
        view_.growing ? RecordingReader::Growth::growing : RecordingReader::Growth::finished);
    TRY(reader->open());
    reader_ = std::move(reader);
  }
  TRY_ASSIGN(const std::optional<RecordingEvent> event, reader_->next());
  if (!event.has_value()) return false;
  ++events_;
  const std::uint64_t played_us = timeline_.advance(event->at_us);
  if (event->code == "m" && markers_.size() < kMaxMarkers) {
    markers_.push_back({played_us, events_});
  }
  return true;
}

Status RecordingScan::to_end() {
  for (;;) {
    TRY_ASSIGN(const bool more, advance());
    if (!more) return {};
  }
}

Result<const RecordingScan::Marker*> RecordingScan::find_marker_after(std::uint64_t events) {
  for (;;) {
    const auto found =
        std::partition_point(markers_.begin(), markers_.end(),
                             [&](const Marker& marker) { return marker.events <= events; });
    if (found != markers_.end()) return &*found;
    TRY_ASSIGN(const bool more, advance());
    if (!more) return nullptr;
  }
}

Result<const RecordingScan::Marker*> RecordingScan::find_marker_before(std::uint64_t events,
                                                                       std::uint64_t played_us) {
  while (events_ < events) {
    TRY_ASSIGN(const bool more, advance());
    if (!more) break;
  }
  const auto after = std::partition_point(
      markers_.begin(), markers_.end(),
      [&](const Marker& marker) { return marker.events < events && marker.played_us < played_us; });
  if (after == markers_.begin()) return nullptr;
  return &*std::prev(after);
}

}  // namespace asciinemad
