#include "daemon/upload_queue.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "daemon/upload_description.h"
#include "daemon/upload_files.h"
#include "daemon/upload_queue_sqlite.h"
#include "tests/support/sanitized.h"
#include "tests/support/temp_dir.h"
#include "tests/support/upload_samples.h"

namespace asciinemad {
namespace {

using test::dump;
using test::odd_upload;
using test::OpenedQueue;
using test::plain_upload;
using test::TempDir;
using test::write_upload_files;

unsigned mode_of(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777U : 0;
}

bool exists(const std::string& path) { return std::filesystem::exists(path); }

Status apply(const OpenedQueue& opened, std::vector<UploadChange> changes) {
  return opened.queue->apply(changes);
}

// What a queue has after `changes` and a new start.
UploadQueue::Contents stored(const TempDir& dir, std::vector<UploadChange> changes) {
  {
    const OpenedQueue opened(dir);
    REQUIRE(opened.queue != nullptr);
    REQUIRE(apply(opened, std::move(changes)).ok());
  }
  OpenedQueue again(dir);
  REQUIRE(again.queue != nullptr);
  return std::move(again.contents);
}

TEST_CASE("upload queue: a new one is empty and private") {
  const TempDir dir;
  const std::string directory = dir / "state/uploads";
  CHECK_FALSE(UploadQueue::exists(directory));
  UploadQueue::Contents contents;
  const auto queue = UploadQueue::open(directory, "/run/socket", contents);
  REQUIRE(queue.ok());
  CHECK((*queue)->directory() == directory);
  CHECK(contents.items.empty());
  CHECK(contents.servers.empty());
  CHECK(contents.retention == UploadRetention());
  CHECK(contents.next_number == 1);
  CHECK(contents.notice.empty());
  CHECK(mode_of(directory) == 0700);
  for (const char* name : {"/queue.db", "/queue.db-wal", "/lock"}) {
    CHECK(mode_of(directory + name) == 0600);
  }
  CHECK_FALSE(exists(directory + "/queue.db-shm"));
  CHECK(UploadQueue::exists(directory));
}

TEST_CASE("upload queue: every field comes back as it was") {
  const TempDir dir;
  UploadItem odd = odd_upload(2);
  odd.title += "\xff\xc3 not UTF-8";
  const std::vector<UploadItem> items = {plain_upload(1), odd, UploadItem(plain_upload(700))};
  for (const UploadItem& item : items) write_upload_files(dir, item);
  const UploadQueue::Contents contents =
      stored(dir, {items[2], items[1], items[0], UploadServerFacts{"b", -1, INT64_MAX, UINT64_MAX},
                   UploadServerFacts{"a", 1, 2, 3}, UploadRetention{UINT64_MAX, 0}});
  CHECK(dump(contents.items) == dump(items));
  REQUIRE(contents.items.size() == 3);
  CHECK(contents.items[1].title == odd.title);
  CHECK(contents.items[1].server == odd.server);
  CHECK(contents.items[1].notifications.environment == odd.notifications.environment);
  REQUIRE(contents.servers.size() == 2);
  CHECK(contents.servers[0].url == "a");
  CHECK(contents.servers[1].last_success_at_ms == -1);
  CHECK(contents.servers[1].last_rejected_at_ms == INT64_MAX);
  CHECK(contents.servers[1].refused_bytes == UINT64_MAX);
  CHECK(contents.retention == UploadRetention{UINT64_MAX, 0});
  CHECK(contents.next_number == 701);
  CHECK(contents.notice.empty());
}

TEST_CASE("upload queue: all states and visibilities come back") {
  const TempDir dir;
  std::vector<UploadChange> changes;
  for (int i = 0; i < 6; ++i) {
    UploadItem item = plain_upload(static_cast<std::uint64_t>(i) + 1);
    item.state = static_cast<wire::UploadState>(i);
    item.visibility = static_cast<wire::Visibility>(i % 4);
    write_upload_files(dir, item);
    changes.emplace_back(item);
  }
  const UploadQueue::Contents contents = stored(dir, changes);
  REQUIRE(contents.items.size() == 6);
  for (std::size_t i = 0; i < 6; ++i) {
    const UploadItem& item = contents.items[i];
    const int expected = i == 1 ? 0 : static_cast<int>(i);  // uploading is queued again
    CHECK(static_cast<int>(item.state) == expected);
    CHECK(static_cast<std::size_t>(item.visibility) == i % 4);
  }
}

TEST_CASE("upload queue: a number is never used again") {
  const TempDir dir;
  write_upload_files(dir, plain_upload(41));
  CHECK(stored(dir, {plain_upload(41), UploadRemoval{41}}).next_number == 42);
  CHECK(stored(dir, {plain_upload(7), UploadRemoval{7}}).next_number == 42);
  dir.write("50.json", "");
  CHECK(OpenedQueue(dir).contents.next_number == 51);
  CHECK(stored(dir, {UploadRemoval{99}, UploadServerFacts{"a", 1, 2, 3}}).next_number == 42);
}

TEST_CASE("upload queue: later changes replace earlier ones") {
  const TempDir dir;
  write_upload_files(dir, plain_upload(1));
  UploadItem later = plain_upload(1);
  later.title = "later";
  const auto contents = stored(dir, {plain_upload(1), UploadServerFacts{"a", 1, 2, 3}, later,
                                     UploadServerFacts{"a", 4, 5, 6}});
  REQUIRE(contents.items.size() == 1);
  CHECK(contents.items[0].title == "later");
  REQUIRE(contents.servers.size() == 1);
  CHECK(contents.servers[0].refused_bytes == 6);
}

TEST_CASE("upload queue: one process has it") {
  const TempDir dir;
  OpenedQueue first(dir, "/run/a much longer path/of the first");
  REQUIRE(first.queue != nullptr);
  const OpenedQueue second(dir);
  REQUIRE(second.queue == nullptr);
  CHECK(second.error.code == Errc::busy);
  CHECK(second.error.message == "/run/a much longer path/of the first");
  REQUIRE(apply(first, {plain_upload(1), UploadRemoval{1}}).ok());
  first.queue.reset();
  CHECK(OpenedQueue(dir, "/run/third").queue != nullptr);
  CHECK(dir.read("lock") == "/run/third");
}

TEST_CASE("upload queue: an attempt that a crash ended is made again") {
  const TempDir dir;
  UploadItem sending = plain_upload(1);
  sending.state = wire::UploadState::uploading;
  sending.next_attempt_at_ms = 5;
  sending.wait_ms = 5;
  UploadItem completing = sending;
  completing.number = 2;
  completing.completing = true;
  UploadItem earlier = sending;
  earlier.number = 3;
  earlier.ambiguous = true;
  for (const UploadItem& item : {sending, completing, earlier}) write_upload_files(dir, item);
  for (int i = 0; i < 2; ++i) {
    const std::vector<UploadChange> changes = {sending, completing, earlier};
    const auto contents = stored(dir, i == 0 ? changes : std::vector<UploadChange>());
    REQUIRE(contents.items.size() == 3);
    for (const UploadItem& item : contents.items) {
      CHECK(item.state == wire::UploadState::queued);
      CHECK_FALSE(item.completing);
      CHECK(item.ambiguous == (item.number != 1));
      CHECK(item.next_attempt_at_ms == 0);
      CHECK(item.wait_ms == 0);
    }
  }
  // Stored, so that another crash can't forget it.
  auto database = Database::open(dir / "queue.db");
  REQUIRE(database.ok());
  auto query = Statement::prepare(*database,
                                  "SELECT sum(state = 'queued'), sum(ambiguous), "
                                  "sum(completing) FROM items");
  REQUIRE((query.ok() && query->step().ok()));
  for (const std::int64_t expected : {std::int64_t{3}, std::int64_t{2}, std::int64_t{0}}) {
    std::int64_t found = -1;
    CHECK(query->read(found));
    CHECK(found == expected);
  }
}

TEST_CASE("upload queue: files that are no item's are removed") {
  const TempDir dir;
  UploadItem without_copy = plain_upload(2);
  without_copy.state = wire::UploadState::done;
  without_copy.has_file = false;
  { CHECK(stored(dir, {plain_upload(1), without_copy}).items.size() == 2); }
  write_upload_files(dir, plain_upload(2));
  write_upload_files(dir, plain_upload(3));
  dir.write("4.cast", "");
  for (const char* name : {"5.cast.tmp", "5.json.tmp", "x.tmp", "note", "007.cast", "8.cast.gz"}) {
    dir.write(name, "");
  }
  CHECK(stored(dir, {}).items.size() == 2);
  for (const char* name :
       {"2.cast", "3.cast", "3.json", "4.cast", "5.cast.tmp", "5.json.tmp", "x.tmp"}) {
    CAPTURE(name);
    CHECK_FALSE(exists(dir / name));
  }
  for (const char* name : {"2.json", "note", "007.cast", "8.cast.gz"}) {
    CAPTURE(name);
    CHECK(exists(dir / name));
  }
}

TEST_CASE("upload queue: an item whose copy is gone fails") {
  const TempDir dir;
  UploadItem done = plain_upload(2);
  done.state = wire::UploadState::done;
  for (int i = 0; i < 2; ++i) {
    const auto contents = stored(dir, i == 0 ? std::vector<UploadChange>{plain_upload(1), done}
                                             : std::vector<UploadChange>());
    REQUIRE(contents.items.size() == 2);
    CHECK(contents.items[0].state == wire::UploadState::failed);
    CHECK(contents.items[0].reason == "the queue's copy is gone: " + (dir / "1.cast"));
    CHECK(contents.items[0].changed_at_ms > 1'700'000'000'000);
    CHECK_FALSE(contents.items[0].has_file);
    CHECK(contents.items[1].state == wire::UploadState::done);
    CHECK_FALSE(contents.items[1].has_file);
  }
}

TEST_CASE("upload queue: files follow what is stored") {
  const TempDir dir;
  for (std::uint64_t number = 1; number <= 3; ++number) {
    write_upload_files(dir, plain_upload(number));
  }
  const OpenedQueue opened(dir);
  UploadItem done = plain_upload(2);
  done.state = wire::UploadState::done;
  done.url = "http://localhost/a/2";
  UploadItem dropped = done;
  dropped.number = 3;
  dropped.has_file = false;
  REQUIRE(apply(opened, {plain_upload(1), done, dropped, UploadRemoval{1}}).ok());
  CHECK_FALSE(exists(dir / "1.cast"));
  CHECK_FALSE(exists(dir / "1.json"));
  CHECK(exists(dir / "2.cast"));
  CHECK_FALSE(exists(dir / "3.cast"));
  const auto description = read_upload_description(dir / "2.json");
  REQUIRE(description.ok());
  CHECK(upload_description(*description) == upload_description(done));
  CHECK(mode_of(dir / "2.json") == 0600);
}

TEST_CASE("upload queue: trouble with the directory is an error and moves nothing") {
  const TempDir dir;
  std::filesystem::create_directory(dir / "queue.db");
  const OpenedQueue opened(dir);
  CHECK(opened.queue == nullptr);
  CHECK(opened.error.code == Errc::system);
  CHECK(opened.error.message == "open " + (dir / "queue.db") + ": Is a directory");
  CHECK(exists(dir / "queue.db"));
}

TEST_CASE("upload queue: a thousand items are read at once") {
  const TempDir dir;
  std::vector<UploadChange> changes;
  for (std::uint64_t number = 1; number <= 1000; ++number) {
    UploadItem item = plain_upload(number);
    item.notifications.environment.assign(30, "SOME_VARIABLE=/some/value/of/a/usual/length");
    dir.write(std::to_string(number) + ".cast", "");
    changes.emplace_back(item);
  }
  {
    const OpenedQueue opened(dir);
    REQUIRE(apply(opened, changes).ok());
  }
  const auto began = std::chrono::steady_clock::now();
  const OpenedQueue opened(dir);
  const auto took = std::chrono::steady_clock::now() - began;
  CHECK(opened.contents.items.size() == 1000);
  const auto took_ms = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
  MESSAGE("1000 items: ", took_ms, " ms");
  CHECK(took_ms < (test::kSanitized ? 1000 : 100));
}

TEST_CASE("upload description: comes back as it was, with U+FFFD for what is not UTF-8") {
  UploadItem odd = odd_upload(9);
  odd.state = wire::UploadState::cancelled;
  const auto parsed = parse_upload_description(upload_description(odd));
  REQUIRE(parsed.ok());
  CHECK(upload_description(*parsed) == upload_description(odd));
  CHECK(parsed->server == odd.server);
  CHECK(parsed->reason == odd.reason);
  CHECK(parsed->notifications.environment == odd.notifications.environment);

  UploadItem item = plain_upload(1);
  item.title = "a\xff z\xc3";
  CHECK(parse_upload_description(upload_description(item)).value().title ==
        "a\xef\xbf\xbd z\xef\xbf\xbd");
}

TEST_CASE("upload description: what makes no sense is refused without showing it") {
  const auto message = [](const std::string& json) {
    const auto parsed = parse_upload_description(json);
    return parsed.ok() ? std::string() : parsed.error().message;
  };
  const auto with = [](const std::string& members) {
    return R"({"number": 1, "server_url": "u", "key": "k", "install_id": "the-secret")" + members +
           "}";
  };
  CHECK(message(with("")).empty());
  CHECK(message(with(R"(, "unheard_of": [1])")).empty());
  CHECK(message("") == "it is not valid JSON");
  CHECK(message("[]") == "it is not valid JSON");
  CHECK(message("{}") == "it has no number");
  CHECK(message(R"({"number": 1})") == "it has no server or key");
  CHECK(message(with(R"(, "state": "unheard of")")) == "it has no sensible \"state\"");
  CHECK(message(with(R"(, "state": 1)")) == "it has no sensible \"state\"");
  CHECK(message(with(R"(, "attempts": 4294967296)")) == "it has no sensible \"attempts\"");
  CHECK(message(with(R"(, "attempts": -1)")) == "it has no sensible \"attempts\"");
  CHECK(message(with(R"(, "last_status": -2147483649)")) == "it has no sensible \"last_status\"");
  CHECK(message(with(R"(, "has_file": 1)")) == "it has no sensible \"has_file\"");
  CHECK(message(with(R"(, "notify_environment": [1])")) ==
        "it has no sensible \"notify_environment\"");
  const std::string whole = upload_description(plain_upload(1));
  for (std::size_t size = 0; size + 2 < whole.size(); ++size) {
    CHECK(message(whole.substr(0, size)) == "it is not valid JSON");
  }
}

}  // namespace
}  // namespace asciinemad
