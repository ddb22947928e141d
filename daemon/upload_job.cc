#include "daemon/upload_job.h"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <utility>
#include <vector>

#include "build_config.h"
#include "common/url.h"
#include "daemon/http_exchange.h"
#include "daemon/http_proxy.h"

namespace asciinemad {
namespace {

// Servers look at how this begins.
constexpr const char* kUploadAgent = "asciinema/" ASCIINEMAD_VERSION " asciinemad";

// One of the APIs that take recordings.
struct Api {
  const char* path;
  const char* file_part;
  bool has_fields;
};
constexpr Api kClassicApi = {"/api/asciicasts", "asciicast", false};
constexpr Api kNewerApi = {"/api/v1/recordings", "file", true};

// So random that no recording contains it.
Result<std::string> make_boundary() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<unsigned char, 16> random{};
  if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
    return system_error("get random bytes", errno);
  }
  std::string boundary = "asciinemad-";
  for (const unsigned char byte : random) {
    boundary += kDigits[byte >> 4];
    boundary += kDigits[byte & 15];
  }
  return boundary;
}

// A form with the recording as its last part (RFC 7578).
class RecordingForm final : public HttpBody {
 public:
  RecordingForm(const UploadRequest& request, const Api& api, const std::string& boundary,
                UploadObserver& observer);

  std::uint64_t bytes() const override { return head_.size() + request_.bytes + tail_.size(); }
  Result<std::string_view> next() override;
  void on_sent() override { sent_ = true; }

  bool sent() const { return sent_; }

 private:
  Result<std::string_view> next_of_recording();
  void report();

  const UploadRequest& request_;
  UploadObserver& observer_;
  std::string head_;
  std::string tail_;
  bool head_taken_ = false;
  bool sent_ = false;
  std::vector<char> buffer_;
  std::uint64_t taken_ = 0;  // of the recording
  std::uint64_t reported_ = 0;
  std::chrono::steady_clock::time_point reported_at_ = std::chrono::steady_clock::now();
};

RecordingForm::RecordingForm(const UploadRequest& request, const Api& api,
                             const std::string& boundary, UploadObserver& observer)
    : request_(request), observer_(observer), tail_("\r\n--" + boundary + "--\r\n") {
  constexpr std::size_t kPieceBytes = 65536;
  const std::string part = "--" + boundary + "\r\nContent-Disposition: form-data; name=\"";
  const auto add_field = [&](const char* name, const std::string& value) {
    if (!value.empty())
      head_.append(part).append(name).append("\"\r\n\r\n").append(value) += "\r\n";
  };
  if (api.has_fields) {
    add_field("title", request.title);
    add_field("visibility", request.visibility);
  }
  head_.append(part).append(api.file_part) +=
      "\"; filename=\"ascii.cast\"\r\nContent-Type: application/octet-stream\r\n\r\n";
  buffer_.resize(kPieceBytes);
}

// Tells the observer about what was taken before, unless that was just done.
void RecordingForm::report() {
  constexpr std::uint64_t kMostBytes = std::uint64_t{256} << 10;
  constexpr auto kMostTime = std::chrono::milliseconds(100);
  const auto now = std::chrono::steady_clock::now();
  const bool due = taken_ == request_.bytes || taken_ - reported_ >= kMostBytes ||
                   now - reported_at_ >= kMostTime;
  if (!due || taken_ == reported_) return;
  reported_ = taken_;
  reported_at_ = now;
  observer_.on_sent(taken_);
}

Result<std::string_view> RecordingForm::next_of_recording() {
  const std::size_t wanted = std::min<std::uint64_t>(buffer_.size(), request_.bytes - taken_);
  ssize_t n = -1;
  do {
    n = ::pread(request_.recording, buffer_.data(), wanted, static_cast<off_t>(taken_));
  } while (n < 0 && errno == EINTR);
  if (n < 0) return system_error("read the recording", errno);
  if (n == 0) return system_error("read the recording, which has become shorter", EIO);
  taken_ += static_cast<std::uint64_t>(n);
  return std::string_view(buffer_.data(), static_cast<std::size_t>(n));
}

Result<std::string_view> RecordingForm::next() {
  if (!std::exchange(head_taken_, true)) return std::string_view(head_);
  report();
  if (taken_ < request_.bytes) return next_of_recording();
  TRY(observer_.before_end());
  return std::string_view(tail_);
}

// Keeps an answer.
class AnswerReceiver final : public HttpReceiver {
 public:
  bool on_head(const HttpHead& head) override {
    answer_.emplace();
    answer_->status = head.status;
    answer_->reason = head.reason;
    answer_->content_type = head.content_type;
    answer_->location = head.location;
    answer_->warning = head.warning;
    answer_->retry_after = head.retry_after;
    return true;
  }
  Status on_body(std::string_view bytes) override {
    answer_->body += bytes.substr(0, kMaxUploadAnswerBytes - answer_->body.size());
    if (answer_->body.size() < kMaxUploadAnswerBytes) return {};
    return Error{Errc::limit_exceeded, "the answer is too long"};
  }

  std::optional<UploadAnswer>& answer() { return answer_; }

 private:
  std::optional<UploadAnswer> answer_;
};

UploadOutcome failure(Error error) {
  UploadOutcome outcome;
  outcome.error = std::move(error);
  return outcome;
}

// Where a POST that is answered with this is to be repeated. Nobody but the host that the user
// named gets the recording and the install id, and not in the clear what was to be encrypted.
Result<Url> follow_upload(const Url& from, const UploadAnswer& answer) {
  const auto refused = [](const std::string& where) {
    return Error{Errc::invalid_argument, "the server redirects uploads to " + where};
  };
  Result<Url> to = resolve_url(from, answer.location);
  if (!to.ok()) return refused(to.error().message);
  const bool upgraded = to->host == from.host && !from.is_https() && to->is_https();
  if (!upgraded && !to->same_origin(from)) return refused(to->shown());
  return to;
}

class UploadJob {
 public:
  UploadJob(const UploadRequest& request, UploadObserver& observer, const HttpWaits& waits)
      : request_(request), observer_(observer), waits_(waits) {}

  UploadOutcome run();

 private:
  // Follows redirections.
  UploadOutcome try_api(const Api& api);
  UploadOutcome post(const Api& api, const Url& url);

  const UploadRequest& request_;
  UploadObserver& observer_;
  const HttpWaits waits_;
};

UploadOutcome UploadJob::post(const Api& api, const Url& url) {
  Result<std::optional<Url>> proxy =
      proxy_for(url, {request_.http_proxy, request_.https_proxy, request_.no_proxy});
  if (!proxy.ok()) return failure(proxy.take_error());
  const Result<std::string> boundary = make_boundary();
  if (!boundary.ok()) return failure(boundary.error());

  const HttpRoute route{url, std::move(*proxy), {request_.ca_file, request_.ca_directory}, waits_};
  RecordingForm form(request_, api, *boundary, observer_);
  HttpHeaders headers = {{"User-Agent", kUploadAgent},
                         {"Accept", "application/json"},
                         {"Authorization", basic_credentials(request_.user, request_.install_id)},
                         {"Content-Type", "multipart/form-data; boundary=" + *boundary}};
  if (!request_.key.empty()) headers.emplace_back("Idempotency-Key", request_.key);
  AnswerReceiver receiver;
  Status status = http_exchange(route, {"POST", std::move(headers), &form}, receiver);

  UploadOutcome outcome;
  outcome.body_sent = form.sent();
  outcome.answer = std::move(receiver.answer());
  // An answer is one as soon as its head is there; of the body counts what came.
  if (!outcome.answer.has_value()) {
    outcome.error = status.take_error();
  } else if (outcome.answer->status == 407 && route.proxy.has_value()) {
    return failure(proxy_refusal(*route.proxy, "407 " + outcome.answer->reason));
  }
  return outcome;
}

UploadOutcome UploadJob::try_api(const Api& api) {
  Result<Url> url = parse_url(request_.server_url + api.path);
  if (!url.ok()) return failure(url.take_error());
  for (int redirects = 0;; ++redirects) {
    UploadOutcome outcome = post(api, *url);
    if (!outcome.answer.has_value()) return outcome;
    UploadAnswer& answer = *outcome.answer;
    if (answer.location.empty()) return outcome;
    if (answer.status != 307 && answer.status != 308) {
      if (const Result<Url> to = resolve_url(*url, answer.location); to.ok()) {
        answer.location = to->text();
      }
      return outcome;
    }
    url = follow_upload(*url, answer);
    if (!url.ok()) return failure(url.take_error());
    if (redirects == kMaxUploadRedirects) {
      return failure({Errc::invalid_argument,
                      "the server redirects uploads to " + url->shown() + ", and that is a loop"});
    }
    observer_.on_sent(0);
  }
}

UploadOutcome UploadJob::run() {
  if (request_.title.empty() && request_.visibility.empty()) return try_api(kClassicApi);
  UploadOutcome outcome = try_api(kNewerApi);
  const bool unknown = outcome.answer.has_value() && outcome.answer->status == 404;
  // What is not to be public must not become so on a server that knows no visibility.
  if (!unknown || !request_.visibility.empty()) return outcome;
  observer_.on_sent(0);
  outcome = try_api(kClassicApi);
  if (outcome.answer.has_value()) outcome.answer->title_dropped = true;
  return outcome;
}

}  // namespace

UploadOutcome upload_recording(const UploadRequest& request, UploadObserver& observer,
                               const HttpTimeouts& timeouts, int cancel_fd) {
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(timeouts.total_ms);
  return UploadJob(request, observer, {timeouts, deadline, cancel_fd}).run();
}

}  // namespace asciinemad
