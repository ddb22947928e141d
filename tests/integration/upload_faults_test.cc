// Servers and networks that do something wrong.

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/support/process_facts.h"
#include "tests/support/sanitized.h"
#include "tests/support/upload_sandbox.h"

namespace asciinemad {
namespace {

using test::ApiServer;
using test::contains;
using test::Exchange;
using test::HttpServer;
using test::ListedUpload;
using test::Outcome;
using test::UploadSandbox;
namespace faults = test::faults;

// More than all the buffers between a client and a server hold.
constexpr std::size_t kLargeBytes = std::size_t{16} << 20;
constexpr const char* kJson = "Content-Type: application/json\r\n";

struct Faults : UploadSandbox {
  Faults() { sandbox.write("a.cast", content); }

  // Uploads to a server that does this, and returns what the client said.
  Outcome upload_with(const ApiServer::Fault& fault, const std::string& name = "a.cast") {
    server.inject(fault);
    ++count;
    return upload({name});
  }
  std::string last() const { return std::to_string(count); }
  // The last one is tried again, and arrives.
  void expect_arrival(const std::string& expected) {
    const std::size_t before = server.uploads().size();
    // It may be on its way already.
    static_cast<void>(uploads({"retry", last()}));
    CHECK(uploads({"wait", last()}).status == 0);
    REQUIRE(server.uploads().size() == before + 1);
    CHECK((server.uploads().back().content == expected));
  }

  const std::string content = test::make_recording(1000);
  int count = 0;
};

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

TEST_CASE("upload: connections that end before the recording was sent") {
  Faults f;
  const std::string large = test::make_recording(kLargeBytes);
  f.sandbox.write("large.cast", large);
  for (const auto& fault : {faults::reset_at(0), faults::reset_at(100'000), faults::close_at(0),
                            faults::close_at(100'000)}) {
    const Outcome outcome = f.upload_with(fault, "large.cast");
    CHECK(outcome.status == 1);
    CHECK(contains(outcome.err, "will be retried"));
    const ListedUpload listed = f.show(f.last());
    CHECK(listed.get("ambiguous") == "false");
    CHECK_FALSE(listed.get("reason") == "null");
    f.expect_arrival(large);
    CHECK(f.show(f.last()).get("ambiguous") == "false");
  }
}

TEST_CASE("upload: answers that are lost leave a doubt") {
  Faults f;
  for (const auto& fault : {faults::reset_at(UINT64_MAX), faults::close_at(UINT64_MAX),
                            faults::lose_answer(), faults::cut_answer()}) {
    const Outcome outcome = f.upload_with(fault);
    CHECK(outcome.status == 1);
    CHECK(contains(outcome.err, "will be retried"));
    CHECK(f.show(f.last()).get("ambiguous") == "true");
    f.expect_arrival(f.content);
    CHECK(f.show(f.last()).get("ambiguous") == "true");
  }
  // Two of them had it already; each attempt said by its key that it was the same upload.
  const auto uploads = f.server.uploads();
  REQUIRE(uploads.size() == 6);
  CHECK(uploads[0].key != uploads[1].key);
  CHECK(uploads[2].key == uploads[3].key);
  CHECK(uploads[4].key == uploads[5].key);
}

TEST_CASE("upload: a server that says nothing") {
  Faults f;
  f.server.inject(faults::stay_mute());
  f.enqueue("a.cast");
  // All of it is there, so the end was sent.
  REQUIRE(f.reaches("1", "uploading"));
  REQUIRE(test::eventually([&] {
    return f.show("1").get("sent_bytes") == "1000" ||
           std::stoul(f.show("1").get("sent_bytes")) >= 1000;
  }));
  REQUIRE(f.uploads({"cancel", "1"}).status == 0);
  CHECK(f.show("1").state() == "cancelled");
  CHECK(f.uploads({"retry", "1"}).status == 0);
  CHECK(f.uploads({"wait", "1"}).status == 0);
  CHECK(f.server.uploads().size() == 1);
}

TEST_CASE(
    "upload: a daemon that dies before the end was sent leaves no doubt, afterwards it does") {
  Faults f;
  f.sandbox.write("large.cast", test::make_recording(kLargeBytes));
  f.server.inject([](ApiServer&, Exchange& exchange) { exchange.client_leaves(-1); });
  f.enqueue("large.cast");
  REQUIRE(test::eventually([&] { return f.server.requests() == 1; }));
  f.kill_daemon();
  CHECK(f.uploads({"wait", "1"}).status == 0);
  CHECK(f.show("1").get("ambiguous") == "false");

  std::atomic<bool> all_there = false;
  f.server.inject([&](ApiServer&, Exchange& exchange) {
    all_there = exchange.skip_body();
    exchange.client_leaves(-1);
  });
  f.enqueue("a.cast");
  REQUIRE(test::eventually([&] { return all_there.load(); }));
  f.kill_daemon();
  CHECK(f.uploads({"wait", "2"}).status == 0);
  CHECK(f.show("2").get("ambiguous") == "true");
}

TEST_CASE("upload: a server that takes and gives a little at a time") {
  Faults f;
  const Outcome outcome = f.upload_with(faults::drip());
  CHECK(outcome.status == 0);
  CHECK(contains(outcome.err, "http://127.0.0.1/a/drop"));
  CHECK((f.stored() == std::vector<std::string>{f.content}));
}

TEST_CASE("upload: a server that finds it too large does not wait for its end") {
  Faults f;
  f.sandbox.write("large.cast", test::make_recording(kLargeBytes));
  f.server.set_max_bytes(1'000'000);
  const Outcome outcome = f.upload({"large.cast"});
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.err, "the recording is larger than the server allows (413)"));
  CHECK(f.show("1").state() == "failed");
  CHECK(f.server.requests() == 1);
  // It is remembered.
  const Outcome again = f.upload({"large.cast"});
  CHECK(contains(again.err, "127.0.0.1 has refused a recording of 16."));
  CHECK(f.upload({"a.cast"}).status == 0);
}

TEST_CASE("upload: an early answer other than that counts, too") {
  Faults f;
  f.sandbox.write("large.cast", test::make_recording(kLargeBytes));
  const Outcome outcome = f.upload_with(
      faults::early("503 Busy", "Retry-After: 3600\r\nConnection: close\r\n"), "large.cast");
  CHECK(contains(outcome.err, "the server is down or overloaded (503)"));
  CHECK(contains(outcome.err, "will be retried"));
  CHECK(f.show("1").get("ambiguous") == "false");
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

TEST_CASE("upload: a server has at most two of ours at a time") {
  Faults f;
  std::atomic<int> now = 0;
  std::atomic<int> most = 0;
  f.server.choose_faults([&]() -> ApiServer::Fault {
    return [&](ApiServer& server, Exchange& exchange) {
      const int count = ++now;
      int seen = most;
      while (seen < count && !most.compare_exchange_weak(seen, count)) {
      }
      server.store(exchange);
      --now;
      exchange.respond("201 Created", "", server.url("/a/x"));
    };
  });
  for (int i = 0; i < 20; ++i) f.enqueue("a.cast");
  CHECK(f.uploads({"wait"}).status == 0);
  CHECK(f.server.uploads().size() == 20);
  CHECK(most <= 2);
}

TEST_CASE("upload: neither a large recording nor a large answer takes memory") {
  if (test::kSanitized) return;
  constexpr std::size_t kMoreKib = 16 * 1024;
  Faults f;
  f.sandbox.write("large.cast", test::make_recording(std::size_t{60} << 20));
  CHECK(f.upload({"a.cast"}).status == 0);
  const pid_t daemon = f.sandbox.daemon_pid();
  REQUIRE(test::comes_to_rest(daemon));
  const std::size_t before_kib = test::resident_kib(daemon);
  test::forget_peak(daemon);
  CHECK(f.upload({"large.cast"}).status == 0);
  CHECK(f.upload_with(faults::flood(std::uint64_t{200} << 20)).status == 0);
  CHECK(f.sandbox.daemon_pid() == daemon);
  CHECK(test::peak_resident_kib(daemon) < before_kib + kMoreKib);
}

TEST_CASE("upload: failures leave nothing open, and what waits does not run") {
  Faults f;
  CHECK(f.upload({"a.cast"}).status == 0);
  const pid_t daemon = f.sandbox.daemon_pid();
  REQUIRE(test::comes_to_rest(daemon));
  const std::size_t before = test::open_descriptors(daemon);
  for (int i = 0; i < 5; ++i) {
    for (const auto& fault :
         {faults::reset_at(0), faults::reset_at(UINT64_MAX), faults::close_at(10),
          faults::cut_answer(), faults::answer("422 Bad"), faults::early("413 Too Large")}) {
      CHECK(f.upload_with(fault).status == 1);
      static_cast<void>(f.uploads({"cancel", "all"}));
    }
  }
  f.server.inject(faults::stay_mute(), 2);
  f.enqueue("a.cast");
  f.enqueue("a.cast");
  REQUIRE(test::eventually([&] { return f.server.requests() == 33; }));
  CHECK(f.uploads({"cancel", "all"}).status == 0);
  f.server.inject(faults::answer("503 Busy", "Retry-After: 3600\r\n"));
  CHECK(f.upload({"a.cast"}).status == 1);
  CHECK(test::comes_to_rest(daemon));
  CHECK(f.sandbox.daemon_pid() == daemon);
  CHECK(test::eventually([&] { return test::open_descriptors(daemon) <= before; }));
}

}  // namespace
}  // namespace asciinemad
