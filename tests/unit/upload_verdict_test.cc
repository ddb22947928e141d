#include "daemon/upload_verdict.h"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace asciinemad {
namespace {

using Kind = UploadVerdict::Kind;

constexpr std::int64_t kNowMs = 784'111'000'000;  // Sun, 06 Nov 1994 08:36:40 GMT

UploadItem sample_item() {
  UploadItem item;
  item.number = 12;
  item.server.url = "https://rec.example";
  return item;
}

UploadAnswer answer_with(int status) {
  UploadAnswer answer;
  answer.status = status;
  return answer;
}

UploadVerdict judge(const UploadAnswer& answer, const UploadItem& item = sample_item(),
                    bool body_sent = true) {
  UploadOutcome outcome;
  outcome.answer = answer;
  outcome.body_sent = body_sent;
  return judge_upload(item, outcome, kNowMs);
}

UploadVerdict judge_error(Errc code, bool body_sent) {
  UploadOutcome outcome;
  outcome.error = Error{code, "why not"};
  outcome.body_sent = body_sent;
  return judge_upload(sample_item(), outcome, kNowMs);
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// Of an item that has just had this answer 11 times.
UploadItem nearly_given_up(int status) {
  UploadItem item = sample_item();
  item.last_status = status;
  item.same_failures = kMaxSameFailures - 1;
  return item;
}

TEST_CASE("upload verdict: each status") {
  struct Row {
    int status;
    Kind kind;
    Kind at_last;  // after as many of the same as are taken
    std::string_view reason;
    std::string_view advice;
  };
  const std::vector<Row> rows = {
      {100, Kind::fail, Kind::fail, "not as an asciinema server does", "server's URL"},
      {200, Kind::retry, Kind::fail, "network log-in page", ""},
      {201, Kind::done, Kind::done, "", ""},
      {202, Kind::fail, Kind::fail, "answered 202, not as an asciinema server does", ""},
      {204, Kind::fail, Kind::fail, "answered 204, not as an asciinema server does", ""},
      {299, Kind::fail, Kind::fail, "answered 299, not as an asciinema server does", ""},
      {300, Kind::fail, Kind::fail, "answered 300, not as an asciinema server does", ""},
      {301, Kind::fail, Kind::fail, "no usable address (301)", "server's URL"},
      {304, Kind::fail, Kind::fail, "answered 304, not as an asciinema server does", ""},
      {308, Kind::fail, Kind::fail, "answered 308, not as an asciinema server does", ""},
      {400, Kind::fail, Kind::fail, "request as invalid (400)", ""},
      {401, Kind::hold, Kind::hold, "install id (401)", "`asciinema auth`"},
      {402, Kind::fail, Kind::fail, "answered 402", ""},
      {403, Kind::fail, Kind::fail, "not allow this upload (403)", "`asciinema uploads retry 12`"},
      {404, Kind::fail, Kind::fail, "no upload API at this address (404)", "server's URL"},
      {407, Kind::fail, Kind::fail, "proxy", "proxy's URL"},
      {408, Kind::retry, Kind::retry, "(408)", ""},
      {413, Kind::fail, Kind::fail, "larger than the server allows (413)", "shorter"},
      {418, Kind::fail, Kind::fail, "answered 418", ""},
      {422, Kind::fail, Kind::fail, "recording as invalid (422)", ""},
      {425, Kind::retry, Kind::retry, "(425)", ""},
      {429, Kind::retry, Kind::retry, "(429)", ""},
      {500, Kind::retry, Kind::fail, "(500)", ""},
      {502, Kind::retry, Kind::fail, "(502)", ""},
      {503, Kind::retry, Kind::retry, "(503)", ""},
      {504, Kind::retry, Kind::fail, "(504)", ""},
      {507, Kind::retry, Kind::fail, "answered 507", ""},
      {599, Kind::retry, Kind::fail, "answered 599", ""},
      {600, Kind::fail, Kind::fail, "not as an asciinema server does", ""},
      {0, Kind::fail, Kind::fail, "not as an asciinema server does", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.status);
    const UploadVerdict verdict = judge(answer_with(row.status));
    CHECK(verdict.kind == row.kind);
    CHECK_MESSAGE(has(verdict.reason, row.reason), verdict.reason);
    CHECK_MESSAGE(has(verdict.advice, row.advice), verdict.advice);
    CHECK(verdict.reason.empty() == (row.kind == Kind::done));
    CHECK(verdict.advice.empty() == (row.kind == Kind::done || row.kind == Kind::retry));
    CHECK(verdict.unauthorized == (row.status == 401));
    CHECK(verdict.too_large == (row.status == 413));
    // A gateway that got none, and somebody who is no asciinema server, or says so badly.
    CHECK(verdict.answer_lost == (row.status == 504 || row.status == 200));
    CHECK_FALSE(verdict.network_failed);
    CHECK_FALSE(verdict.wait_at_least_ms.has_value());

    const UploadVerdict at_last = judge(answer_with(row.status), nearly_given_up(row.status));
    CHECK(at_last.kind == row.at_last);
    if (row.kind != row.at_last) {
      CHECK(has(at_last.reason, "12 times in a row"));
      CHECK(has(at_last.advice, "`asciinema uploads retry 12`"));
    }
  }
}

TEST_CASE("upload verdict: only the same answers in a row are counted") {
  UploadItem item = nearly_given_up(500);
  CHECK(judge(answer_with(502), item).kind == Kind::retry);
  --item.same_failures;
  CHECK(judge(answer_with(500), item).kind == Kind::retry);
  item.same_failures = std::numeric_limits<std::uint32_t>::max();
  CHECK(judge(answer_with(500), item).kind == Kind::fail);
}

TEST_CASE("upload verdict: a server that names a time is never given up") {
  for (const int status : {500, 502, 504}) {
    UploadAnswer answer = answer_with(status);
    answer.retry_after = "30";
    const UploadVerdict verdict = judge(answer, nearly_given_up(status));
    CHECK(verdict.kind == Kind::retry);
    CHECK(verdict.wait_at_least_ms == 30'000);
    answer.retry_after = "soon";
    CHECK(judge(answer, nearly_given_up(status)).kind == Kind::fail);
  }
}

TEST_CASE("upload verdict: Retry-After counts for every answer that is retried") {
  for (const int status : {408, 425, 429, 500, 502, 503, 504, 599}) {
    UploadAnswer answer = answer_with(status);
    answer.retry_after = "Sun, 06 Nov 1994 08:37:40 GMT";
    CHECK(judge(answer).wait_at_least_ms == 60'000);
  }
  UploadAnswer answer = answer_with(413);
  answer.retry_after = "5";
  CHECK_FALSE(judge(answer).wait_at_least_ms.has_value());
}

TEST_CASE("upload verdict: a gateway's time-out leaves open what became of the recording") {
  CHECK(judge(answer_with(504), sample_item(), true).answer_lost);
  CHECK_FALSE(judge(answer_with(504), sample_item(), false).answer_lost);
  CHECK_FALSE(judge(answer_with(500), sample_item(), true).answer_lost);
}

TEST_CASE("upload verdict: a server that takes recordings and never answers gets no more of them") {
  UploadItem item = sample_item();
  item.last_status = UploadItem::kAnswerLost;
  UploadOutcome outcome;
  outcome.error = Error{Errc::timed_out, "no answer in time"};
  outcome.body_sent = true;
  item.same_failures = kMaxLostAnswers - 2;
  CHECK(judge_upload(item, outcome, 0).kind == Kind::retry);
  item.same_failures = kMaxLostAnswers - 1;
  const UploadVerdict verdict = judge_upload(item, outcome, 0);
  CHECK(verdict.kind == Kind::hold);
  CHECK(has(verdict.reason, "5 times in a row"));
  CHECK(has(verdict.advice, "`asciinema uploads retry 12`"));
  CHECK(verdict.answer_lost);
  // Half of a recording is no copy.
  outcome.body_sent = false;
  CHECK(judge_upload(item, outcome, 0).kind == Kind::retry);
}

TEST_CASE("upload verdict: without an answer") {
  struct Row {
    Errc code;
    Kind kind;
    std::string_view advice;
  };
  const std::vector<Row> rows = {
      {Errc::unavailable, Kind::retry, ""},
      {Errc::timed_out, Kind::retry, ""},
      {Errc::invalid_data, Kind::retry, ""},
      {Errc::limit_exceeded, Kind::retry, ""},
      {Errc::untrusted, Kind::hold, "SSL_CERT_FILE"},
      {Errc::invalid_argument, Kind::hold, "proxy"},
      {Errc::system, Kind::hold, "read"},
      {Errc::cancelled, Kind::cancelled, ""},
  };
  for (const Row& row : rows) {
    for (const bool body_sent : {false, true}) {
      const UploadVerdict verdict = judge_error(row.code, body_sent);
      CHECK(verdict.kind == row.kind);
      CHECK(verdict.reason == (row.kind == Kind::retry ? "rec.example: why not" : "why not"));
      CHECK(has(verdict.advice, row.advice));
      CHECK(has(verdict.advice, "`asciinema uploads retry 12`") == (row.kind == Kind::hold));
      CHECK(verdict.network_failed == (row.kind == Kind::retry));
      CHECK(verdict.answer_lost == body_sent);
      CHECK_FALSE(verdict.unauthorized);
    }
  }
}

TEST_CASE("upload verdict: a network that fails is never given up") {
  UploadItem item = nearly_given_up(0);
  item.same_failures = 1'000'000;
  UploadOutcome outcome;
  outcome.error = Error{Errc::unavailable, ""};
  const UploadVerdict verdict = judge_upload(item, outcome, kNowMs);
  CHECK(verdict.kind == Kind::retry);
  CHECK(verdict.reason == "rec.example: no answer came");
  item.server.url = "https://rec.example:8443";
  CHECK(judge_upload(item, outcome, kNowMs).reason == "rec.example:8443: no answer came");
}

TEST_CASE("upload verdict: a redirection that must not be followed names the new address") {
  for (const int status : {301, 302, 303}) {
    UploadAnswer answer = answer_with(status);
    answer.location = "https://new.example/sub/api/asciicasts";
    const UploadVerdict verdict = judge(answer);
    CHECK(verdict.kind == Kind::fail);
    CHECK(has(verdict.reason, "https://new.example/sub/api/asciicasts"));
    CHECK(has(verdict.advice, "to https://new.example/sub and"));
    CHECK(has(verdict.advice, "ASCIINEMA_SERVER_URL"));
    answer.location = "/api/v1/recordings";
    CHECK(has(judge(answer).advice, "to https://rec.example and"));
    answer.location = "https://me:secret@new.example/log-in";
    CHECK(has(judge(answer).advice, "to https://new.example/log-in and"));
    CHECK_FALSE(has(judge(answer).reason, "secret"));
    answer.location = "ftp://new.example";
    CHECK(has(judge(answer).reason, "no usable address"));
  }
}

TEST_CASE("upload verdict: a 404 to an upload with a visibility may be about that") {
  UploadItem item = sample_item();
  item.visibility = wire::Visibility::private_;
  CHECK(has(judge(answer_with(404), item).reason, "no API that takes a visibility (404)"));
  CHECK(has(judge(answer_with(404), item).advice, "without a visibility"));
  CHECK_FALSE(has(judge(answer_with(404)).reason, "visibility"));
  CHECK_FALSE(has(judge(answer_with(403), item).reason, "visibility"));
}

}  // namespace
}  // namespace asciinemad
