// Which uploads start next, and which copies may go. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "daemon/upload_item.h"

namespace asciinemad {

inline constexpr std::size_t kMaxUploadsPerServer = 2;
inline constexpr std::size_t kMaxUploads = 8;

// An item as the schedule sees it.
struct ScheduledUpload {
  const UploadItem* item = nullptr;
  std::uint64_t due_at_us = 0;  // of a Clock; meaningful while queued
};

struct UploadPlan {
  std::vector<std::uint64_t> start;  // numbers, in this order
  // When to look again, unless something ends before; nullopt: nothing waits for a time.
  std::optional<std::uint64_t> wake_at_us;
};

// Interactive ones first, the newest of them first; then the others, the oldest first. At most
// kMaxUploadsPerServer at a time for one server and kMaxUploads in all, counting those that are
// `uploading`. One that is due and only lacks room does not set wake_at_us.
UploadPlan plan_uploads(const std::vector<ScheduledUpload>& uploads, std::uint64_t now_us);

// How long an item read from the queue still has to wait: what is left until next_attempt_at_ms, at
// most wait_ms, since the clock may have been set.
std::uint64_t remaining_wait_ms(const UploadItem& item, std::int64_t now_ms);

struct UploadExpiry {
  std::vector<std::uint64_t> forget;       // done for longer than keep_for_s
  std::vector<std::uint64_t> drop_copies;  // of what is done, oldest first, beyond keep_bytes
};
UploadExpiry expired_uploads(const std::vector<const UploadItem*>& items,
                             const UploadRetention& retention, std::int64_t now_ms);

}  // namespace asciinemad
