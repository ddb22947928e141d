#include "daemon/upload_attempt.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <optional>
#include <utility>

#include "daemon/platform.h"

namespace asciinemad {
namespace {

constexpr int kIdleTimeoutMs = 60'000;
// Whoever gives up early sends the recording twice: a server may be busy with it.
constexpr int kAnswerTimeoutMs = 300'000;
constexpr std::uint64_t kBaseTimeoutMs = 120'000;
constexpr std::uint64_t kLeastBytesPerMs = 10;

std::string form_value(wire::Visibility visibility) {
  switch (visibility) {
    case wire::Visibility::by_server:
      return {};
    case wire::Visibility::public_:
      return "public";
    case wire::Visibility::unlisted:
      return "unlisted";
    case wire::Visibility::private_:
      return "private";
  }
  return "private";
}

UploadRequest request_for(const UploadItem& item) {
  UploadRequest request;
  request.server_url = item.server.url;
  request.user = item.server.user;
  request.install_id = item.server.install_id;
  request.http_proxy = item.server.http_proxy;
  request.https_proxy = item.server.https_proxy;
  request.no_proxy = item.server.no_proxy;
  request.ca_file = item.server.ca_file;
  request.ca_directory = item.server.ca_directory;
  request.title = item.title;
  request.visibility = form_value(item.visibility);
  request.key = item.key;
  request.bytes = item.bytes;
  return request;
}

}  // namespace

// What the two threads tell each other while the attempt goes on.
class UploadAttempt::Gate final : public UploadObserver {
 public:
  explicit Gate(uv_async_t* wake) : wake_(wake) {}

  // The attempt's thread.
  void on_sent(std::uint64_t bytes) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    sent_bytes_ = bytes;
    if (wake_ != nullptr) uv_async_send(wake_);
  }
  Status before_end() override {
    std::unique_lock<std::mutex> lock(mutex_);
    permission_.reset();
    asked_ = true;
    if (wake_ != nullptr) uv_async_send(wake_);
    changed_.wait(lock, [this] { return permission_.has_value() || wake_ == nullptr; });
    if (!permission_.has_value()) return Error{Errc::cancelled, "cancelled"};
    return *permission_;
  }

  // The loop's.
  std::uint64_t sent_bytes() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return sent_bytes_;
  }
  // Whether before_end() waits, said once.
  bool take_question() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(asked_, false);
  }
  void answer(Status permission) {
    const std::lock_guard<std::mutex> lock(mutex_);
    permission_ = std::move(permission);
    changed_.notify_all();
  }
  void close() {
    const std::lock_guard<std::mutex> lock(mutex_);
    wake_ = nullptr;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  uv_async_t* wake_;  // null once the attempt is gone
  std::uint64_t sent_bytes_ = 0;
  bool asked_ = false;
  std::optional<Status> permission_;
};

Result<std::unique_ptr<UploadAttempt>> UploadAttempt::start(uv::Loop& loop, UploadFunction upload,
                                                            const UploadItem& item,
                                                            const std::string& path,
                                                            std::uint64_t id, Listener& listener) {
  std::unique_ptr<UploadAttempt> attempt(new UploadAttempt(item.number, id, listener));
  TRY_ASSIGN(attempt->wake_, uv::make_async<&UploadAttempt::on_gate>(loop, attempt.get()));
  attempt->gate_ = std::make_shared<Gate>(attempt->wake_.get());
  const auto work = [upload, request = request_for(item), path,
                     gate = attempt->gate_](int cancel_fd) mutable {
    lower_thread_priority();
    const Fd recording(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!recording) {
      UploadOutcome outcome;
      outcome.error = system_error("open " + path, errno);
      return outcome;
    }
    request.recording = recording.get();
    return upload(request, *gate, upload_timeouts(request.bytes), cancel_fd);
  };
  TRY_ASSIGN(attempt->job_, Job::start(loop, "start an upload", work, *attempt));
  return attempt;
}

UploadAttempt::~UploadAttempt() {
  if (gate_ != nullptr) gate_->close();
}

std::uint64_t UploadAttempt::sent_bytes() const { return gate_->sent_bytes(); }

void UploadAttempt::permit(Status permission) {
  permitted_ = permitted_ || permission.ok();
  gate_->answer(std::move(permission));
}

void UploadAttempt::on_gate() {
  if (gate_->take_question()) {
    listener_.on_upload_completing(*this);
  } else {
    listener_.on_upload_progress(*this);
  }
}

void UploadAttempt::on_job_done(Job& /*job*/, UploadOutcome outcome) {
  listener_.on_upload_ended(*this, std::move(outcome));
}

HttpTimeouts upload_timeouts(std::uint64_t bytes) {
  HttpTimeouts timeouts;
  timeouts.idle_ms = kIdleTimeoutMs;
  timeouts.answer_ms = kAnswerTimeoutMs;
  const std::uint64_t total = kBaseTimeoutMs + kAnswerTimeoutMs + bytes / kLeastBytesPerMs;
  timeouts.total_ms = static_cast<int>(
      std::min<std::uint64_t>(total, static_cast<std::uint64_t>(std::numeric_limits<int>::max())));
  return timeouts;
}

}  // namespace asciinemad
