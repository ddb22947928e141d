// What servers answer.

#include <doctest/doctest.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/support/upload_faults.h"

namespace asciinemad {
namespace {

using test::contains;
using test::Exchange;
using test::HttpServer;
using test::ListedUpload;
using test::Outcome;
using Faults = test::UploadFaults;
namespace faults = test::faults;

constexpr const char* kJson = "Content-Type: application/json\r\n";

TEST_CASE("upload: answers that end it") {
  Faults f;
  for (const auto& [answer, reason] : std::map<std::string, std::string>{
           {"400 Bad Request", "the server rejects the request as invalid (400)"},
           {"403 Forbidden", "the server does not allow this upload (403)"},
           {"404 Not Found", "the server has no upload API at this address (404)"},
           {"413 Too Large", "the recording is larger than the server allows (413)"},
           {"418 Teapot", "the server answered 418 Teapot"},
           {"422 Unprocessable", "the server rejects the recording as invalid (422)"}}) {
    const std::string& status = answer;
    CAPTURE(status);
    const Outcome outcome = f.upload_with(faults::answer(
        status, kJson, R"({"type": "x", "message": "because of\u0007 this", "details": "more"})"));
    CHECK(outcome.status == 1);
    CHECK(contains(outcome.err, "upload failed: " + reason));
    CHECK(contains(outcome.err, "the server says: because of"));
    CHECK_FALSE(contains(outcome.err, "will be retried"));
    const ListedUpload listed = f.show(f.last());
    CHECK(listed.state() == "failed");
    CHECK(listed.get("ambiguous") == "false");
    f.expect_arrival(f.content);
  }
}

TEST_CASE("upload: answers after which it is tried again") {
  Faults f;
  for (const char* status : {"408 Request Timeout", "425 Too Early", "429 Too Many Requests",
                             "500 Internal Server Error", "502 Bad Gateway",
                             "503 Service Unavailable", "504 Gateway Timeout", "599 Odd"}) {
    CAPTURE(status);
    const Outcome outcome = f.upload_with(faults::answer(status));
    CHECK(outcome.status == 1);
    CHECK(contains(outcome.err, "queued as #" + f.last() + ", will be retried"));
    CHECK(contains(outcome.err, std::string(status).substr(0, 3)));
    f.expect_arrival(f.content);
  }
}

TEST_CASE("upload: Retry-After as a number and as a date") {
  Faults f;
  const std::time_t later = std::time(nullptr) + 3600;
  std::tm parts{};
  char date[64];
  ::gmtime_r(&later, &parts);
  std::strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  for (const std::string& wish : {std::string("3600"), std::string(date)}) {
    CAPTURE(wish);
    const Outcome outcome =
        f.upload_with(faults::answer("503 Busy", "Retry-After: " + wish + "\r\n"));
    CHECK(contains(outcome.err, "will be retried"));
    const double next = std::atof(f.show(f.last()).get("next_attempt_at").c_str());
    CHECK(next > static_cast<double>(later) - 10);
    CHECK(next < static_cast<double>(later) + 60);
    f.expect_arrival(f.content);
  }
}

TEST_CASE("upload: redirections") {
  Faults f;
  const HttpServer elsewhere([](Exchange& exchange) {
    exchange.skip_body();
    exchange.respond("201 Created", "", "");
  });
  for (const char* status : {"301 Moved", "302 Found", "303 See Other"}) {
    CAPTURE(status);
    const Outcome outcome = f.upload_with(
        faults::answer(status, "Location: " + elsewhere.url("/api/asciicasts") + "\r\n"));
    CHECK(outcome.status == 1);
    CHECK(contains(outcome.err, "the server redirects to " + elsewhere.url("/api/asciicasts")));
    CHECK(contains(outcome.err, "to " + elsewhere.url("") + " and upload the recording again"));
    CHECK(f.show(f.last()).state() == "failed");
  }
  for (const char* status : {"307 Temporary Redirect", "308 Permanent Redirect"}) {
    CAPTURE(status);
    // On the same server the request is repeated, with the recording.
    const std::size_t before = f.server.requests();
    CHECK(f.upload_with(faults::answer(status, "Location: /api/asciicasts\r\n")).status == 0);
    CHECK(f.server.requests() == before + 2);
    // Another one gets neither that nor the install id.
    const Outcome outcome = f.upload_with(
        faults::answer(status, "Location: " + elsewhere.url("/api/asciicasts") + "\r\n"));
    CHECK(outcome.status == 1);
    CHECK(contains(outcome.err, "the server redirects uploads to " + elsewhere.url("/")));
    CHECK(f.show(f.last()).state() == "held");
  }
  CHECK(elsewhere.heads().empty());
  CHECK((f.stored() == std::vector<std::string>(2, f.content)));
}

TEST_CASE("upload: successes that are not quite as they should be") {
  Faults f;
  const std::string location = "Location: " + f.server.url("/a/9") + "\r\n";
  for (const auto& [headers, body] : std::vector<std::pair<std::string, std::string>>{
           {kJson, "{\"url\": "},
           {kJson, "[1, 2"},
           {kJson, "{\"url\": 17, \"message\": {}}"},
           {kJson, ""},
           {"Content-Type: text/html\r\n", "<html>hello</html>"},
           {"Content-Type: image/png\r\n", std::string("\xff\xfe\0", 3)}}) {
    const std::string& said = body;
    CAPTURE(said);
    const Outcome bare = f.upload_with(faults::answer("201 Created", headers, body));
    CHECK(bare.status == 0);
    CHECK(contains(bare.err, "uploaded; the server gave no address"));
    const Outcome located = f.upload_with(faults::answer("201 Created", headers + location, body));
    CHECK(located.status == 0);
    CHECK(f.show(f.last()).get("url") == f.server.url("/a/9"));
  }
  const Outcome old = f.upload_with(faults::answer("200 OK", "", f.server.url("/a/10") + "\n"));
  CHECK(old.status == 0);
  CHECK(contains(old.err, f.server.url("/a/10")));
}

TEST_CASE("upload: a page instead of an answer may be a network's log-in page") {
  Faults f;
  const Outcome outcome = f.upload_with(
      faults::answer("200 OK", "Content-Type: text/html\r\n", "<!DOCTYPE html><html>pay</html>"));
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.err, "the server answered with a web page (200)"));
  CHECK(contains(outcome.err, "will be retried"));
  f.expect_arrival(f.content);
}

TEST_CASE("upload: 200 MB of answer are not read") {
  Faults f;
  const Outcome outcome = f.upload_with(faults::flood(std::uint64_t{200} << 20));
  CHECK(outcome.status == 0);
  CHECK(f.show("1").get("url") == f.server.url("/a/flood"));
  CHECK(outcome.err.size() < 10'000);
}

TEST_CASE("upload: what servers say never reaches the terminal raw") {
  Faults f;
  const std::string evil = "\x1b]0;owned\x07 \xc2\x9b\x33\x31m \xff\xfe \x7f\r\b done";
  const std::string escaped =
      R"("\u001b]0;owned\u0007 \u009b31m \ud800 \u007f\r\b\n\u001b[2J done")";
  const std::string warning = "Warning: 199 - \"" + evil.substr(0, evil.find('\r')) + "\"\r\n";
  for (const auto& [status, headers, body] :
       std::vector<std::tuple<std::string, std::string, std::string>>{
           {"201 Created", kJson + warning,
            "{\"url\": \"http://h/\\u001b[31m\", \"message\": " + escaped + "}"},
           {"201 Created", kJson + warning,
            "{\"url\": \"http://h/a\", \"message\": \"" + evil + "\"}"},
           {"201 Created", "", "http://h/" + evil},
           {"422 Bad\x1b[31m", kJson, "{\"type\": \"x\", \"message\": " + escaped + "}"},
           {"499 \x1b[31mOdd", "", evil},
           {"503 Busy", "", evil},
           {"302 Found", "Location: http://h/\x1b[31m\r\n", ""}}) {
    const std::string& said = body;
    CAPTURE(said);
    const Outcome outcome = f.upload_with(faults::answer(status, headers, said));
    const Outcome list = f.uploads({});
    const Outcome json = f.uploads({"--json"});
    const Outcome shown = f.uploads({"show", f.last()});
    for (const std::string& text : {outcome.out, outcome.err, list.out, json.out, shown.out}) {
      CAPTURE(text);
      CHECK_FALSE(test::has_control_characters(text));
      CHECK_FALSE(contains(text, "\xc2\x9b"));
      CHECK_FALSE(contains(text, "\xff"));
    }
  }
  // Nor the log.
  CHECK_FALSE(contains(f.sandbox.log(), "\x1b"));
}

}  // namespace
}  // namespace asciinemad
