// Servers that answer before they have got all of a request.
#include <doctest/doctest.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "tests/support/upload_fixture.h"

namespace asciinemad {
namespace {

using test::Exchange;
using test::HttpServer;
using test::PlainServers;
using test::TlsServers;
using test::UploadFixture;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kLarge = 64 * kMiB;  // more than all buffers on the way take

void refuse(Exchange& e) { e.respond("413 Payload Too Large", "", "at most 1 MB"); }

void check_is_refused_early(UploadFixture& f) {
  const UploadOutcome outcome = f.upload();
  REQUIRE_MESSAGE(outcome.answer.has_value(), outcome.error.message);
  CHECK(outcome.answer->status == 413);
  CHECK(outcome.answer->body == "at most 1 MB");
  CHECK_FALSE(outcome.body_sent);
  CHECK(f.notes.ends == 0);
}

TEST_CASE_TEMPLATE("upload: refused and closed while the body goes out", T, PlainServers,
                   TlsServers) {
  UploadFixture f(T::kTls);
  f.set_large_recording(kLarge);
  for (const std::uint64_t after : {std::uint64_t{0}, std::uint64_t{1}, kMiB, 20 * kMiB}) {
    CAPTURE(after);
    for (int i = 0; i < 5; ++i) {
      const auto server = f.serve([&](Exchange& e) {
        e.skip_body(after);
        refuse(e);
      });
      check_is_refused_early(f);
    }
  }
}

TEST_CASE_TEMPLATE("upload: refused and reset while the body goes out", T, PlainServers,
                   TlsServers) {
  UploadFixture f(T::kTls);
  f.set_large_recording(kLarge);
  for (const std::uint64_t after : {std::uint64_t{0}, std::uint64_t{1}, kMiB, 20 * kMiB}) {
    CAPTURE(after);
    for (int i = 0; i < 5; ++i) {
      const auto server = f.serve([&](Exchange& e) {
        e.skip_body(after);
        refuse(e);
        e.reset();
      });
      check_is_refused_early(f);
    }
  }
}

TEST_CASE_TEMPLATE("upload: refused by a server that goes on reading", T, PlainServers,
                   TlsServers) {
  UploadFixture f(T::kTls);
  f.set_large_recording(kLarge);
  bool whole = true;
  {
    const auto server = f.serve([&](Exchange& e) {
      e.skip_body(kMiB);
      refuse(e);
      whole = e.skip_body();
    });
    check_is_refused_early(f);
  }
  CHECK_FALSE(whole);
}

// How far an attempt has come, for a server's thread.
class Progress {
 public:
  void move() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++moves_;
    changed_.notify_all();
  }
  // Until it has begun and gets no further.
  void wait_for_stall() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (int seen = 0;; seen = moves_) {
      const auto moved = [&] { return moves_ != seen; };
      if (!changed_.wait_for(lock, std::chrono::milliseconds(100), moved) && seen > 0) return;
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int moves_ = 0;
};

TEST_CASE_TEMPLATE("upload: refused by a server that reads nothing and stays", T, PlainServers,
                   TlsServers) {
  UploadFixture f(T::kTls);
  f.set_large_recording(kLarge);
  Progress progress;
  f.notes.sent_hook = [&](std::uint64_t) { progress.move(); };
  std::unique_ptr<HttpServer> server;
  std::promise<void> over;  // goes before the server, whose thread waits for that
  server = f.serve([&, done = over.get_future().share()](Exchange& e) {
    progress.wait_for_stall();
    // In pieces, of which the first does not tell yet what it will be.
    e.send("HTTP/1.1 ");
    e.send("413 Payload Too Large\r\nContent-Length: 12\r\n\r\nat most ");
    e.send("1 MB");
    done.wait();
  });
  const auto before = std::chrono::steady_clock::now();
  check_is_refused_early(f);
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::milliseconds(f.timeouts.idle_ms));
}

TEST_CASE("upload: refused before it asked for anything") {
  UploadFixture f;
  f.set_large_recording(kLarge);
  const HttpServer server([](Exchange&) {},
                          [](Fd fd) {
                            auto channel = test::make_plain_channel(std::move(fd));
                            channel->write("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
                            return channel;
                          });
  f.request.server_url = server.url("");
  const UploadOutcome outcome = f.upload();
  REQUIRE_MESSAGE(outcome.answer.has_value(), outcome.error.message);
  CHECK(outcome.answer->status == 503);
  CHECK_FALSE(outcome.body_sent);
}

TEST_CASE_TEMPLATE("upload: every early answer counts", T, PlainServers, TlsServers) {
  UploadFixture f(T::kTls);
  f.set_large_recording(kLarge);
  for (const std::string status : {"201", "302", "401", "404", "500"}) {
    const auto server = f.serve([&](Exchange& e) {
      e.skip_body(kMiB);
      e.respond(status, "", "");
    });
    const UploadOutcome outcome = f.upload();
    REQUIRE_MESSAGE(outcome.answer.has_value(), outcome.error.message);
    CHECK(std::to_string(outcome.answer->status) == status);
    CHECK_FALSE(outcome.body_sent);
  }
}

TEST_CASE_TEMPLATE("upload: informational answers stop nothing", T, PlainServers, TlsServers) {
  UploadFixture f(T::kTls);
  f.set_large_recording(8 * kMiB);
  const auto server = f.serve([](Exchange& e) {
    e.send("HTTP/1.1 100 Con");
    e.skip_body(kMiB);
    e.send("tinue\r\n\r\nHTTP/1.1 102 Processing\r\nX: y\r\n\r\nHTTP/1.1 10");
    e.skip_body(2 * kMiB);
    e.send("2 Processing\r\n\r\n");
    CHECK(e.skip_body());
    e.respond("201 Created", "", "");
  });
  const UploadOutcome outcome = f.upload();
  REQUIRE_MESSAGE(outcome.answer.has_value(), outcome.error.message);
  CHECK(outcome.answer->status == 201);
  CHECK(outcome.body_sent);
}

// Of "\r\n--" BOUNDARY "--\r\n".
std::uint64_t tail_bytes(const Exchange& e) {
  const std::string type = e.header("Content-Type");
  return type.size() - type.find('=') - 1 + 8;
}

TEST_CASE_TEMPLATE("upload: the end waits for the observer", T, PlainServers, TlsServers) {
  UploadFixture f(T::kTls);
  std::promise<bool> quiet;
  f.notes.end_hook = [&] {
    CHECK(quiet.get_future().get());
    return Status();
  };
  const auto server = f.serve([&](Exchange& e) {
    CHECK(e.read_body(e.body_bytes() - tail_bytes(e)));
    quiet.set_value(!e.client_leaves(50));
    CHECK(e.read_body());
    CHECK(e.form().size() == 1);
    e.respond("201 Created", "", "");
  });
  f.set_recording(std::string(300'000, 'x'));
  CHECK(f.answer().status == 201);
  CHECK(f.notes.ends == 1);
}

TEST_CASE_TEMPLATE("upload: an observer that fails keeps the end back", T, PlainServers,
                   TlsServers) {
  UploadFixture f(T::kTls);
  f.notes.end_hook = [] { return system_error("sync the queue", ENOSPC); };
  std::uint64_t missing = 0;
  {
    const auto server = f.serve([&](Exchange& e) {
      CHECK_FALSE(e.read_body());
      missing = e.body_bytes() - e.body().size() - tail_bytes(e);
    });
    const UploadOutcome outcome = f.upload();
    CHECK_FALSE(outcome.answer.has_value());
    CHECK(outcome.error.code == Errc::system);
    CHECK(outcome.error.message == "sync the queue: No space left on device");
    CHECK_FALSE(outcome.body_sent);
  }
  CHECK(missing == 0);
}

TEST_CASE_TEMPLATE("upload: an answer while the observer makes it wait", T, PlainServers,
                   TlsServers) {
  UploadFixture f(T::kTls);
  std::promise<void> answered;
  f.notes.end_hook = [&] {
    answered.get_future().wait();
    return Status();
  };
  const auto server = f.serve([&](Exchange& e) {
    e.skip_body(e.body_bytes() - tail_bytes(e));
    e.respond("403 Forbidden", "", "");
    answered.set_value();
    CHECK_FALSE(e.skip_body());
  });
  const UploadOutcome outcome = f.upload();
  REQUIRE(outcome.answer.has_value());
  CHECK(outcome.answer->status == 403);
  CHECK_FALSE(outcome.body_sent);
}

}  // namespace
}  // namespace asciinemad
