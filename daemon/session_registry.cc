#include "daemon/session_registry.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

#include "common/bytes_text.h"
#include "common/log.h"
#include "common/printable.h"
#include "daemon/session_registry_files.h"

namespace asciinemad {
namespace {

constexpr std::chrono::seconds kPatience(1);

// A job in its thread, which may outlive the registry.
struct Run {
  RegistryJob job;  // set before the thread starts, used by it alone

  // Guarded by `mutex`.
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<RegistryOutcome> outcome;
  uv_async_t* wake = nullptr;  // null once the registry is gone

  void run() {
    RegistryOutcome result = run_registry_job(job);
    const std::lock_guard<std::mutex> lock(mutex);
    outcome = std::move(result);
    changed.notify_all();
    if (wake != nullptr) uv_async_send(wake);
  }
};

std::string news_of(const wire::Recovered& recovered) {
  const std::string begin = printable(recovered.file) + " was cut short ";
  if (recovered.cut_bytes == 0) {
    return begin + "when the machine went down; it is whole up to some seconds before";
  }
  return begin + "by a crash and is repaired: its damaged end (" + bytes_text(recovered.cut_bytes) +
         ") was removed";
}

}  // namespace

// One job at a time, which takes what has come together meanwhile.
class SessionRegistry::Impl {
 public:
  Impl(uv::Loop& loop, std::string directory, Listener& listener, std::uint64_t grace_ms);
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void start() { scan(RegistryJob::Scan::earlier_boots); }
  void add(const Entry& entry);
  void remove(std::string_view session);
  const std::vector<wire::Recovered>& recovered();
  std::vector<std::string> take_news();
  bool busy() const;

 private:
  using Changes = decltype(RegistryJob::changes);

  void on_write_due();
  void on_grace_over() { scan(RegistryJob::Scan::all); }
  void on_progress();
  void scan(RegistryJob::Scan what);
  bool wants_job() const;
  void run_job();
  void finish_job(std::chrono::steady_clock::time_point deadline);
  // Whether there is more than before.
  bool merge(RegistryOutcome outcome);

  const std::string directory_;
  Listener& listener_;
  const std::uint64_t grace_ms_;
  uv::Handle<uv_timer_t> write_timer_;
  uv::Handle<uv_timer_t> grace_timer_;
  uv::Handle<uv_async_t> wake_;
  std::shared_ptr<Run> running_;

  decltype(RegistryJob::active) active_;
  std::map<std::string, Entry, std::less<>> fresh_;  // not written yet, nor due
  std::set<std::string, std::less<>> on_disk_;       // sessions that may have a file
  bool scanned_ = false;                             // on_disk_ has those of earlier daemons

  // For the next job.
  Changes changes_;
  RegistryJob::Scan scan_ = RegistryJob::Scan::none;
  std::set<std::string, std::less<>> told_;

  std::vector<RecoveredItem> items_;
  std::vector<wire::Recovered> listed_;
};

SessionRegistry::Impl::Impl(uv::Loop& loop, std::string directory, Listener& listener,
                            std::uint64_t grace_ms)
    : directory_(std::move(directory)),
      listener_(listener),
      grace_ms_(grace_ms),
      write_timer_(uv::make_timer(loop)),
      grace_timer_(uv::make_timer(loop)) {
  Result<uv::Handle<uv_async_t>> wake = uv::make_async<&Impl::on_progress>(loop, this);
  if (wake.ok()) {
    wake_ = std::move(wake).value();
  } else {
    log::error("list sessions: ", wake.error().message);
  }
}

SessionRegistry::Impl::~Impl() {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (auto& [session, entry] : fresh_) changes_[session] = std::move(entry);
  finish_job(deadline);
  scan_ = RegistryJob::Scan::none;
  if (running_ != nullptr) {
    // A disk that takes its time. That something has ended must be told all the same, or the next
    // daemon takes it for cut short; it needs no sync.
    std::erase_if(changes_, [](const auto& change) { return change.second.has_value(); });
    running_.reset();
  }
  run_job();
  finish_job(deadline + kPatience);
}

// Waits for it. From then on it wakes nobody.
void SessionRegistry::Impl::finish_job(std::chrono::steady_clock::time_point deadline) {
  if (running_ == nullptr) return;
  std::unique_lock<std::mutex> lock(running_->mutex);
  running_->wake = nullptr;
  const bool done = running_->changed.wait_until(lock, deadline,
                                                 [this] { return running_->outcome.has_value(); });
  if (!done) return;
  lock.unlock();
  running_.reset();
}

void SessionRegistry::Impl::add(const Entry& entry) {
  if (wake_ == nullptr) return;
  active_[entry.session] = entry.file;
  if (changes_.erase(entry.session) != 0) on_disk_.insert(entry.session);
  fresh_[entry.session] = entry;
  if (!uv::is_active(write_timer_)) {
    uv::start_timer<&Impl::on_write_due>(write_timer_, kWriteAfterMs, this);
  }
}

void SessionRegistry::Impl::on_write_due() {
  for (auto& [session, entry] : fresh_) {
    on_disk_.insert(session);
    changes_[session] = std::move(entry);
  }
  fresh_.clear();
  run_job();
}

void SessionRegistry::Impl::remove(std::string_view session) {
  if (wake_ == nullptr) return;
  const std::string id(session);
  active_.erase(id);
  changes_.erase(id);
  fresh_.erase(id);
  if (fresh_.empty()) uv_timer_stop(write_timer_.get());
  const bool on_disk = on_disk_.erase(id) != 0;
  if (!on_disk && scanned_) return;
  changes_[id] = std::nullopt;
  run_job();
}

void SessionRegistry::Impl::scan(RegistryJob::Scan what) {
  if (wake_ == nullptr) return;
  scan_ = what;
  run_job();
}

bool SessionRegistry::Impl::wants_job() const {
  return !changes_.empty() || scan_ != RegistryJob::Scan::none || !told_.empty();
}

void SessionRegistry::Impl::run_job() {
  if (running_ != nullptr || !wants_job()) return;
  auto run = std::make_shared<Run>();
  run->job = {directory_, changes_, scan_, active_, told_};
  run->wake = wake_.get();
  try {
    std::thread([run] { run->run(); }).detach();
  } catch (const std::system_error& e) {
    // The next change tries again.
    log::warn("list sessions: ", system_error("start a thread", e.code().value()).message);
    return;
  }
  changes_.clear();
  scan_ = RegistryJob::Scan::none;
  told_.clear();
  running_ = std::move(run);
}

void SessionRegistry::Impl::on_progress() {
  if (running_ == nullptr) return;
  std::optional<RegistryOutcome> outcome;
  {
    const std::lock_guard<std::mutex> lock(running_->mutex);
    outcome = std::exchange(running_->outcome, std::nullopt);
  }
  if (!outcome.has_value()) return;
  running_.reset();
  const bool more = merge(std::move(*outcome));
  run_job();
  if (more || !busy()) listener_.on_registry_changed();
}

bool SessionRegistry::Impl::merge(RegistryOutcome outcome) {
  for (const std::string& warning : outcome.warnings) log::warn("list sessions: ", warning);
  for (const std::string& file : outcome.whole) {
    log::info("a session has died; its recording is whole: ", file);
  }
  if (outcome.scanned) {
    scanned_ = true;
    on_disk_.merge(outcome.found);
    if (outcome.found_orphans) {
      uv::start_timer<&Impl::on_grace_over>(grace_timer_, grace_ms_, this);
    }
  }
  if (!outcome.recovered.has_value()) return false;
  std::set<std::string, std::less<>> known;
  for (const RecoveredItem& item : items_) known.insert(item.session);
  items_ = std::move(*outcome.recovered);
  bool more = false;
  for (RecoveredItem& item : items_) {
    item.told = item.told || told_.contains(item.session);
    if (known.contains(item.session)) continue;
    more = true;
    if (!item.told) log::info(news_of(item.what));
  }
  return more;
}

const std::vector<wire::Recovered>& SessionRegistry::Impl::recovered() {
  const std::int64_t oldest = ::time(nullptr) - std::int64_t{kListedForS};
  listed_.clear();
  for (const RecoveredItem& item : items_) {
    if (item.recovered_at_s >= oldest) listed_.push_back(item.what);
  }
  return listed_;
}

std::vector<std::string> SessionRegistry::Impl::take_news() {
  std::vector<std::string> news;
  for (RecoveredItem& item : items_) {
    if (std::exchange(item.told, true)) continue;
    news.push_back(news_of(item.what));
    told_.insert(item.session);
  }
  run_job();
  return news;
}

bool SessionRegistry::Impl::busy() const {
  return running_ != nullptr || !fresh_.empty() || wants_job() || uv::is_active(grace_timer_);
}

SessionRegistry::SessionRegistry(uv::Loop& loop, std::string directory, Listener& listener,
                                 std::uint64_t grace_ms)
    : impl_(std::make_unique<Impl>(loop, std::move(directory), listener, grace_ms)) {}

SessionRegistry::~SessionRegistry() = default;

void SessionRegistry::start() { impl_->start(); }

void SessionRegistry::add(const Entry& entry) { impl_->add(entry); }

void SessionRegistry::remove(std::string_view session) { impl_->remove(session); }

const std::vector<wire::Recovered>& SessionRegistry::recovered() const {
  return impl_->recovered();
}

std::vector<std::string> SessionRegistry::take_news() { return impl_->take_news(); }

bool SessionRegistry::busy() const { return impl_->busy(); }

}  // namespace asciinemad
