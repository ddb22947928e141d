// What happens to uploads and when, with a server that does as it is told.
#include "daemon/upload_engine.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "daemon/upload_files.h"
#include "tests/support/loop_driver.h"
#include "tests/support/temp_dir.h"

namespace asciinemad {
namespace {

using test::LoopDriver;
using test::TempDir;
using State = wire::UploadState;

const std::string kServer = "https://example.com";

UploadOutcome answered(int status, std::string body = "") {
  UploadOutcome outcome;
  outcome.answer.emplace();
  outcome.answer->status = status;
  outcome.answer->content_type = "application/json";
  outcome.answer->body = std::move(body);
  outcome.body_sent = true;
  return outcome;
}

UploadOutcome created() { return answered(201, R"({"url": "https://example.com/a/1"})"); }

UploadOutcome lost(bool body_sent) {
  UploadOutcome outcome;
  outcome.error = Error{Errc::unavailable, "the connection ended early"};
  outcome.body_sent = body_sent;
  return outcome;
}

// Stands in for HTTP. Attempts come in threads; each gets its outcome from `respond`.
struct FakeServer {
  using Respond =
      std::function<UploadOutcome(const UploadRequest&, UploadObserver&, int cancel_fd)>;

  static FakeServer& instance() {
    static FakeServer server;
    return server;
  }
  static UploadOutcome upload(const UploadRequest& request, UploadObserver& observer,
                              const HttpTimeouts& /*timeouts*/, int cancel_fd) {
    Respond respond;
    {
      const std::lock_guard<std::mutex> lock(instance().mutex);
      instance().keys.push_back(request.key);
      respond = instance().respond;
    }
    return respond(request, observer, cancel_fd);
  }

  std::mutex mutex;
  std::vector<std::string> keys;  // of all attempts, in their order
  int ended = 0;                  // requests that were sent to their end
  Respond respond;
};

Status send_the_end(UploadObserver& observer) {
  TRY(observer.before_end());
  {
    const std::lock_guard<std::mutex> lock(FakeServer::instance().mutex);
    ++FakeServer::instance().ended;
  }
  observer.on_sent(5);
  return {};
}

UploadOutcome accept(const UploadRequest& /*request*/, UploadObserver& observer, int /*cancel*/) {
  Status permission = send_the_end(observer);
  if (permission.ok()) return created();
  UploadOutcome outcome;
  outcome.error = permission.take_error();
  return outcome;
}

// Neither answers nor takes anything, until it is cancelled.
UploadOutcome hang(const UploadRequest& /*request*/, UploadObserver& /*observer*/, int cancel_fd) {
  char byte = 0;
  while (::read(cancel_fd, &byte, 1) < 0) {
  }
  UploadOutcome outcome;
  outcome.error = Error{Errc::cancelled, "cancelled"};
  return outcome;
}

UploadOutcome hang_after_the_end(const UploadRequest& request, UploadObserver& observer,
                                 int cancel_fd) {
  const Status permission = send_the_end(observer);
  UploadOutcome outcome = hang(request, observer, cancel_fd);
  outcome.body_sent = permission.ok();
  return outcome;
}

struct EngineFixture final : UploadEngine::Listener {
  EngineFixture() {
    FakeServer& server = FakeServer::instance();
    server.keys.clear();
    server.ended = 0;
    server.respond = accept;
    open();
  }

  void on_uploads_opened(const Status& status) override { opened = status; }
  void on_upload_stored(std::uint64_t ticket, const Status& status) override {
    stored.emplace(ticket, status);
  }
  void on_upload_changed(const UploadItem& item) override {
    states[item.number].push_back(item.state);
  }
  void on_uploads_busy_changed() override {}

  void open() {
    opened.reset();
    engine = std::make_unique<UploadEngine>(
        UploadEngine::Context{loop, graveyard, clock, FakeServer::upload, directory, "/socket"},
        *this);
    engine->open();
    driver.run_until([this] { return opened.has_value(); });
    REQUIRE_MESSAGE(opened->ok(), opened->error().message);
  }
  // As another process would find the queue: what has not been stored is lost with this one.
  void restart() {
    engine.reset();
    open();
  }
  static void respond(FakeServer::Respond with) {
    const std::lock_guard<std::mutex> lock(FakeServer::instance().mutex);
    FakeServer::instance().respond = std::move(with);
  }
  static std::vector<std::string> keys() {
    const std::lock_guard<std::mutex> lock(FakeServer::instance().mutex);
    return FakeServer::instance().keys;
  }

  UploadItem make(const std::string& server = kServer) const {
    UploadItem item;
    item.number = engine->take_number();
    item.server.url = server;
    item.server.install_id = "id";
    item.key = "key" + std::to_string(item.number);
    item.bytes = 5;
    item.interactive = true;
    item.queued_at_ms = item.changed_at_ms = time_of_day_ms();
    dir.write("queue/" + std::to_string(item.number) + ".cast", "hello");
    return item;
  }
  std::uint64_t add(UploadItem item) {
    const std::uint64_t number = item.number;
    wait_for_ticket(engine->add(std::move(item), {}));
    return number;
  }
  std::uint64_t add() { return add(make()); }
  void wait_for_ticket(std::uint64_t ticket) {
    driver.run_until([&] { return stored.contains(ticket); });
    REQUIRE(stored.at(ticket).ok());
  }
  void wait_for_ticket(const Result<std::uint64_t>& ticket) {
    REQUIRE_MESSAGE(ticket.ok(), ticket.error().message);
    wait_for_ticket(*ticket);
  }
  const UploadItem& wait_for(std::uint64_t number, State state) {
    driver.run_until([&] {
      const UploadItem* item = engine->find(number);
      return item != nullptr && item->state == state;
    });
    return *engine->find(number);
  }
  void wait_until_completing(std::uint64_t number) {
    driver.run_until([&] {
      const std::lock_guard<std::mutex> lock(FakeServer::instance().mutex);
      return FakeServer::instance().ended == 1;
    });
    CHECK(engine->find(number)->completing);
  }
  bool has_copy(std::uint64_t number) const {
    return ::access(upload_recording_path(directory, number).c_str(), F_OK) == 0;
  }

  TempDir dir;
  std::string directory = dir / "queue";
  SystemClock clock;
  uv::Loop loop;
  uv::Graveyard graveyard{loop};
  LoopDriver driver{loop};
  std::optional<Status> opened;
  std::map<std::uint64_t, Status> stored;
  std::map<std::uint64_t, std::vector<State>> states;
  std::unique_ptr<UploadEngine> engine;
};

TEST_CASE("upload engine: a recording arrives") {
  EngineFixture f;
  const std::uint64_t number = f.add();
  const UploadItem& item = f.wait_for(number, State::done);
  CHECK(item.url == "https://example.com/a/1");
  CHECK(item.attempts == 1);
  CHECK_FALSE(item.ambiguous);
  CHECK_FALSE(item.completing);
  CHECK(f.engine->facts(kServer)->last_success_at_ms >= item.queued_at_ms);
  f.restart();
  CHECK(f.engine->find(number)->state == State::done);
  CHECK(f.engine->find(number)->url == "https://example.com/a/1");
  CHECK(f.has_copy(number));
  CHECK(EngineFixture::keys().size() == 1);
}

TEST_CASE("upload engine: what gets no answer is tried again, with the same key") {
  EngineFixture f;
  EngineFixture::respond([](const auto&, auto&, int) { return lost(false); });
  const std::uint64_t number = f.add();
  f.driver.run_until([&] { return EngineFixture::keys().size() >= 2; });
  EngineFixture::respond(accept);
  const UploadItem& item = f.wait_for(number, State::done);
  CHECK(item.attempts >= 3);
  CHECK_FALSE(item.ambiguous);
  for (const std::string& key : EngineFixture::keys()) CHECK(key == "key1");
}

TEST_CASE("upload engine: an answer that got lost makes an upload ambiguous") {
  EngineFixture f;
  EngineFixture::respond(
      [](const auto&, UploadObserver& observer, int) { return lost(observer.before_end().ok()); });
  const std::uint64_t number = f.add();
  f.driver.run_until([&] { return f.engine->find(number)->ambiguous; });
  EngineFixture::respond(accept);
  CHECK(f.wait_for(number, State::done).ambiguous);
}

TEST_CASE("upload engine: the daemon's death before the end of the request leaves no doubt") {
  EngineFixture f;
  EngineFixture::respond(hang);
  const std::uint64_t number = f.add();
  f.wait_for(number, State::uploading);
  EngineFixture::respond(accept);
  f.restart();
  CHECK_FALSE(f.wait_for(number, State::done).ambiguous);
}

TEST_CASE("upload engine: the daemon's death behind the end of the request is remembered") {
  EngineFixture f;
  EngineFixture::respond(hang_after_the_end);
  const std::uint64_t number = f.add();
  f.wait_until_completing(number);
  EngineFixture::respond(accept);
  f.restart();
  CHECK(f.engine->find(number)->ambiguous);
  CHECK(f.wait_for(number, State::done).ambiguous);
  CHECK(EngineFixture::keys() == std::vector<std::string>{"key1", "key1"});
}

TEST_CASE("upload engine: two at a time for a server, the newest that somebody waits for first") {
  EngineFixture f;
  EngineFixture::respond(hang);
  const std::uint64_t first = f.add();
  const std::uint64_t second = f.add();
  f.wait_for(second, State::uploading);
  UploadItem background = f.make();
  background.interactive = false;
  const std::uint64_t third = f.add(std::move(background));
  const std::uint64_t fourth = f.add();
  const std::uint64_t fifth = f.add();
  const std::uint64_t other = f.add(f.make("https://example.org"));
  f.wait_for(other, State::uploading);
  for (const std::uint64_t number : {third, fourth, fifth}) {
    CHECK(f.engine->find(number)->state == State::queued);
  }
  f.wait_for_ticket(f.engine->cancel(first));
  f.wait_for(fifth, State::uploading);
  f.wait_for_ticket(f.engine->cancel(second));
  f.wait_for(fourth, State::uploading);
  f.wait_for_ticket(f.engine->cancel(fourth));
  f.wait_for(third, State::uploading);
}

TEST_CASE("upload engine: a rejected install id holds all of that server, until something helps") {
  EngineFixture f;
  EngineFixture::respond(hang);
  const std::uint64_t other = f.add(f.make("https://example.org"));
  const std::uint64_t busy1 = f.add();
  const std::uint64_t busy2 = f.add();
  const std::uint64_t waiting = f.add();
  f.wait_for(busy2, State::uploading);
  EngineFixture::respond([](const auto&, auto&, int) { return answered(401); });
  f.wait_for_ticket(f.engine->cancel(busy1));
  CHECK(f.wait_for(waiting, State::held).unauthorized);
  CHECK(f.engine->facts(kServer)->last_rejected_at_ms > 0);
  CHECK(f.engine->find(other)->state == State::uploading);

  SUBCASE("a retry of another one of them, which takes over the new settings") {
    const std::uint64_t late = f.add();
    f.wait_for(late, State::held);
    EngineFixture::respond(accept);
    wire::UploadServer server = f.engine->find(late)->server;
    server.install_id = "new";
    f.wait_for_ticket(f.engine->retry(late, server));
    CHECK(f.wait_for(waiting, State::done).server.install_id == "new");
    f.wait_for(late, State::done);
  }
  SUBCASE("linking the install id") {
    EngineFixture::respond(accept);
    f.engine->release(f.engine->find(waiting)->server);
    f.wait_for(waiting, State::done);
  }
  SUBCASE("the success of a new upload") {
    EngineFixture::respond(accept);
    f.add();
    f.wait_for(waiting, State::done);
  }
}

TEST_CASE("upload engine: a refusal is the end, and what was learned from it is kept") {
  EngineFixture f;
  EngineFixture::respond([](const auto&, auto&, int) { return answered(413); });
  UploadItem large = f.make();
  large.bytes = 1000;
  const std::uint64_t number = f.add(std::move(large));
  CHECK_FALSE(f.wait_for(number, State::failed).reason.empty());
  f.restart();
  CHECK(f.engine->find(number)->state == State::failed);
  CHECK(f.engine->facts(kServer)->refused_bytes == 1000);
  CHECK(f.has_copy(number));
}

TEST_CASE("upload engine: cancelling, forgetting and what cannot be done") {
  EngineFixture f;
  EngineFixture::respond(hang_after_the_end);
  const std::uint64_t number = f.add();
  f.wait_until_completing(number);
  CHECK(f.engine->forget(number).error().code == Errc::invalid_argument);
  CHECK(f.engine->retry(number, {}).error().code == Errc::invalid_argument);
  CHECK(f.engine->cancel(number + 1).error().code == Errc::not_found);
  CHECK(f.engine->retry(number + 1, {}).error().code == Errc::not_found);
  CHECK(f.engine->forget(number + 1).error().code == Errc::not_found);
  f.wait_for_ticket(f.engine->cancel(number));
  CHECK(f.engine->find(number)->state == State::cancelled);
  CHECK_FALSE(f.engine->busy());
  CHECK(f.has_copy(number));
  f.wait_for_ticket(f.engine->forget(number));
  CHECK(f.engine->find(number) == nullptr);
  CHECK_FALSE(f.has_copy(number));
  EngineFixture::respond(accept);
  const std::uint64_t done = f.add();
  CHECK(done > number);
  f.wait_for(done, State::done);
  CHECK(f.engine->cancel(done).error().code == Errc::invalid_argument);
  CHECK(f.engine->retry(done, {}).error().code == Errc::invalid_argument);
}

TEST_CASE("upload engine: a cancelled one can be tried again") {
  EngineFixture f;
  EngineFixture::respond(hang);
  const std::uint64_t number = f.add();
  f.wait_for(number, State::uploading);
  f.wait_for_ticket(f.engine->cancel(number));
  EngineFixture::respond(accept);
  f.wait_for_ticket(f.engine->retry(number, f.engine->find(number)->server));
  CHECK_FALSE(f.wait_for(number, State::done).ambiguous);
}

TEST_CASE("upload engine: a server in trouble is not asked for each recording") {
  EngineFixture f;
  EngineFixture::respond([](const auto&, auto&, int) { return lost(false); });
  for (int i = 0; i < 20; ++i) {
    UploadItem item = f.make();
    item.interactive = false;
    f.engine->add(std::move(item), {});
  }
  // The last one is stored, so all of them are due.
  f.driver.run_until([&] { return f.engine->find(20) != nullptr; });
  f.driver.run_until([&] { return EngineFixture::keys().size() >= 4; });
  // Each try doubles what all of them wait for.
  CHECK(EngineFixture::keys().size() < 10);
  SUBCASE("but whoever waits is told what the matter is") {
    const std::uint64_t number = f.add();
    f.driver.run_until([&] { return f.engine->find(number)->attempts == 1; });
  }
  SUBCASE("and all go on as soon as it answers") {
    EngineFixture::respond(accept);
    f.wait_for(f.add(), State::done);
    for (std::uint64_t number = 1; number <= 20; ++number) f.wait_for(number, State::done);
  }
}

TEST_CASE("upload engine: winding down waits for an answer, not for the rest") {
  EngineFixture f;
  std::mutex mutex;
  std::condition_variable changed;
  bool answer = false;
  EngineFixture::respond([&](const UploadRequest&, UploadObserver& observer, int) {
    if (!send_the_end(observer).ok()) return lost(false);
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return answer; });
    return created();
  });
  const std::uint64_t completing = f.add();
  f.wait_until_completing(completing);
  EngineFixture::respond(hang);
  const std::uint64_t sending = f.add();
  f.wait_for(sending, State::uploading);
  f.engine->wind_down();
  CHECK(f.engine->busy());
  CHECK(f.engine->find(sending)->state == State::queued);
  {
    const std::lock_guard<std::mutex> lock(mutex);
    answer = true;
    changed.notify_all();
  }
  f.driver.run_until([&] { return !f.engine->busy(); });
  CHECK(f.engine->find(completing)->state == State::done);
  EngineFixture::respond(accept);
  f.restart();
  CHECK(f.engine->find(completing)->state == State::done);
  CHECK_FALSE(f.wait_for(sending, State::done).ambiguous);
}

TEST_CASE("upload engine: what is done is forgotten after its time, and copies beyond a size") {
  EngineFixture f;
  UploadItem item = f.make();
  const std::uint64_t first = item.number;
  f.wait_for_ticket(f.engine->add(std::move(item), {3600, 7}));
  f.wait_for(first, State::done);
  const std::uint64_t second = f.make().number;
  UploadItem next = f.make();
  next.number = second;
  f.wait_for_ticket(f.engine->add(std::move(next), {3600, 7}));
  f.wait_for(second, State::done);
  f.driver.run_until([&] { return !f.engine->find(first)->has_file && !f.has_copy(first); });
  CHECK(f.has_copy(second));
  CHECK(f.engine->find(first)->url == "https://example.com/a/1");
}

TEST_CASE("upload engine: another process has the queue, until it ends") {
  EngineFixture f;
  EngineFixture::respond(hang);
  const std::uint64_t number = f.add();
  struct Other final : UploadEngine::Listener {
    void on_uploads_opened(const Status& status) override { opened = status; }
    void on_upload_stored(std::uint64_t, const Status&) override {}
    void on_upload_changed(const UploadItem&) override {}
    void on_uploads_busy_changed() override {}
    std::optional<Status> opened;
  } other;
  UploadEngine engine({f.loop, f.graveyard, f.clock, FakeServer::upload, f.directory, "/other"},
                      other);
  engine.open();
  f.driver.run_until([&] { return other.opened.has_value(); });
  REQUIRE_FALSE(other.opened->ok());
  CHECK(other.opened->error().code == Errc::busy);
  CHECK(other.opened->error().message == "/socket");
  CHECK(engine.phase() == UploadEngine::Phase::closed);
  CHECK_FALSE(engine.busy());
  other.opened.reset();
  EngineFixture::respond(accept);
  f.engine.reset();
  f.driver.run_until([&] { return other.opened.has_value() && other.opened->ok(); });
  f.driver.run_until([&] { return engine.find(number)->state == State::done; });
}

TEST_CASE("upload engine: what is cancelled or forgotten does not come back by a late outcome") {
  EngineFixture f;
  std::mutex mutex;
  std::condition_variable changed;
  int ready = 0;
  EngineFixture::respond([&](const UploadRequest&, UploadObserver&, int) {
    const std::lock_guard<std::mutex> lock(mutex);
    ++ready;
    changed.notify_all();
    return created();
  });
  const std::uint64_t number = f.add();
  {
    // Its outcome is on the way to the loop, which does not run meanwhile.
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return ready == 1; });
  }
  const Result<std::uint64_t> cancelled = f.engine->cancel(number);
  const Result<std::uint64_t> forgotten = f.engine->forget(number);
  REQUIRE(cancelled.ok());
  f.wait_for_ticket(forgotten);
  CHECK(f.engine->find(number) == nullptr);
  f.restart();
  CHECK(f.engine->find(number) == nullptr);
}

}  // namespace
}  // namespace asciinemad
