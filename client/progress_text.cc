#include "client/progress_text.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "client/time_text.h"
#include "common/bytes_text.h"

namespace asciinemad {
namespace {

constexpr std::uint64_t kWindowUs = 5'000'000;
constexpr std::uint64_t kTooEarlyUs = 300'000;
constexpr std::size_t kMinBar = 10;
constexpr std::size_t kMaxBar = 40;
// What would take longer is not known.
constexpr double kMaxSecondsLeft = 100 * 3600;

std::string percentage(const Progress& progress) {
  // Not 100 before the last byte is gone.
  const double part = progress.total_bytes == 0 ? 1.0
                                                : static_cast<double>(progress.sent_bytes) /
                                                      static_cast<double>(progress.total_bytes);
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%3u%%",
                static_cast<unsigned>(std::clamp(part, 0.0, 1.0) * 100));
  return text.data();
}

std::string bar(const Progress& progress, std::size_t width) {
  const double part = progress.total_bytes == 0 ? 1.0
                                                : static_cast<double>(progress.sent_bytes) /
                                                      static_cast<double>(progress.total_bytes);
  const auto filled =
      static_cast<std::size_t>(std::clamp(part, 0.0, 1.0) * static_cast<double>(width));
  return "[" + std::string(filled, '=') + std::string(width - filled, ' ') + "]";
}

std::string time_left(const Progress& progress) {
  if (!progress.bytes_per_s.has_value() || progress.sent_bytes >= progress.total_bytes) return {};
  const auto rest = static_cast<double>(progress.total_bytes - progress.sent_bytes);
  if (rest > *progress.bytes_per_s * kMaxSecondsLeft) return {};
  return span_text(static_cast<std::uint64_t>(rest / *progress.bytes_per_s) + 1) + " left";
}

}  // namespace

void RateMeter::add(std::uint64_t now_us, std::uint64_t bytes) {
  if (!samples_.empty() && bytes < samples_.back().bytes) samples_.clear();
  samples_.push_back({now_us, bytes});
  while (samples_.size() > 2 && samples_[1].at_us + kWindowUs < now_us) samples_.pop_front();
}

std::optional<double> RateMeter::bytes_per_s(std::uint64_t now_us) const {
  if (samples_.empty() || now_us < samples_.front().at_us + kTooEarlyUs) return std::nullopt;
  const auto grown = static_cast<double>(samples_.back().bytes - samples_.front().bytes);
  return grown * 1e6 / static_cast<double>(now_us - samples_.front().at_us);
}

std::string progress_text(const Progress& progress, std::size_t columns) {
  std::string text = percentage(progress);
  if (text.size() > columns) return {};
  const std::size_t bar_at = text.size();
  std::array<std::string, 3> parts = {bytes_text(progress.sent_bytes) + " of " +
                                      bytes_text(progress.total_bytes)};
  if (progress.bytes_per_s.has_value()) {
    parts[1] = bytes_text(static_cast<std::uint64_t>(*progress.bytes_per_s)) + "/s";
    parts[2] = time_left(progress);
  }
  for (const std::string& part : parts) {
    if (part.empty() || text.size() + 2 + part.size() > columns) break;
    text += "  " + part;
  }
  // As wide as if all parts were their longest, so that it stays in its place.
  constexpr std::size_t kPartsColumns = 60;
  if (columns < kPartsColumns + kMinBar) return text;
  return text.insert(bar_at, "  " + bar(progress, std::min(columns - kPartsColumns, kMaxBar)));
}

}  // namespace asciinemad
