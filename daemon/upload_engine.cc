#include "daemon/upload_engine.h"

#include <algorithm>
#include <utility>

#include "common/log.h"
#include "daemon/upload_files.h"
#include "daemon/upload_schedule.h"

namespace asciinemad {
namespace {

// Answers that are about the server and not about one recording.
constexpr int kTooMany = 429;
constexpr int kUnavailable = 503;

std::uint64_t us_of(std::uint64_t ms) { return ms * 1000; }

// In a row and the same: the server won't change its mind about this recording.
void count_failure(UploadItem& item, const UploadOutcome& outcome) {
  const int no_answer = outcome.body_sent ? UploadItem::kAnswerLost : 0;
  const int status = outcome.answer.has_value() ? outcome.answer->status : no_answer;
  item.same_failures = status != 0 && status == item.last_status ? item.same_failures + 1 : 1;
  item.last_status = status;
}

}  // namespace

UploadEngine::UploadEngine(Context context, Listener& listener)
    : context_(std::move(context)),
      listener_(listener),
      generator_(std::random_device{}()),
      network_(context_.loop, *this),
      timer_(uv::make_timer(context_.loop)),
      network_timer_(uv::make_timer(context_.loop)),
      store_timer_(uv::make_timer(context_.loop)),
      end_timer_(uv::make_timer(context_.loop)) {}

UploadEngine::~UploadEngine() = default;

const UploadItem* UploadEngine::find(std::uint64_t number) const {
  const auto found = entries_.find(number);
  return found == entries_.end() ? nullptr : &found->second.item;
}

const UploadItem* UploadEngine::find_by_key(const std::string& key) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const auto& entry) { return entry.second.item.key == key; });
  return found == entries_.end() ? nullptr : &found->second.item;
}

std::vector<const UploadItem*> UploadEngine::items() const {
  std::vector<const UploadItem*> items;
  items.reserve(entries_.size());
  for (const auto& [number, entry] : entries_) items.push_back(&entry.item);
  return items;
}

std::uint64_t UploadEngine::sent_bytes(std::uint64_t number) const {
  const auto found = entries_.find(number);
  if (found == entries_.end() || found->second.attempt == nullptr) return 0;
  return found->second.attempt->sent_bytes();
}

std::int64_t UploadEngine::next_attempt_at_ms(std::uint64_t number) const {
  const auto found = entries_.find(number);
  if (found == entries_.end() || found->second.item.state != wire::UploadState::queued) return 0;
  const std::uint64_t now_us = context_.clock.now_us();
  const std::uint64_t due_at_us = found->second.due_at_us;
  if (due_at_us <= now_us) return 0;
  return time_of_day_ms() + static_cast<std::int64_t>((due_at_us - now_us) / 1000);
}

const UploadServerFacts* UploadEngine::facts(const std::string& server_url) const {
  const auto found = facts_.find(server_url);
  return found == facts_.end() ? nullptr : &found->second;
}

UploadServerFacts& UploadEngine::facts_of(const std::string& server_url) {
  UploadServerFacts& facts = facts_[server_url];
  facts.url = server_url;
  return facts;
}

bool UploadEngine::busy() const {
  const auto tried = [](const auto& entry) { return entry.second.attempt != nullptr; };
  // What is being stored may be somebody's upload, who must hear of it.
  if (ending_) {
    return !pending_.empty() || std::any_of(entries_.begin(), entries_.end(), tried);
  }
  return phase_ == Phase::opening || !pending_.empty() ||
         std::any_of(entries_.begin(), entries_.end(),
                     [](const auto& entry) { return entry.second.item.waiting(); });
}

void UploadEngine::set_state(UploadItem& item, wire::UploadState state) {
  item.state = state;
  item.changed_at_ms = time_of_day_ms();
}

void UploadEngine::end_attempt(Entry& entry) {
  if (entry.attempt != nullptr) context_.graveyard.bury(std::move(entry.attempt));
}

void UploadEngine::pump() {
  // Without room on the disk an attempt would get as far as its end, again and again.
  if (ending_ || phase_ != Phase::open || disk_fails_) return;
  const std::uint64_t now_us = context_.clock.now_us();
  UploadPlan plan;
  bool again = true;
  while (std::exchange(again, false)) {
    std::vector<ScheduledUpload> uploads;
    bool network_failed = false;
    for (const auto& [number, entry] : entries_) {
      if (!entry.item.waiting()) continue;
      uploads.push_back({&entry.item, entry.due_at_us});
      network_failed = network_failed || entry.item.network_failed;
    }
    network_.turn(network_failed);
    plan = plan_uploads(uploads, now_us);
    // One that can't begin makes room for another.
    for (const std::uint64_t number : plan.start) again = !begin(entries_.at(number)) || again;
  }
  uv_timer_stop(timer_.get());
  if (!plan.wake_at_us.has_value()) return;
  // A millisecond more, since the loop's clock is not as fine.
  const std::uint64_t wait_ms = (*plan.wake_at_us - now_us) / 1000 + 1;
  uv::start_timer<&UploadEngine::pump>(timer_, wait_ms, this);
}

bool UploadEngine::begin(Entry& entry) {
  UploadItem& item = entry.item;
  ++item.attempts;
  Result<std::unique_ptr<UploadAttempt>> attempt = UploadAttempt::start(
      context_.loop, context_.upload, item, upload_recording_path(context_.directory, item.number),
      ++last_attempt_id_, *this);
  if (attempt.ok()) {
    entry.attempt = std::move(attempt).value();
    set_state(item, wire::UploadState::uploading);
    log::info("upload ", item.number, ": attempt ", item.attempts);
  } else {
    item.reason = attempt.error().message;
    requeue(entry);
    wait_before_next(entry, backoff_ms(item.attempts, random()));
  }
  store({item});
  return entry.attempt != nullptr;
}

void UploadEngine::wait_before_next(Entry& entry, std::uint64_t wait_ms) {
  entry.item.wait_ms = wait_ms;
  entry.item.next_attempt_at_ms = time_of_day_ms() + static_cast<std::int64_t>(wait_ms);
  entry.due_at_us = context_.clock.now_us() + us_of(wait_ms);
}

// One that has just failed speaks for all of its server's: otherwise each of a thousand would try
// for itself. But whoever waits for a first attempt gets it, to be told what the matter is.
void UploadEngine::on_server_trouble(const Entry& entry) {
  for (auto& [number, other] : entries_) {
    const UploadItem& item = other.item;
    if (item.state != wire::UploadState::queued || item.server.url != entry.item.server.url ||
        (item.interactive && item.attempts == 0)) {
      continue;
    }
    other.due_at_us = std::max(other.due_at_us, entry.due_at_us);
  }
}

void UploadEngine::on_server_answered(const std::string& server_url) {
  if (troubles_.erase(server_url) == 0) return;
  const std::uint64_t now_us = context_.clock.now_us();
  for (auto& [number, other] : entries_) {
    if (other.item.state == wire::UploadState::queued && other.item.server.url == server_url) {
      other.due_at_us = std::min(other.due_at_us, now_us);
    }
  }
}

UploadEngine::Entry* UploadEngine::entry_of(const UploadAttempt& attempt) {
  const auto found = entries_.find(attempt.number());
  const bool current = found != entries_.end() && found->second.attempt.get() == &attempt;
  return current ? &found->second : nullptr;
}

void UploadEngine::on_upload_progress(UploadAttempt& attempt) {
  if (const Entry* entry = entry_of(attempt)) listener_.on_upload_changed(entry->item);
}

void UploadEngine::on_upload_completing(UploadAttempt& attempt) {
  Entry* entry = entry_of(attempt);
  if (entry == nullptr) return;
  UploadItem& item = entry->item;
  item.completing = true;
  Pending& pending = pending_.at(store({item}));
  pending.completing = item.number;
  pending.attempt = attempt.id();
}

void UploadEngine::on_upload_ended(UploadAttempt& attempt, UploadOutcome outcome) {
  Entry* entry = entry_of(attempt);
  if (entry == nullptr) return;
  end_attempt(*entry);
  settle(*entry, outcome);
  expire();
  pump();
  listener_.on_uploads_busy_changed();
}

void UploadEngine::settle(Entry& entry, const UploadOutcome& outcome) {
  UploadItem& item = entry.item;
  const UploadVerdict verdict = judge_upload(item, outcome, time_of_day_ms());
  count_failure(item, outcome);
  item.completing = false;
  item.ambiguous = item.ambiguous || verdict.answer_lost;
  item.network_failed = verdict.network_failed;
  item.reason = verdict.reason;
  item.advice = verdict.advice;
  std::vector<UploadChange> changes;
  if (verdict.kind != UploadVerdict::Kind::retry) on_server_answered(item.server.url);
  apply(verdict, outcome, entry, changes);
  changes.emplace_back(item);
  log::info("upload ", item.number, ": ",
            item.state == wire::UploadState::done ? "done" : item.reason);
  store(std::move(changes));
}

void UploadEngine::apply(const UploadVerdict& verdict, const UploadOutcome& outcome, Entry& entry,
                         std::vector<UploadChange>& changes) {
  UploadItem& item = entry.item;
  switch (verdict.kind) {
    case UploadVerdict::Kind::done: {
      set_state(item, wire::UploadState::done);
      item.url = verdict.url;
      item.message = verdict.message;
      item.warning = verdict.warning;
      UploadServerFacts& facts = facts_of(item.server.url);
      facts.last_success_at_ms = item.changed_at_ms;
      changes.emplace_back(facts);
      release_rejected(item.server, true, changes);
      return;
    }
    case UploadVerdict::Kind::cancelled:
    case UploadVerdict::Kind::retry: {
      const bool server_trouble = verdict.network_failed || verdict.wait_at_least_ms.has_value() ||
                                  item.last_status == kTooMany || item.last_status == kUnavailable;
      std::uint32_t failures = std::max(item.attempts, 1U);
      if (server_trouble) failures = std::max(failures, ++troubles_[item.server.url]);
      requeue(entry);
      wait_before_next(
          entry, std::max(backoff_ms(failures, random()), verdict.wait_at_least_ms.value_or(0)));
      if (server_trouble) on_server_trouble(entry);
      return;
    }
    case UploadVerdict::Kind::hold:
      set_state(item, wire::UploadState::held);
      item.unauthorized = verdict.unauthorized;
      if (verdict.unauthorized) hold_server(item, outcome, changes);
      return;
    case UploadVerdict::Kind::fail:
      set_state(item, wire::UploadState::failed);
      if (verdict.too_large) {
        UploadServerFacts& facts = facts_of(item.server.url);
        facts.refused_bytes =
            facts.refused_bytes == 0 ? item.bytes : std::min(facts.refused_bytes, item.bytes);
        changes.emplace_back(facts);
      }
      return;
  }
}

}  // namespace asciinemad
