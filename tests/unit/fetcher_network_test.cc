// Servers that are slow, silent or not there, and fetches that nobody wants any more.
#include <doctest/doctest.h>
#include <sys/socket.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tests/support/fake_resolver.h"
#include "tests/support/fetch_fixture.h"
#include "tests/support/http_server.h"
#include "tests/support/sanitized.h"

namespace asciinemad {
namespace {

using test::Exchange;
using test::FakeResolver;
using test::FetchFixture;
using test::HttpServer;
using test::SilentPort;

// Something that a server's thread tells the test.
class Signal {
 public:
  void raise() {
    const std::lock_guard<std::mutex> lock(mutex_);
    raised_ = true;
    changed_.notify_all();
  }
  bool wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [this] { return raised_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool raised_ = false;
};

// Sends a body piece by piece until the client goes.
void drip(Exchange& e, int interval_ms, Signal* started = nullptr) {
  e.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
  while (e.send(".") && !e.client_leaves(interval_ms)) {
    if (started != nullptr) started->raise();
  }
}

TEST_CASE("fetch: a slow body is waited for as long as it moves") {
  const HttpServer server([](Exchange& e) {
    e.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n");
    for (int i = 0; i < 8 && !e.client_leaves(50); ++i) e.send(".");
  });
  FetchFixture f;
  f.timeouts.idle_ms = 300;
  CHECK(f.get(server.url("/")) == "........");
}

TEST_CASE("fetch: servers that fall silent are given up") {
  FetchFixture f;
  f.timeouts.idle_ms = f.timeouts.answer_ms = 100;
  const auto is_given_up = [&](const HttpServer& server) {
    CHECK(f.failure(server.url("/"), Errc::timed_out) == server.url("/") + ": no answer in time");
  };
  is_given_up(HttpServer([](Exchange& e) { e.client_leaves(); }));
  is_given_up(HttpServer([](Exchange& e) {
    e.send("HTTP/1.1 200 OK\r\nContent-");
    e.client_leaves();
  }));
  is_given_up(HttpServer([](Exchange& e) {
    e.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab");
    e.client_leaves();
  }));
}

TEST_CASE("fetch: a server cannot keep it busy for ever") {
  FetchFixture f;
  f.timeouts.total_ms = 200;
  const auto is_given_up = [&](const HttpServer& server) {
    const std::string message = f.failure(server.url("/"), Errc::timed_out);
    CHECK(message.ends_with("it takes too long altogether"));
  };
  is_given_up(HttpServer([](Exchange& e) { drip(e, 5); }));
  is_given_up(HttpServer([](Exchange& e) {
    if (!e.client_leaves(50)) e.redirect("/");
  }));
  f.request.max_bytes = std::uint64_t{1} << 50;
  is_given_up(HttpServer([](Exchange& e) {
    e.send("HTTP/1.1 200 OK\r\n\r\n");
    while (e.send("....")) continue;
  }));
}

TEST_CASE("fetch: nobody listens there") {
  FetchFixture f;
  const std::string host = "127.0.0.1:" + std::to_string(test::closed_port());
  CHECK(f.failure("http://" + host + "/", Errc::unavailable) ==
        "http://" + host + "/: cannot connect to 127.0.0.1: Connection refused");
}

TEST_CASE("fetch: a host that does not exist") {
  FetchFixture f;
  CHECK(f.failure("http://no.such.host.invalid/", Errc::unavailable)
            .starts_with("http://no.such.host.invalid/: cannot find the address of "
                         "no.such.host.invalid: "));
}

TEST_CASE("fetch: a host that answers no connection attempt") {
  const SilentPort silent;
  FetchFixture f;
  f.timeouts.connect_ms = 100;
  const std::string url = "http://127.0.0.1:" + std::to_string(silent.port()) + "/";
  CHECK(f.failure(url, Errc::timed_out) ==
        url + ": cannot connect to 127.0.0.1: no answer in time");
}

TEST_CASE("fetch: addresses that do not work are passed over") {
  const HttpServer server([](Exchange& e) { e.respond("200 OK", "", e.header("Host")); });
  const SilentPort silent;
  FakeResolver resolver;
  resolver.add("many.test", {{"127.0.0.1", test::closed_port()},
                             {"127.0.0.1", silent.port()},
                             {"127.0.0.1", server.port()}});
  FetchFixture f;
  f.timeouts.address_ms = 100;
  CHECK(f.get("http://many.test/") == "many.test");

  resolver.add("few.test", {{"127.0.0.1", silent.port()}, {"127.0.0.1", test::closed_port()}});
  CHECK(f.failure("http://few.test/", Errc::unavailable).ends_with("Connection refused"));
}

// How long the loop is held up.
void check_cancels_at_once(FetchFixture& f) {
  const auto before = std::chrono::steady_clock::now();
  f.running.reset();
  const auto took = std::chrono::steady_clock::now() - before;
  CHECK(took < std::chrono::milliseconds(test::kSanitized ? 200 : 50));
  CHECK_FALSE(f.outcome.has_value());
}

TEST_CASE("fetch: cancelled while it connects") {
  const SilentPort silent;
  FetchFixture f;
  f.start("http://127.0.0.1:" + std::to_string(silent.port()) + "/");
  check_cancels_at_once(f);
}

TEST_CASE("fetch: cancelled in the middle of a TLS handshake") {
  Signal greeted;
  const HttpServer server([](Exchange&) {},
                          [&](Fd fd) {
                            char first = 0;
                            if (::recv(fd.get(), &first, 1, MSG_PEEK) == 1) greeted.raise();
                            return test::make_plain_channel(std::move(fd));
                          });
  FetchFixture f;
  f.start("https://" + server.authority() + "/");
  REQUIRE(greeted.wait());
  check_cancels_at_once(f);
}

TEST_CASE("fetch: cancelled while it waits for the answer") {
  Signal asked;
  Signal left;
  const HttpServer server([&](Exchange& e) {
    asked.raise();
    if (e.client_leaves()) left.raise();
  });
  FetchFixture f;
  f.start(server.url("/"));
  REQUIRE(asked.wait());
  check_cancels_at_once(f);
  CHECK(left.wait());
}

TEST_CASE("fetch: cancelled while the body comes") {
  Signal started;
  const HttpServer server([&](Exchange& e) { drip(e, 5, &started); });
  FetchFixture f;
  f.start(server.url("/"));
  REQUIRE(started.wait());
  check_cancels_at_once(f);
}

TEST_CASE("fetch: cancelled while a body comes faster than it can be written") {
  Signal started;
  const HttpServer server([&](Exchange& e) {
    e.send("HTTP/1.1 200 OK\r\n\r\n");
    while (e.send(std::string(65536, 'x'))) started.raise();
  });
  FetchFixture f;
  f.request.max_bytes = std::uint64_t{1} << 50;
  f.start(server.url("/"));
  REQUIRE(started.wait());
  check_cancels_at_once(f);
}

TEST_CASE("fetch: cancelled while the resolver hangs") {
  FakeResolver resolver;
  resolver.add_hanging("hangs.test");
  FetchFixture f;
  f.start("http://hangs.test/");
  REQUIRE(resolver.wait_for_hanging());
  check_cancels_at_once(f);
}

TEST_CASE("fetch: cancelled when it is over but not told yet") {
  Signal left;
  const HttpServer server([&](Exchange& e) {
    e.respond("200 OK", "", "x");
    if (e.client_leaves()) left.raise();
  });
  FetchFixture f;
  f.start(server.url("/"));
  REQUIRE(left.wait());
  check_cancels_at_once(f);
}

TEST_CASE("fetch: several at the same time") {
  const HttpServer server([](Exchange& e) { e.respond("200 OK", "", e.target()); });
  uv::Loop loop;
  test::LoopDriver driver{loop};
  test::TempDir dir;
  struct Counter final : Fetch::Listener {
    void on_fetched(Fetch&, Result<Fetched> outcome) override { done += outcome.ok() ? 1 : 100; }
    int done = 0;
  } counter;
  std::vector<std::unique_ptr<Fetch>> fetches;
  for (int i = 0; i < 20; ++i) {
    FetchRequest request;
    request.url = server.url("/" + std::to_string(i));
    request.max_bytes = 100;
    auto fetch = Fetch::start(loop, fetch_recording, request, dir.path(), counter);
    REQUIRE(fetch.ok());
    fetches.push_back(std::move(fetch).value());
  }
  driver.run_until([&] { return counter.done >= 20; });
  CHECK(counter.done == 20);
  CHECK(server.heads().size() == 20);
}

}  // namespace
}  // namespace asciinemad
