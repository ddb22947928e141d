// The engine and its queue on the disk: opening it, and what follows from a change being stored.

#include <utility>

#include "common/log.h"
#include "daemon/upload_engine.h"
#include "daemon/upload_files.h"
#include "daemon/upload_schedule.h"

namespace asciinemad {
namespace {

// Until what could not be stored is tried again; somebody may have made room.
constexpr std::uint64_t kStoreAgainMs = 10'000;

}  // namespace

void UploadEngine::open() {
  phase_ = Phase::opening;
  Result<std::unique_ptr<UploadStore>> store =
      UploadStore::open(context_.loop, context_.directory, context_.socket_path, *this);
  if (store.ok()) {
    store_ = std::move(store).value();
    return;
  }
  phase_ = Phase::closed;
  listener_.on_uploads_opened(store.take_error());
}

void UploadEngine::on_store_opened(Result<UploadQueue::Contents> contents) {
  if (!contents.ok()) {
    log::info("upload queue: ", contents.error().message);
    phase_ = Phase::closed;
    context_.graveyard.bury(std::move(store_));
    if (contents.error().code == Errc::busy) wait_for_queue();
    listener_.on_uploads_opened(contents.take_error());
    return;
  }
  phase_ = Phase::open;
  load(std::move(contents).value());
  listener_.on_uploads_opened({});
  expire();
  pump();
}

void UploadEngine::wait_for_queue() {
  if (waiting_ != nullptr || context_.socket_path.empty()) return;
  const auto work = [directory = context_.directory](int /*cancel_fd*/) {
    return wait_for_upload_queue(directory);
  };
  Result<std::unique_ptr<ThreadJob<Status>>> job =
      ThreadJob<Status>::start(context_.loop, "wait for the upload queue", work, *this);
  if (job.ok()) waiting_ = std::move(job).value();
}

void UploadEngine::on_job_done(ThreadJob<Status>& /*job*/, Status outcome) {
  context_.graveyard.bury(std::move(waiting_));
  if (!outcome.ok()) log::warn("upload queue: ", outcome.error().message);
  if (outcome.ok() && phase_ == Phase::closed && !ending_) open();
}

void UploadEngine::load(UploadQueue::Contents contents) {
  const std::uint64_t now_us = context_.clock.now_us();
  const std::int64_t now_ms = time_of_day_ms();
  for (UploadItem& item : contents.items) {
    Entry& entry = entries_[item.number];
    entry.due_at_us = now_us + remaining_wait_ms(item, now_ms) * 1000;
    entry.item = std::move(item);
  }
  for (UploadServerFacts& facts : contents.servers) facts_[facts.url] = std::move(facts);
  retention_ = contents.retention;
  next_number_ = contents.next_number;
  notice_ = std::move(contents.notice);
  if (!notice_.empty()) log::warn("upload queue: ", notice_);
}

std::uint64_t UploadEngine::store(std::vector<UploadChange> changes) {
  Pending pending;
  for (const UploadChange& change : changes) {
    if (const auto* item = std::get_if<UploadItem>(&change)) {
      pending.changed.push_back(item->number);
    }
    if (const auto* removal = std::get_if<UploadRemoval>(&change)) {
      pending.changed.push_back(removal->number);
    }
  }
  const std::uint64_t ticket = store_->put(std::move(changes));
  pending_.emplace(ticket, std::move(pending));
  return ticket;
}

void UploadEngine::on_stored(std::uint64_t ticket, const Status& status) {
  const auto found = pending_.find(ticket);
  if (found == pending_.end()) return;
  Pending pending = std::move(found->second);
  pending_.erase(found);
  const bool recovered = std::exchange(disk_fails_, !status.ok()) && status.ok();
  if (disk_fails_) log::error("upload queue: ", status.error().message);
  if (pending.added.has_value()) {
    const std::uint64_t number = pending.added->number;
    if (status.ok()) {
      entries_[number].item = std::move(*pending.added);
    } else {
      remove_upload_files(context_.directory, number);
    }
  }
  if (pending.completing != 0) {
    if (!status.ok()) unstored_.insert(pending.completing);
    const auto entry = entries_.find(pending.completing);
    if (entry != entries_.end() && entry->second.attempt != nullptr &&
        entry->second.attempt->id() == pending.attempt) {
      entry->second.attempt->permit(status.ok() ? Status()
                                                : Error{Errc::unavailable, status.error().message});
    }
  } else {
    listener_.on_upload_stored(ticket, status);
    for (const std::uint64_t number : pending.changed) {
      if (!status.ok()) unstored_.insert(number);
      if (const UploadItem* item = find(number)) listener_.on_upload_changed(*item);
    }
  }
  if (disk_fails_) {
    uv::start_timer<&UploadEngine::store_again>(store_timer_, kStoreAgainMs, this);
  }
  if (pending.added.has_value() || recovered) pump();
  listener_.on_uploads_busy_changed();
}

void UploadEngine::store_again() {
  std::vector<UploadChange> changes;
  for (const std::uint64_t number : std::exchange(unstored_, {})) {
    if (const UploadItem* item = find(number)) {
      changes.emplace_back(*item);
    } else {
      changes.emplace_back(UploadRemoval{number});
    }
  }
  changes.emplace_back(retention_);  // so that there is something whose success tells
  store(std::move(changes));
}

}  // namespace asciinemad
