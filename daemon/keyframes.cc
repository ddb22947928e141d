#include "daemon/keyframes.h"

#include <algorithm>

namespace asciinemad {

bool Keyframes::wants(const PlaybackPoint& point, std::uint64_t shown_bytes_since_last) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (shown_bytes_since_last < spacing_bytes_) return false;
  return keyframes_.empty() || keyframes_.back().point.events < point.events;
}

void Keyframes::add(Keyframe keyframe) {
  const std::lock_guard<std::mutex> lock(mutex_);
  // Another thread may have come further meanwhile.
  if (!keyframes_.empty() && keyframes_.back().point.events >= keyframe.point.events) return;
  bytes_ += keyframe.screen.size() + sizeof(Keyframe);
  keyframes_.push_back(std::move(keyframe));
  while (bytes_ > kMaxBytes && keyframes_.size() > 1) thin_out();
}

void Keyframes::thin_out() {
  std::size_t index = 0;
  std::erase_if(keyframes_, [&](const Keyframe&) { return index++ % 2 == 0; });
  spacing_bytes_ *= 2;
  bytes_ = 0;
  for (const Keyframe& keyframe : keyframes_) bytes_ += keyframe.screen.size() + sizeof(Keyframe);
}

std::optional<Keyframe> Keyframes::find_before(const Bounds& bounds) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto after = std::partition_point(
      keyframes_.begin(), keyframes_.end(),
      [&](const Keyframe& keyframe) { return bounds.are_ahead_of(keyframe.point); });
  if (after == keyframes_.begin()) return std::nullopt;
  return *std::prev(after);
}

}  // namespace asciinemad
