#include "daemon/upload_schedule.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace asciinemad {
namespace {

// What is under way already, and what is about to be.
class Room {
 public:
  bool has_any() const { return total_ < kMaxUploads; }

  void take(const UploadItem& item) {
    ++total_;
    ++by_server_[item.server.url];
  }

  bool try_take(const UploadItem& item) {
    const auto found = by_server_.find(item.server.url);
    if (!has_any() || (found != by_server_.end() && found->second >= kMaxUploadsPerServer)) {
      return false;
    }
    take(item);
    return true;
  }

 private:
  std::size_t total_ = 0;
  std::unordered_map<std::string_view, std::size_t> by_server_;
};

bool starts_before(const UploadItem* a, const UploadItem* b) {
  if (a->interactive != b->interactive) return a->interactive;
  return a->interactive ? a->number > b->number : a->number < b->number;
}

std::uint64_t since_ms(std::int64_t then_ms, std::int64_t now_ms) {
  if (now_ms <= then_ms) return 0;
  return static_cast<std::uint64_t>(now_ms) - static_cast<std::uint64_t>(then_ms);
}

bool is_older(const UploadItem* a, const UploadItem* b) {
  if (a->changed_at_ms != b->changed_at_ms) return a->changed_at_ms < b->changed_at_ms;
  return a->number < b->number;
}

}  // namespace

UploadPlan plan_uploads(const std::vector<ScheduledUpload>& uploads, std::uint64_t now_us) {
  UploadPlan plan;
  Room room;
  std::vector<const UploadItem*> due;
  for (const ScheduledUpload& upload : uploads) {
    if (upload.item->state == wire::UploadState::uploading) room.take(*upload.item);
    if (upload.item->state != wire::UploadState::queued) continue;
    if (upload.due_at_us <= now_us) {
      due.push_back(upload.item);
    } else {
      plan.wake_at_us = std::min(plan.wake_at_us.value_or(upload.due_at_us), upload.due_at_us);
    }
  }
  std::sort(due.begin(), due.end(), starts_before);
  for (const UploadItem* const item : due) {
    if (!room.has_any()) break;
    if (room.try_take(*item)) plan.start.push_back(item->number);
  }
  return plan;
}

std::uint64_t remaining_wait_ms(const UploadItem& item, std::int64_t now_ms) {
  return std::min(since_ms(now_ms, item.next_attempt_at_ms), item.wait_ms);
}

UploadExpiry expired_uploads(const std::vector<const UploadItem*>& items,
                             const UploadRetention& retention, std::int64_t now_ms) {
  UploadExpiry expiry;
  std::vector<const UploadItem*> copies;
  for (const UploadItem* const item : items) {
    if (item->state != wire::UploadState::done) continue;
    const std::uint64_t age_ms = since_ms(item->changed_at_ms, now_ms);
    // Divided, since keep_for_s may be anything.
    if (age_ms / 1000 > retention.keep_for_s ||
        (age_ms / 1000 == retention.keep_for_s && age_ms % 1000 > 0)) {
      expiry.forget.push_back(item->number);
    } else if (item->has_file) {
      copies.push_back(item);
    }
  }
  std::sort(copies.begin(), copies.end(),
            [](const auto* a, const auto* b) { return is_older(b, a); });
  // Newest first: from the first one that is too much on, all go.
  std::uint64_t room = retention.keep_bytes;
  auto kept_end = copies.begin();
  for (; kept_end != copies.end() && (*kept_end)->bytes <= room; ++kept_end) {
    room -= (*kept_end)->bytes;
  }
  for (auto copy = copies.end(); copy != kept_end;) expiry.drop_copies.push_back((*--copy)->number);
  return expiry;
}

}  // namespace asciinemad
