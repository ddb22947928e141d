#include "daemon/upload_verdict.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/url.h"
#include "daemon/upload_answer.h"

namespace asciinemad {
namespace {

using Kind = UploadVerdict::Kind;

constexpr std::size_t kMaxTextBytes = 512;
constexpr std::size_t kMaxWordsBytes = 240;
constexpr std::size_t kMaxWarningBytes = 400;  // leaves room for ours
constexpr std::string_view kTitleDropped = "the server takes no titles, so this one was not sent";

constexpr std::string_view kAskOperator = "ask the server's operator, then #";

// What an answer means that is no success.
struct Rule {
  int status;
  Kind kind;
  bool unlimited;  // retried however often it comes
  std::string_view reason;
  std::string_view advice;  // unless retried; "#" stands for `asciinema uploads retry NUMBER`
};

constexpr std::array<Rule, 14> kRules = {{
    {400, Kind::fail, false, "the server rejects the request as invalid", kAskOperator},
    {401, Kind::hold, false, "the server does not accept this machine's install id",
     "run `asciinema auth` to link this machine to your account, then #"},
    {403, Kind::fail, false, "the server does not allow this upload",
     "see whether your account's limit is reached, then #"},
    {404, Kind::fail, false, "the server has no upload API at this address",
     "check the server's URL and upload the recording again"},
    {407, Kind::fail, false, "the proxy wants a user and password",
     "put them into the proxy's URL and upload the recording again"},
    {408, Kind::retry, true, "the server waited too long for the recording", ""},
    {413, Kind::fail, false, "the recording is larger than the server allows",
     "upload a shorter recording, or ask the server's operator for a higher limit"},
    {422, Kind::fail, false, "the server rejects the recording as invalid",
     "write a copy with `asciinema convert` and upload that"},
    {425, Kind::retry, true, "the server wants the upload later", ""},
    {429, Kind::retry, true, "the server wants fewer uploads for now", ""},
    {500, Kind::retry, false, "the server has an error of its own", ""},
    {502, Kind::retry, false, "the server is not reachable behind its gateway", ""},
    {503, Kind::retry, true, "the server is down or overloaded", ""},
    {504, Kind::retry, false, "the server did not answer its gateway in time", ""},
}};

constexpr std::string_view kGivenUpAdvice =
    "ask the server's operator, since it may be this recording that it fails at, then #";

std::string with_retry(std::string_view advice, const UploadItem& item) {
  std::string text(advice);
  const std::size_t at = text.find('#');
  if (at == std::string::npos) return text;
  return text.replace(at, 1, "`asciinema uploads retry " + std::to_string(item.number) + "`");
}

// The install id is a password: a server that repeats it must not get it into logs and reasons.
std::string without_secret(std::string text, const std::string& secret) {
  constexpr std::string_view kShown = "[install id]";
  if (secret.empty()) return text;
  for (std::size_t at = 0; (at = text.find(secret, at)) != std::string::npos; at += kShown.size()) {
    text.replace(at, secret.size(), kShown);
  }
  return text;
}

// A success keeps its body: the message tells the user where to link the install id, by an address
// that contains it.
UploadAnswer without_secret(UploadAnswer answer, const std::string& secret) {
  for (std::string* text :
       {&answer.reason, &answer.location, &answer.warning, &answer.retry_after}) {
    *text = without_secret(std::move(*text), secret);
  }
  const bool success = answer.status == 200 || answer.status == 201;
  if (!success) answer.body = without_secret(std::move(answer.body), secret);
  return answer;
}

std::string quoted_words(const UploadWords& words) {
  std::string text = one_line(words.message, kMaxWordsBytes);
  if (!words.details.empty()) text += (text.empty() ? "" : " ") + ("(" + words.details + ")");
  return text.empty() ? text : "; the server says: " + text;
}

// The server's URL of the URL that an upload was redirected to.
std::string without_api_path(std::string url) {
  for (const std::string_view path : {"/api/asciicasts", "/api/v1/recordings"}) {
    if (url.ends_with(path)) url.resize(url.size() - path.size());
  }
  return url;
}

// What an answer with a status means, to its words and the item's history.
class Judge {
 public:
  Judge(const UploadItem& item, const UploadAnswer& answer, bool body_sent, std::int64_t now_ms)
      : item_(item),
        answer_(answer),
        words_(read_upload_answer(answer, item.server.url)),
        body_sent_(body_sent),
        wait_ms_(parse_retry_after(answer.retry_after, now_ms)) {}

  UploadVerdict verdict() {
    verdict_.warning = one_line(warning_text(answer_.warning), kMaxWarningBytes);
    const int status = answer_.status;
    const auto* const rule = std::find_if(kRules.begin(), kRules.end(),
                                          [&](const Rule& r) { return r.status == status; });
    if (status == 201 || (status == 200 && !words_.url.empty())) {
      done();
    } else if (status == 200) {
      judge_stranger();
    } else if (rule != kRules.end()) {
      apply(*rule);
    } else if (status == 301 || status == 302 || status == 303) {
      judge_redirection();
    } else {
      judge_other();
    }
    return std::move(verdict_);
  }

 private:
  void done() {
    verdict_.kind = Kind::done;
    verdict_.url = words_.url;
    verdict_.message = words_.message;
    if (!answer_.title_dropped) return;
    if (!verdict_.warning.empty()) verdict_.warning += "; ";
    verdict_.warning += kTitleDropped;
  }

  void apply(const Rule& rule) {
    verdict_.unauthorized = rule.status == 401;
    verdict_.too_large = rule.status == 413;
    verdict_.answer_lost = rule.status == 504 && body_sent_;
    std::string reason(rule.reason);
    std::string advice(rule.advice);
    if (rule.status == 404 && item_.visibility != wire::Visibility::by_server) {
      reason = "the server has no API that takes a visibility";
      advice = "upload the recording again without a visibility, or check the server's URL";
    }
    reason += " (" + std::to_string(rule.status) + ")" + quoted_words(words_);
    if (rule.kind == Kind::retry) return retry(reason, rule.unlimited, kGivenUpAdvice);
    end(rule.kind, reason, advice);
  }

  // An answer that could be anyone's: a log-in page of the network's goes away by itself.
  void judge_stranger() {
    verdict_.answer_lost = body_sent_;
    const std::string what =
        words_.is_page ? "with a web page" : "without an address for the recording";
    retry("the server answered " + what +
              " (200), not as an asciinema server does; is this the right server, or does a "
              "network log-in page stand in between?",
          false, "check the server's URL, then #");
  }

  void judge_redirection() {
    const std::string status = " (" + std::to_string(answer_.status) + ")";
    const Result<Url> server = parse_url(item_.server.url);
    const Result<Url> moved = server.ok() && !answer_.location.empty()
                                  ? resolve_url(*server, answer_.location)
                                  : Result<Url>(Error{Errc::invalid_argument, "it has no address"});
    if (!moved.ok()) {
      return end(Kind::fail, "the server redirects to no usable address" + status,
                 "check the server's URL and upload the recording again");
    }
    const std::string url = moved->shown();
    end(Kind::fail, "the server redirects to " + url + status,
        "set the server's URL (ASCIINEMA_SERVER_URL, or url in [server] of the configuration) to " +
            without_api_path(url) + " and upload the recording again");
  }

  void judge_other() {
    const int status = answer_.status;
    std::string said = "the server answered " + std::to_string(status);
    if (const std::string phrase = one_line(answer_.reason, 60); !phrase.empty()) {
      said += " " + phrase;
    }
    if (status >= 400 && status < 500)
      return end(Kind::fail, said + quoted_words(words_), kAskOperator);
    if (status >= 500 && status < 600) {
      return retry(said + quoted_words(words_), false, kGivenUpAdvice);
    }
    end(Kind::fail, said + ", not as an asciinema server does",
        "check the server's URL and upload the recording again");
  }

  void retry(const std::string& reason, bool unlimited, std::string_view advice_at_end) {
    const std::uint64_t same =
        item_.last_status == answer_.status ? std::uint64_t{item_.same_failures} + 1 : 1;
    if (same >= kMaxSameFailures && !unlimited && !wait_ms_.has_value()) {
      return end(Kind::fail, std::to_string(same) + " times in a row, " + reason, advice_at_end);
    }
    verdict_.kind = Kind::retry;
    verdict_.reason = one_line(reason, kMaxTextBytes);
    verdict_.wait_at_least_ms = wait_ms_;
  }

  void end(Kind kind, const std::string& reason, std::string_view advice) {
    verdict_.kind = kind;
    verdict_.reason = one_line(reason, kMaxTextBytes);
    verdict_.advice = one_line(with_retry(advice, item_), kMaxTextBytes);
  }

  const UploadItem& item_;
  const UploadAnswer& answer_;
  const UploadWords words_;
  const bool body_sent_;
  const std::optional<std::uint64_t> wait_ms_;
  UploadVerdict verdict_;
};

// The reasons of connections do not all say whose.
std::string about_host(const UploadItem& item, const std::string& why) {
  const Result<Url> server = parse_url(item.server.url);
  if (!server.ok() || why.find(server->host) != std::string::npos) return why;
  return server->authority() + ": " + why;
}

// In a row, this one included. Each may have left a copy with the server.
std::uint64_t answers_lost(const UploadItem& item, const UploadOutcome& outcome) {
  if (!outcome.body_sent) return 0;
  return item.last_status == UploadItem::kAnswerLost ? std::uint64_t{item.same_failures} + 1 : 1;
}

UploadVerdict judge_failure(const UploadItem& item, const UploadOutcome& outcome) {
  UploadVerdict verdict;
  verdict.answer_lost = outcome.body_sent;
  const std::string why = without_secret(outcome.error.message, item.server.install_id);
  verdict.reason = why.empty() ? "no answer came" : one_line(why, kMaxTextBytes);
  std::string_view advice;
  switch (outcome.error.code) {
    case Errc::cancelled:
      verdict.kind = Kind::cancelled;
      break;
    case Errc::untrusted:
      verdict.kind = Kind::hold;
      advice =
          "ask the server's operator, or set SSL_CERT_FILE to the certificates to trust, then #";
      break;
    case Errc::invalid_argument:
      verdict.kind = Kind::hold;
      advice = "correct the settings of the server, the proxy or the certificates, then #";
      break;
    case Errc::system:
      verdict.kind = Kind::hold;
      advice = "see to it that the recording can be read, then #";
      break;
    default:
      verdict.reason = one_line(about_host(item, verdict.reason), kMaxTextBytes);
      if (answers_lost(item, outcome) >= kMaxLostAnswers) {
        verdict.kind = Kind::hold;
        verdict.reason = one_line(
            std::to_string(kMaxLostAnswers) +
                " times in a row the recording was sent and no answer came: " + verdict.reason,
            kMaxTextBytes);
        advice = "see whether the server has the recording already; if not, #";
      } else {
        verdict.network_failed = true;
      }
  }
  verdict.advice = with_retry(advice, item);
  return verdict;
}

}  // namespace

UploadVerdict judge_upload(const UploadItem& item, const UploadOutcome& outcome,
                           std::int64_t now_ms) {
  if (!outcome.answer.has_value()) return judge_failure(item, outcome);
  const UploadAnswer answer = without_secret(*outcome.answer, item.server.install_id);
  return Judge(item, answer, outcome.body_sent, now_ms).verdict();
}

}  // namespace asciinemad
