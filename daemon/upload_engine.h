// UploadEngine: what happens to each upload and when: attempts, their outcomes, waiting, and the
// queue on the disk following all of it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "common/clock.h"
#include "daemon/network_watch.h"
#include "daemon/thread_job.h"
#include "daemon/upload_attempt.h"
#include "daemon/upload_item.h"
#include "daemon/upload_store.h"
#include "daemon/upload_verdict.h"
#include "daemon/uv_loop.h"

namespace asciinemad {

class UploadEngine final : private ThreadJob<Status>::Listener,
                           private UploadStore::Listener,
                           private UploadAttempt::Listener,
                           private NetworkWatch::Listener {
 public:
  // Called from the loop.
  class Listener {
   public:
    // After open(). Errc::busy: another process has the queue; the message is its socket, perhaps
    // empty. Others: why it can't be used.
    virtual void on_uploads_opened(const Status& status) = 0;
    // The change that returned `ticket` is on the disk, or is not.
    virtual void on_upload_stored(std::uint64_t ticket, const Status& status) = 0;
    // Stored, or progress of an attempt.
    virtual void on_upload_changed(const UploadItem& item) = 0;
    // busy() may be another than before.
    virtual void on_uploads_busy_changed() = 0;

   protected:
    ~Listener() = default;
  };

  struct Context {
    uv::Loop& loop;
    uv::Graveyard& graveyard;
    const Clock& clock;
    UploadFunction upload;    // runs in threads
    std::string directory;    // of the queue
    std::string socket_path;  // of this daemon; empty for a private one
  };

  // How long an answer that is due when the daemon ends is waited for.
  static constexpr std::uint64_t kWindDownMs = 3'000;

  UploadEngine(Context context, Listener& listener);
  ~UploadEngine();

  enum class Phase { closed, opening, open };
  Phase phase() const { return phase_; }
  // From closed to opening. The listener hears how it ends, perhaps before this returns. While
  // another process has the queue, a daemon that others can find waits for its end, and then opens
  // it.
  void open();

  // Below: only while open.

  const UploadItem* find(std::uint64_t number) const;
  const UploadItem* find_by_key(const std::string& key) const;
  std::vector<const UploadItem*> items() const;  // numbers ascend
  std::uint64_t sent_bytes(std::uint64_t number) const;
  // When the next attempt may begin; 0: now, or it does not wait.
  std::int64_t next_attempt_at_ms(std::uint64_t number) const;
  const UploadServerFacts* facts(const std::string& server_url) const;
  // What the user must be told about the queue; empty: nothing.
  const std::string& notice() const { return notice_; }

  std::uint64_t take_number() { return next_number_++; }
  // `item`, of a number that was taken, has its files. These return the ticket of the change.
  std::uint64_t add(UploadItem item, const UploadRetention& retention);
  // Errc::not_found, invalid_argument (not in this state).
  Result<std::uint64_t> retry(std::uint64_t number, const wire::UploadServer& server);
  Result<std::uint64_t> cancel(std::uint64_t number);
  Result<std::uint64_t> forget(std::uint64_t number);
  // Tries again what is held because the server at this URL rejected the install id.
  void release(const wire::UploadServer& server);

  // Something is to be done by this process, now or later.
  bool busy() const;
  // No more attempts; what runs is broken off, unless only an answer is missing. busy() until then.
  void wind_down();

 private:
  struct Entry {
    UploadItem item;
    std::uint64_t due_at_us = 0;  // while queued
    std::unique_ptr<UploadAttempt> attempt;
  };
  // What waits for a ticket.
  struct Pending {
    std::vector<std::uint64_t> changed;  // to be announced
    std::optional<UploadItem> added;     // new, if it succeeds
    // The upload, and which of its attempts, that waits for permission to end its request; 0: none.
    std::uint64_t completing = 0;
    std::uint64_t attempt = 0;
  };

  void on_job_done(ThreadJob<Status>& job, Status outcome) override;
  void on_store_opened(Result<UploadQueue::Contents> contents) override;
  void on_stored(std::uint64_t ticket, const Status& status) override;
  void on_upload_progress(UploadAttempt& attempt) override;
  void on_upload_completing(UploadAttempt& attempt) override;
  void on_upload_ended(UploadAttempt& attempt, UploadOutcome outcome) override;
  void on_network_changed() override;

  void wait_for_queue();
  void load(UploadQueue::Contents contents);
  // Null for one that has been ended and still has something to say.
  Entry* entry_of(const UploadAttempt& attempt);
  // Starts what may start and waits for the rest.
  void pump();
  // False when it could not, and waits.
  bool begin(Entry& entry);
  void wait_before_next(Entry& entry, std::uint64_t wait_ms);
  void on_server_trouble(const Entry& entry);
  void on_server_answered(const std::string& server_url);
  void settle(Entry& entry, const UploadOutcome& outcome);
  void apply(const UploadVerdict& verdict, const UploadOutcome& outcome, Entry& entry,
             std::vector<UploadChange>& changes);
  void requeue(Entry& entry);
  void hold_server(const UploadItem& rejected, const UploadOutcome& outcome,
                   std::vector<UploadChange>& changes);
  void release_rejected(const wire::UploadServer& server, bool same_id_only,
                        std::vector<UploadChange>& changes);
  void set_state(UploadItem& item, wire::UploadState state);
  void end_attempt(Entry& entry);
  UploadServerFacts& facts_of(const std::string& server_url);
  std::uint64_t store(std::vector<UploadChange> changes);
  void store_again();
  void expire();
  void on_wind_down_over();
  double random() { return std::uniform_real_distribution<double>(0, 1)(generator_); }

  const Context context_;
  Listener& listener_;
  Phase phase_ = Phase::closed;
  bool ending_ = false;
  std::unique_ptr<UploadStore> store_;
  std::unique_ptr<ThreadJob<Status>> waiting_;  // for another process to let go of the queue
  std::map<std::uint64_t, Entry> entries_;
  std::map<std::string, UploadServerFacts> facts_;  // by URL
  std::map<std::string, std::uint32_t> troubles_;   // in a row, of servers in trouble, by URL
  std::uint64_t last_attempt_id_ = 0;
  UploadRetention retention_;
  std::uint64_t next_number_ = 1;
  std::string notice_;
  std::map<std::uint64_t, Pending> pending_;  // by ticket
  std::set<std::uint64_t> unstored_;          // numbers whose last change could not be stored
  bool disk_fails_ = false;  // the last change could not be stored: nothing new begins
  std::mt19937_64 generator_;
  NetworkWatch network_;
  std::uint64_t last_network_change_us_ = 0;
  uv::Handle<uv_timer_t> timer_;  // for the next attempt
  uv::Handle<uv_timer_t> network_timer_;
  uv::Handle<uv_timer_t> store_timer_;  // to store again what could not be stored
  uv::Handle<uv_timer_t> end_timer_;
};

}  // namespace asciinemad
