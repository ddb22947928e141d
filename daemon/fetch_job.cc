#include "daemon/fetch_job.h"

#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <optional>

#include "common/url.h"
#include "daemon/http_get.h"
#include "daemon/http_proxy.h"
#include "daemon/page_link.h"

namespace asciinemad {
namespace {

// A file that nobody else can find.
Result<Fd> open_spool_file(const std::string& directory) {
#ifdef O_TMPFILE
  Fd unnamed(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (unnamed) return unnamed;
#endif
  // Not every file system has those; an error of the directory shows here again.
  std::string path = directory + "/fetch-XXXXXX";
  Fd named(::mkostemp(path.data(), O_CLOEXEC));
  if (!named) return system_error("create a file in " + directory, errno);
  ::unlink(path.c_str());
  return named;
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool is_html(const std::string& content_type) {
  const std::string type = content_type.substr(0, content_type.find_first_of("; \t"));
  return ::strcasecmp(type.c_str(), "text/html") == 0 ||
         ::strcasecmp(type.c_str(), "application/xhtml+xml") == 0;
}

// Takes one answer: a page into memory, a recording into a file, of others only the head.
class Answer final : public HttpReceiver {
 public:
  Answer(std::uint64_t max_bytes, const std::string& spool_directory)
      : max_bytes_(max_bytes), spool_directory_(spool_directory) {}

  bool on_head(const HttpHead& head) override;
  Status on_body(std::string_view bytes) override;

  const HttpHead& head() const { return head_; }
  bool too_large() const { return too_large_; }
  bool is_page() const { return is_html(head_.content_type); }
  const std::string& page() const { return page_; }
  // Once, after the body.
  Result<Fetched> take_file();
  Error larger() const;

 private:
  std::uint64_t max_bytes() const {
    return is_page() ? std::min(max_bytes_, kMaxPageBytes) : max_bytes_;
  }

  const std::uint64_t max_bytes_;
  const std::string& spool_directory_;
  HttpHead head_;
  std::string page_;
  Fd file_;
  std::uint64_t bytes_ = 0;
  bool too_large_ = false;
};

bool Answer::on_head(const HttpHead& head) {
  head_ = head;
  too_large_ = head_.status == 200 && head_.content_bytes.value_or(0) > max_bytes();
  return head_.status == 200 && !too_large_;
}

Error Answer::larger() const {
  constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
  const std::uint64_t bound = max_bytes();
  const std::string size =
      bound % kMiB == 0 ? std::to_string(bound / kMiB) + " MiB" : std::to_string(bound) + " bytes";
  return Error{Errc::limit_exceeded, "larger than " + size};
}

Status Answer::on_body(std::string_view bytes) {
  bytes_ += bytes.size();
  if (bytes_ > max_bytes()) return larger();
  if (is_page()) {
    page_ += bytes;
    return {};
  }
  if (!file_) {
    TRY_ASSIGN(file_, open_spool_file(spool_directory_));
  }
  Status written = write_all(file_.get(), bytes, -1);
  if (written.ok()) return {};
  return system_error("write to a file in " + spool_directory_, written.error().sys_errno);
}

Result<Fetched> Answer::take_file() {
  if (!file_) {  // an empty body
    TRY_ASSIGN(file_, open_spool_file(spool_directory_));
  }
  if (::lseek(file_.get(), 0, SEEK_SET) != 0) {
    return system_error("rewind a file in " + spool_directory_, errno);
  }
  return Fetched{std::move(file_), "", bytes_};
}

// Where an answer's `reference` leads to.
Result<Url> follow(const Url& from, const Url& base, const std::string& reference) {
  Result<Url> to = resolve_url(base, reference);
  if (!to.ok()) return Error{Errc::invalid_data, "it leads to " + to.error().message};
  if (from.is_https() && !to->is_https()) {
    return Error{Errc::invalid_data,
                 "it leads from https to http, which is not safe: " + to->shown()};
  }
  // Nobody else gets to know the password.
  if (to->user_info.empty() && to->same_origin(from)) to->user_info = from.user_info;
  return to;
}

Result<Url> follow_page_link(const Url& from, const std::string& page) {
  const std::optional<PageLink> link = find_recording_link(page);
  if (!link.has_value()) {
    return Error{Errc::invalid_data, "the page has no link to a recording"};
  }
  // Like browsers, as if a base that makes no sense were not there.
  Result<Url> base = resolve_url(from, link->base);
  return follow(from, base.ok() ? *base : from, link->href);
}

class FetchJob {
 public:
  FetchJob(const FetchRequest& request, const std::string& spool_directory, const HttpWaits& waits)
      : request_(request), spool_directory_(spool_directory), waits_(waits) {}

  Result<Fetched> run(Url url);

 private:
  // Asks for one URL: gives what was fetched or, without it, the URL to go on with.
  Result<std::optional<Fetched>> visit(Url& url);

  const FetchRequest& request_;
  const std::string& spool_directory_;
  const HttpWaits waits_;
  int redirects_ = 0;
  bool from_page_ = false;
};

Result<std::optional<Fetched>> FetchJob::visit(Url& url) {
  TRY_ASSIGN(std::optional<Url> proxy,
             proxy_for(url, {request_.http_proxy, request_.https_proxy, request_.no_proxy}));
  Answer answer(request_.max_bytes, spool_directory_);
  const TrustStore trusted{request_.ca_file, request_.ca_directory};
  TRY(http_get({url, std::move(proxy), trusted, waits_}, answer));

  const HttpHead& head = answer.head();
  if (is_redirect(head.status)) {
    if (head.location.empty()) return Error{Errc::invalid_data, "it leads nowhere"};
    if (++redirects_ > kMaxRedirects) {
      return Error{Errc::invalid_data,
                   "more than " + std::to_string(kMaxRedirects) + " redirections"};
    }
    TRY_ASSIGN(url, follow(url, url, head.location));
    return std::optional<Fetched>();
  }
  if (head.status != 200) {
    const std::string reason = head.reason.empty() ? "" : " " + head.reason;
    return Error{Errc::unavailable, "the server answered " + std::to_string(head.status) + reason};
  }
  if (answer.too_large()) return answer.larger();
  if (answer.is_page()) {
    if (from_page_) {
      return Error{Errc::invalid_data, "a recording was expected, it is another page"};
    }
    from_page_ = true;
    TRY_ASSIGN(url, follow_page_link(url, answer.page()));
    return std::optional<Fetched>();
  }
  TRY_ASSIGN(Fetched fetched, answer.take_file());
  fetched.url = url.text();
  return std::optional<Fetched>(std::move(fetched));
}

Result<Fetched> FetchJob::run(Url url) {
  for (;;) {
    const std::string shown = url.shown();
    Result<std::optional<Fetched>> step = visit(url);
    if (!step.ok()) {
      Error error = step.take_error();
      error.message = shown + ": " + error.message;
      return error;
    }
    if (step->has_value()) return std::move(**step);
  }
}

}  // namespace

Result<Fetched> fetch_recording(const FetchRequest& request, const std::string& spool_directory,
                                const HttpTimeouts& timeouts, int cancel_fd) {
  TRY_ASSIGN(Url url, first_url(request));
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(timeouts.total_ms);
  return FetchJob(request, spool_directory, {timeouts, deadline, cancel_fd}).run(std::move(url));
}

}  // namespace asciinemad
