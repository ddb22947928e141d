// Servers that go, that say nothing, or too much; and attempts that nobody wants any more.
#include <doctest/doctest.h>

#include <future>
#include <memory>
#include <string>
#include <utility>

#include "tests/support/fake_resolver.h"
#include "tests/support/upload_fixture.h"

namespace asciinemad {
namespace {

using test::Exchange;
using test::FakeResolver;
using test::HttpServer;
using test::PlainServers;
using test::SilentPort;
using test::TlsServers;
using test::UploadFixture;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kLarge = 64 * kMiB;  // more than all buffers on the way take

TEST_CASE_TEMPLATE("upload: connections that break", T, PlainServers, TlsServers) {
  UploadFixture f(T::kTls);
  const auto check_breaks = [&](std::uint64_t after, bool sent) {
    CAPTURE(after);
    const auto server = f.serve([&](Exchange& e) {
      e.skip_body(after);
      e.reset();
    });
    const UploadOutcome outcome = f.upload();
    REQUIRE_FALSE(outcome.answer.has_value());
    CHECK(outcome.error.code == Errc::unavailable);
    CHECK_MESSAGE((outcome.error.message == "Connection reset by peer" ||
                   outcome.error.message == "Broken pipe"),
                  outcome.error.message);
    CHECK(outcome.body_sent == sent);
  };
  f.set_large_recording(kMiB);
  check_breaks(UINT64_MAX, true);
  f.set_large_recording(kLarge);
  check_breaks(0, false);
  check_breaks(kMiB, false);
}

TEST_CASE_TEMPLATE("upload: a server that closes without an answer", T, PlainServers, TlsServers) {
  UploadFixture f(T::kTls);
  const auto server = f.serve([](Exchange& e) { e.skip_body(); });
  const UploadOutcome outcome = f.upload();
  CHECK(outcome.error.code == Errc::unavailable);
  CHECK(outcome.error.message == "the server closed the connection without an answer");
  CHECK(outcome.body_sent);
}

TEST_CASE_TEMPLATE("upload: servers that fall silent", T, PlainServers, TlsServers) {
  UploadFixture f(T::kTls);
  f.timeouts.idle_ms = f.timeouts.answer_ms = 200;
  std::unique_ptr<HttpServer> server;
  std::promise<void> over;  // goes before the server, whose thread waits for that
  server = f.serve([&, done = over.get_future().share()](Exchange& e) {
    e.skip_body(4 * kMiB);
    done.wait();
  });
  UploadOutcome outcome = f.upload();
  CHECK(outcome.error.code == Errc::timed_out);
  CHECK(outcome.error.message == "no answer in time");
  CHECK(outcome.body_sent);

  f.set_large_recording(kLarge);
  outcome = f.upload();
  CHECK(outcome.error.code == Errc::timed_out);
  CHECK_FALSE(outcome.body_sent);
}

TEST_CASE("upload: a server cannot keep it busy for ever") {
  UploadFixture f;
  f.timeouts.total_ms = 200;
  std::string start;
  const auto server = f.serve([&](Exchange& e) {
    e.skip_body();
    e.send(start);
    while (e.send(".") && !e.client_leaves(5)) continue;
  });
  start = "HTTP/1.1 200 OK\r\nX: ";
  UploadOutcome outcome = f.upload();
  CHECK(outcome.error.code == Errc::timed_out);
  CHECK(outcome.error.message == "it takes too long altogether");
  CHECK(outcome.body_sent);

  start = "HTTP/1.1 201 Created\r\n\r\n";
  outcome = f.upload();
  REQUIRE(outcome.answer.has_value());
  CHECK(outcome.answer->status == 201);
  CHECK(outcome.answer->body.starts_with("."));
}

TEST_CASE_TEMPLATE("upload: an answer without end", T, PlainServers, TlsServers) {
  UploadFixture f(T::kTls);
  std::uint64_t sent = 0;
  {
    const auto server = f.serve([&](Exchange& e) {
      e.skip_body();
      e.send("HTTP/1.1 500 Oops\r\nContent-Length: 200000000\r\n\r\n");
      while (sent < 200 * kMiB && e.send(std::string(65536, 'x'))) sent += 65536;
    });
    const UploadAnswer answer = f.answer();
    CHECK(answer.status == 500);
    CHECK((answer.body == std::string(kMaxUploadAnswerBytes, 'x')));
  }
  CHECK(sent < 20 * kMiB);
}

TEST_CASE("upload: addresses that do not work are passed over") {
  UploadFixture f;
  const auto server = f.serve([](Exchange& e) {
    e.skip_body();
    e.respond("201 Created", "", "");
  });
  const SilentPort silent;
  FakeResolver resolver;
  resolver.add("many.test", {{"127.0.0.1", test::closed_port()},
                             {"127.0.0.1", silent.port()},
                             {"127.0.0.1", server->port()}});
  f.timeouts.address_ms = 100;
  f.request.server_url = "http://many.test";
  CHECK(f.answer().status == 201);

  resolver.add("none.test", {{"127.0.0.1", test::closed_port()}});
  f.request.server_url = "http://none.test";
  CHECK(f.failure(Errc::unavailable) == "cannot connect to none.test: Connection refused");
}

TEST_CASE("upload: cancelled while it connects") {
  const SilentPort silent;
  UploadFixture f;
  f.request.server_url = "http://127.0.0.1:" + std::to_string(silent.port());
  std::promise<void> ready;
  ready.set_value();
  f.check_cancels_at_once(ready.get_future());
}

TEST_CASE_TEMPLATE("upload: cancelled while nobody reads", T, PlainServers, TlsServers) {
  UploadFixture f(T::kTls);
  f.set_large_recording(kLarge);
  std::unique_ptr<HttpServer> server;
  std::promise<void> over;  // goes before the server, whose thread waits for that
  std::promise<void> sending;
  f.notes.sent_hook = [&, told = false](std::uint64_t) mutable {
    if (!std::exchange(told, true)) sending.set_value();
  };
  server = f.serve([done = over.get_future().share()](Exchange&) { done.wait(); });
  f.check_cancels_at_once(sending.get_future());
}

TEST_CASE_TEMPLATE("upload: cancelled while everything is read", T, PlainServers, TlsServers) {
  UploadFixture f(T::kTls);
  f.set_large_recording(std::uint64_t{1} << 40);
  std::promise<void> reading;
  const auto server = f.serve([&](Exchange& e) {
    e.skip_body(kMiB);
    reading.set_value();
    CHECK_FALSE(e.skip_body());
  });
  f.check_cancels_at_once(reading.get_future());
}

TEST_CASE_TEMPLATE("upload: cancelled while it waits for the answer", T, PlainServers, TlsServers) {
  UploadFixture f(T::kTls);
  std::promise<void> asked;
  const auto server = f.serve([&](Exchange& e) {
    e.skip_body();
    asked.set_value();
    CHECK(e.client_leaves());
  });
  f.check_cancels_at_once(asked.get_future());
}

}  // namespace
}  // namespace asciinemad
