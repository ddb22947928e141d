// FetchFixture: fetches from servers of the test, waiting in a loop as the daemon does.
#pragma once

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "daemon/fetch_job.h"
#include "daemon/fetcher.h"
#include "tests/support/ignore_signal.h"
#include "tests/support/loop_driver.h"
#include "tests/support/temp_dir.h"

namespace asciinemad::test {

struct FetchFixture final : Fetch::Listener {
  FetchFixture() { request.max_bytes = std::uint64_t{8} << 20; }

  void on_fetched(Fetch& fetch, Result<Fetched> result) override {
    CHECK(&fetch == running.get());
    CHECK_FALSE(outcome.has_value());
    outcome.emplace(std::move(result));
    running.reset();  // as a listener may
  }

  void start(const std::string& url) {
    outcome.reset();
    request.url = url;
    auto fetch = Fetch::start(loop, fetch_recording, request, dir.path(), *this, timeouts);
    REQUIRE(fetch.ok());
    running = std::move(fetch).value();
  }
  Result<Fetched>& wait() {
    driver.run_until([this] { return outcome.has_value(); });
    return *outcome;
  }
  // What was fetched from there.
  std::string get(const std::string& url) {
    start(url);
    Result<Fetched>& result = wait();
    REQUIRE_MESSAGE(result.ok(), result.error().message);
    final_url = result->url;
    std::string content;
    std::array<char, 65536> buffer{};
    for (ssize_t n = 1; n > 0;) {
      n = ::read(result->file.get(), buffer.data(), buffer.size());
      if (n > 0) content.append(buffer.data(), static_cast<std::size_t>(n));
    }
    CHECK(result->bytes == content.size());
    return content;
  }
  std::string failure(const std::string& url, Errc code) {
    start(url);
    const Result<Fetched>& result = wait();
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().code == code);
    CHECK(result.error().message.find('\n') == std::string::npos);
    return result.error().message;
  }

  IgnoreSignal no_sigpipe{SIGPIPE};
  IgnoreSignal no_sigxfsz{SIGXFSZ};
  TempDir dir;
  FetchRequest request;
  HttpTimeouts timeouts;
  uv::Loop loop;
  LoopDriver driver{loop};
  std::unique_ptr<Fetch> running;
  std::optional<Result<Fetched>> outcome;
  std::string final_url;
};

}  // namespace asciinemad::test
