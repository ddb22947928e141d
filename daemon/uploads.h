// Uploads: what peers ask of the upload queue, and what they are told about it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "daemon/connection.h"
#include "daemon/notifier.h"
#include "daemon/thread_job.h"
#include "daemon/upload_copy.h"
#include "daemon/upload_engine.h"
#include "proto/message.h"

namespace asciinemad {

class Uploads final : private UploadEngine::Listener,
                      private ThreadJob<Result<UploadCopy>>::Listener {
 public:
  class Listener {
   public:
    // busy() may be another than before.
    virtual void on_uploads_changed() = 0;
    // The recording that this session has left is in the queue, or can't be.
    virtual void on_recording_queued(const std::string& session, bool queued) = 0;

   protected:
    ~Listener() = default;
  };

  struct Context {
    UploadEngine::Context engine;
    Notifier& notifier;
  };

  using Body = std::variant<wire::Upload, wire::ListUploads, wire::ChangeUpload, wire::WatchUploads,
                            wire::AskUploadServer>;

  // Recordings that are copied at the same time; the next ones wait.
  static constexpr std::size_t kMaxCopying = 16;
  // Requests of one connection that wait for the queue to be opened, or for a recording that a
  // session has left to be in it; more are refused.
  static constexpr std::size_t kMaxDeferred = 32;

  Uploads(Context context, Listener& listener);

  // Goes on with what an earlier daemon has left, if there is anything.
  void start();
  // Answers now or later. `fds`: of an upload, its recording.
  void handle(Connection& connection, std::uint32_t id, Body body, std::vector<Fd> fds);
  // Queues a recording that a session has left (its descriptor as the session had it, to be
  // reopened for reading); once, if its key says that it is there already. What goes wrong is
  // logged and notified.
  void add(const std::string& session, wire::Upload upload, Fd recording);
  // Whether such recordings are on their way into the queue; not while another daemon has it.
  bool taking_recordings() const;
  // The peer is gone.
  void forget(const Connection& connection);

  bool busy() const { return engine_.busy() || !copying_.empty(); }
  std::uint32_t waiting() const;
  std::uint32_t held() const;
  // Nothing new; what is being copied is given up.
  void wind_down();

 private:
  using CopyJob = ThreadJob<Result<UploadCopy>>;

  struct Call {
    Connection* connection = nullptr;
    std::uint32_t id = 0;
    bool own = false;  // add()'s, `id` is in own_
  };
  struct Own {
    std::string session;
    std::string name;
    wire::Notifications notifications;
  };
  struct Deferred {
    Call call;
    Body body;
    std::vector<Fd> fds;
  };
  struct Copying {
    Call call;
    wire::Upload upload;
    Fd source;                     // until the job has started
    std::unique_ptr<CopyJob> job;  // null: has to wait
  };
  // An answer that waits until a change is stored.
  struct Answer {
    Call call;
    wire::Reply reply;
    bool watch = false;
  };
  struct Watch {
    Connection* connection = nullptr;
    bool all = false;
    std::set<std::uint64_t> numbers;
    std::map<std::uint64_t, std::uint64_t> progress_at_us;  // when the last was sent
  };

  void on_uploads_opened(const Status& status) override;
  void on_upload_stored(std::uint64_t ticket, const Status& status) override;
  void on_upload_changed(const UploadItem& item) override;
  void on_uploads_busy_changed() override { listener_.on_uploads_changed(); }
  void on_job_done(CopyJob& job, Result<UploadCopy> outcome) override;

  void run(const Call& call, wire::Upload& upload, std::vector<Fd>& fds);
  void run(const Call& call, const wire::ListUploads& list, std::vector<Fd>& fds);
  void run(const Call& call, const wire::ChangeUpload& change, std::vector<Fd>& fds);
  void run(const Call& call, const wire::WatchUploads& watch, std::vector<Fd>& fds);
  void run(const Call& call, const wire::AskUploadServer& ask, std::vector<Fd>& fds);
  void watch(Connection& connection, std::uint64_t number);
  void start_copying();
  Status start_copy(Copying& copying);
  void add(const Copying& copying, UploadCopy copy);
  std::vector<std::string> size_warnings(const UploadItem& item) const;
  wire::UploadInfo info_of(const UploadItem& item) const;
  void tell(Watch& watch, const UploadItem& item, bool news);
  void answer_error(const Call& call, wire::ErrorCode code, const std::string& message);
  void answer_elsewhere(const Call& call, const std::string& socket);
  void run_deferred(const Status& status);
  void finish_own(std::uint32_t id, const std::string& error);

  const Context context_;
  Listener& listener_;
  UploadEngine engine_;
  std::deque<Deferred> deferred_;
  std::map<std::uint32_t, Own> own_;
  std::uint32_t next_own_ = 1;
  std::deque<Copying> copying_;
  std::map<std::uint64_t, Answer> answers_;          // by ticket
  std::map<std::uint64_t, Watch> watches_;           // by connection
  std::map<std::uint64_t, wire::UploadState> told_;  // the last state announced, by number
};

}  // namespace asciinemad
