// What users and the daemon's end change about uploads.

#include <algorithm>
#include <utility>

#include "common/log.h"
#include "common/uuid.h"
#include "daemon/upload_engine.h"
#include "daemon/upload_schedule.h"

namespace asciinemad {
namespace {

// More often than that, a flapping interface would replace the backoff.
constexpr std::uint64_t kNetworkPauseUs = 30'000'000;
// Names are resolved and routes settled a little after an address has come.
constexpr std::uint64_t kNetworkSettleUs = 1'000'000;

Error no_such_upload(std::uint64_t number) {
  return Error{Errc::not_found, "there is no upload #" + std::to_string(number)};
}

Error refused(std::uint64_t number, const std::string& reason) {
  return Error{Errc::invalid_argument, "upload #" + std::to_string(number) + " " + reason};
}

}  // namespace

std::uint64_t UploadEngine::add(UploadItem item, const UploadRetention& retention) {
  std::vector<UploadChange> changes = {item};
  if (retention != retention_) {
    retention_ = retention;
    changes.emplace_back(retention);
  }
  const std::uint64_t ticket = store(std::move(changes));
  Pending& pending = pending_.at(ticket);
  pending.added = std::move(item);
  return ticket;
}

void UploadEngine::requeue(Entry& entry) {
  set_state(entry.item, wire::UploadState::queued);
  entry.item.unauthorized = false;
  entry.item.next_attempt_at_ms = 0;
  entry.item.wait_ms = 0;
  entry.due_at_us = context_.clock.now_us();
}

Result<std::uint64_t> UploadEngine::retry(std::uint64_t number, const wire::UploadServer& server) {
  const auto found = entries_.find(number);
  if (found == entries_.end()) return no_such_upload(number);
  UploadItem& item = found->second.item;
  if (item.state == wire::UploadState::done) return refused(number, "is done");
  if (item.state == wire::UploadState::uploading) return refused(number, "is being uploaded");
  if (!item.has_file) return refused(number, "has lost its copy of the recording");
  // One whose description was lost has no server of its own any more.
  if (server.url == item.server.url || item.server.url.empty()) item.server = server;
  if (item.key.empty()) {
    TRY_ASSIGN(item.key, make_uuid());
  }
  item.attempts = 0;
  item.same_failures = 0;
  item.reason.clear();
  item.advice.clear();
  std::vector<UploadChange> changes;
  // Settings for another server are not for those that were held with it.
  release_rejected(item.server, server.url != item.server.url, changes);
  requeue(found->second);
  changes.emplace_back(item);
  const std::uint64_t ticket = store(std::move(changes));
  pump();
  return ticket;
}

Result<std::uint64_t> UploadEngine::cancel(std::uint64_t number) {
  const auto found = entries_.find(number);
  if (found == entries_.end()) return no_such_upload(number);
  UploadItem& item = found->second.item;
  if (item.state == wire::UploadState::done) return refused(number, "is done");
  if (found->second.attempt != nullptr) {
    item.ambiguous = item.ambiguous || found->second.attempt->permitted();
    end_attempt(found->second);
  }
  item.completing = false;
  set_state(item, wire::UploadState::cancelled);
  const std::uint64_t ticket = store({item});
  pump();
  return ticket;
}

Result<std::uint64_t> UploadEngine::forget(std::uint64_t number) {
  const auto found = entries_.find(number);
  if (found == entries_.end()) return no_such_upload(number);
  if (!found->second.item.finished()) {
    return refused(number, "is not finished; cancel it first");
  }
  entries_.erase(found);
  return store({UploadRemoval{number}});
}

void UploadEngine::release(const wire::UploadServer& server) {
  std::vector<UploadChange> changes;
  release_rejected(server, false, changes);
  if (!changes.empty()) store(std::move(changes));
  pump();
}

void UploadEngine::hold_server(const UploadItem& rejected, const UploadOutcome& outcome,
                               std::vector<UploadChange>& changes) {
  UploadServerFacts& facts = facts_of(rejected.server.url);
  facts.last_rejected_at_ms = rejected.changed_at_ms;
  changes.emplace_back(facts);
  for (auto& [number, entry] : entries_) {
    UploadItem& item = entry.item;
    if (item.state != wire::UploadState::queued || item.server.url != rejected.server.url ||
        item.server.install_id != rejected.server.install_id) {
      continue;
    }
    set_state(item, wire::UploadState::held);
    item.unauthorized = true;
    item.reason = rejected.reason;
    item.advice = judge_upload(item, outcome, item.changed_at_ms).advice;  // names the item
    changes.emplace_back(item);
  }
}

void UploadEngine::release_rejected(const wire::UploadServer& server, bool same_id_only,
                                    std::vector<UploadChange>& changes) {
  for (auto& [number, entry] : entries_) {
    UploadItem& item = entry.item;
    if (item.state != wire::UploadState::held || !item.unauthorized ||
        item.server.url != server.url ||
        (same_id_only && item.server.install_id != server.install_id)) {
      continue;
    }
    item.server = server;
    requeue(entry);
    changes.emplace_back(item);
  }
}

void UploadEngine::on_network_changed() {
  const std::uint64_t now_us = context_.clock.now_us();
  if (const std::uint64_t next_us = last_network_change_us_ + kNetworkPauseUs;
      last_network_change_us_ != 0 && now_us < next_us) {
    // Addresses come one after the other; the last of them may be the one that helps.
    if (!uv::is_active(network_timer_)) {
      uv::start_timer<&UploadEngine::on_network_changed>(network_timer_,
                                                         (next_us - now_us) / 1000 + 1, this);
    }
    return;
  }
  last_network_change_us_ = now_us;
  log::debug("upload queue: the network has changed");
  for (auto& [number, entry] : entries_) {
    if (entry.item.state != wire::UploadState::queued || !entry.item.network_failed) continue;
    const auto spread_us = static_cast<std::uint64_t>(random() * 1'000'000);
    entry.due_at_us = std::min(entry.due_at_us, now_us + kNetworkSettleUs + spread_us);
  }
  pump();
}

void UploadEngine::expire() {
  const UploadExpiry expiry = expired_uploads(items(), retention_, time_of_day_ms());
  std::vector<UploadChange> changes;
  for (const std::uint64_t number : expiry.forget) {
    entries_.erase(number);
    changes.emplace_back(UploadRemoval{number});
  }
  for (const std::uint64_t number : expiry.drop_copies) {
    const auto found = entries_.find(number);
    if (found == entries_.end()) continue;
    found->second.item.has_file = false;
    changes.emplace_back(found->second.item);
  }
  if (!changes.empty()) store(std::move(changes));
}

void UploadEngine::wind_down() {
  if (std::exchange(ending_, true)) return;
  uv_timer_stop(timer_.get());
  uv_timer_stop(store_timer_.get());
  uv_timer_stop(network_timer_.get());
  network_.turn(false);
  if (phase_ != Phase::open) return;
  std::vector<UploadChange> changes;
  for (auto& [number, entry] : entries_) {
    if (entry.attempt == nullptr || entry.attempt->permitted()) continue;
    end_attempt(entry);
    entry.item.completing = false;
    requeue(entry);
    changes.emplace_back(entry.item);
  }
  if (!changes.empty()) store(std::move(changes));
  uv::start_timer<&UploadEngine::on_wind_down_over>(end_timer_, kWindDownMs, this);
}

void UploadEngine::on_wind_down_over() {
  for (auto& [number, entry] : entries_) end_attempt(entry);
  pending_.clear();
  listener_.on_uploads_busy_changed();
}

}  // namespace asciinemad
