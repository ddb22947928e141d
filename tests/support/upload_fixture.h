// UploadFixture: attempts to upload to servers of the test, with and without TLS.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/upload_job.h"
#include "tests/support/http_server.h"
#include "tests/support/http_tls.h"
#include "tests/support/ignore_signal.h"
#include "tests/support/sanitized.h"
#include "tests/support/temp_dir.h"

namespace asciinemad::test {

// Keeps what it is told. Read it when the attempt is over.
struct UploadNotes final : UploadObserver {
  void on_sent(std::uint64_t bytes) override {
    sent.push_back(bytes);
    if (sent_hook) sent_hook(bytes);
  }
  Status before_end() override {
    ++ends;
    return end_hook ? end_hook() : Status();
  }

  std::vector<std::uint64_t> sent;
  int ends = 0;
  std::function<void(std::uint64_t)> sent_hook;
  std::function<Status()> end_hook;
};

struct PlainServers {
  static constexpr bool kTls = false;
};
struct TlsServers {
  static constexpr bool kTls = true;
};

struct UploadFixture {
  explicit UploadFixture(bool use_tls = false) : tls(use_tls) {
    request.user = "me";
    request.install_id = "7c2f90b5-secret";
    request.key = "key-1";
    request.ca_file = dir.write("ca.pem", authority.pem());
    timeouts.idle_ms = 10'000;
    timeouts.total_ms = 25'000;
    set_recording("{\"version\": 2}\n[0.1, \"o\", \"hi\"]\n");
  }

  void set_recording(const std::string& content) {
    recording.reset(::open(dir.write("a.cast", content).c_str(), O_RDONLY | O_CLOEXEC));
    request.recording = recording.get();
    request.bytes = content.size();
  }
  // Nothing but holes.
  void set_large_recording(std::uint64_t bytes) {
    set_recording("");
    REQUIRE(::truncate((dir / "a.cast").c_str(), static_cast<off_t>(bytes)) == 0);
    request.bytes = bytes;
  }

  // The server that is uploaded to.
  std::unique_ptr<HttpServer> serve(HttpServer::Handler handler) {
    auto server = std::make_unique<HttpServer>(
        std::move(handler), tls ? tls_channel_maker(authority.issue()) : make_plain_channel);
    request.server_url = url(*server);
    return server;
  }
  std::string url(const HttpServer& server) const {
    return (tls ? "https://" : "http://") + server.authority();
  }

  UploadOutcome upload() {
    notes.sent.clear();
    notes.ends = 0;
    const UploadOutcome outcome =
        upload_recording(request, notes, timeouts, cancel.value().read_end.get());
    const std::string& message = outcome.error.message;
    CHECK(outcome.answer.has_value() == message.empty());
    CHECK(message.find('\n') == std::string::npos);
    CHECK(message.find("secret") == std::string::npos);
    return outcome;
  }
  UploadAnswer answer() {
    const UploadOutcome outcome = upload();
    REQUIRE_MESSAGE(outcome.answer.has_value(), outcome.error.message);
    return *outcome.answer;
  }
  std::string failure(Errc code) {
    const UploadOutcome outcome = upload();
    REQUIRE_FALSE(outcome.answer.has_value());
    CHECK(outcome.error.code == code);
    return outcome.error.message;
  }

  // Starts an attempt, and ends it when `ready` is.
  void check_cancels_at_once(std::future<void> ready) {
    using std::chrono::steady_clock;
    auto running = std::async(std::launch::async, [this] { return upload(); });
    REQUIRE(ready.wait_for(std::chrono::seconds(10)) == std::future_status::ready);
    const auto before = steady_clock::now();
    cancel.value().write_end.reset();
    const UploadOutcome outcome = running.get();
    CHECK(steady_clock::now() - before < std::chrono::milliseconds(kSanitized ? 1000 : 250));
    CHECK_FALSE(outcome.answer.has_value());
    CHECK(outcome.error.code == Errc::cancelled);
  }

  IgnoreSignal no_sigpipe{SIGPIPE};
  const bool tls;
  TempDir dir;
  TestAuthority authority;
  Fd recording;
  UploadRequest request;
  UploadNotes notes;
  HttpTimeouts timeouts;
  Result<Pipe> cancel = make_pipe();
};

}  // namespace asciinemad::test
