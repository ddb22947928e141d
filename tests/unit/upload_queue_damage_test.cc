// The upload queue with a database that is lost or spoilt.

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "daemon/upload_description.h"
#include "daemon/upload_files.h"
#include "daemon/upload_queue.h"
#include "daemon/upload_queue_sqlite.h"
#include "tests/support/seed.h"
#include "tests/support/temp_dir.h"
#include "tests/support/upload_samples.h"

namespace asciinemad {
namespace {

using test::odd_upload;
using test::OpenedQueue;
using test::plain_upload;
using test::TempDir;
using test::write_upload_files;

bool exists(const std::string& path) { return std::filesystem::exists(path); }

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

UploadItem done_upload(std::uint64_t number) {
  UploadItem item = plain_upload(number);
  item.state = wire::UploadState::done;
  item.url = "http://localhost/a/2";
  return item;
}

// 1 is queued, 2 done, 3 held.
std::vector<UploadItem> fixture_items() { return {plain_upload(1), done_upload(2), odd_upload(3)}; }

// A queue with these items, and their files.
class Fixture {
 public:
  Fixture() {
    for (const UploadItem& item : {plain_upload(1), plain_upload(2), odd_upload(3)}) {
      write_upload_files(dir, item);
    }
    const OpenedQueue opened(dir);
    REQUIRE(opened.queue != nullptr);
    // Opened as beside a lost database, so the items were there already.
    std::vector<UploadChange> changes = {UploadServerFacts{"a", 1, 2, 3}};
    for (const UploadItem& item : fixture_items()) changes.emplace_back(item);
    REQUIRE(opened.queue->apply(changes).ok());
  }

  void run(const std::string& sql) const {
    auto database = Database::open(dir / "queue.db");
    REQUIRE(database.ok());
    REQUIRE(database->trust().ok());
    const Status done = database->run(sql.c_str());
    CAPTURE(sql);
    REQUIRE(done.ok());
  }

  TempDir dir;
};

// Of a queue that was made anew from the fixture's files.
void check_made_anew(const OpenedQueue& opened) {
  REQUIRE_MESSAGE(opened.queue != nullptr, opened.error.message);
  const UploadQueue::Contents& contents = opened.contents;
  REQUIRE(contents.items.size() == 3);
  std::vector<UploadItem> expected = fixture_items();
  expected[0].ambiguous = true;
  expected[2].next_attempt_at_ms = 0;
  expected[2].wait_ms = 0;
  CHECK(test::dump(contents.items) == test::dump(expected));
  CHECK(contents.next_number == 4);
  CHECK_FALSE(contents.notice.empty());
  CHECK_FALSE(contains(contents.notice, "secret"));
}

void check_moved_aside(const OpenedQueue& opened, std::string_view reason) {
  check_made_anew(opened);
  const std::string& notice = opened.contents.notice;
  CAPTURE(notice);
  CHECK(notice.starts_with("The database of the upload queue was unusable ("));
  CHECK(contains(notice, reason));
  CHECK(contains(notice, "/queue.db.damaged-1. The queue was made anew"));
  CHECK(contains(notice, "with 3 uploads;"));
}

TEST_CASE("upload queue: a database that is garbage is moved aside") {
  const Fixture f;
  const std::string garbage(20'480, '#');
  f.dir.write("queue.db", garbage);
  {
    const OpenedQueue opened(f.dir);
    check_moved_aside(opened, "file is not a database");
    CHECK(f.dir.read("queue.db.damaged-1") == garbage);
    struct stat info {};
    REQUIRE(::stat((f.dir / "queue.db").c_str(), &info) == 0);
    CHECK((info.st_mode & 07777U) == 0600);
  }
  // What was made anew is whole, and the next that is damaged gets a name of its own.
  CHECK(OpenedQueue(f.dir).contents.notice.empty());
  f.dir.write("queue.db", garbage + garbage);
  CHECK(contains(OpenedQueue(f.dir).contents.notice, "/queue.db.damaged-2."));
  CHECK(f.dir.read("queue.db.damaged-1") == garbage);
  CHECK(f.dir.read("queue.db.damaged-2") == garbage + garbage);
}

TEST_CASE("upload queue: a lost database is made anew from the files") {
  const Fixture f;
  std::filesystem::remove(f.dir / "queue.db");
  {
    const OpenedQueue opened(f.dir);
    check_made_anew(opened);
    CHECK(contains(opened.contents.notice, "was missing. The queue was made anew"));
  }
  CHECK(OpenedQueue(f.dir).contents.notice.empty());
  CHECK_FALSE(exists(f.dir / "queue.db.damaged-1"));
}

TEST_CASE("upload queue: making it anew that was cut short is begun again") {
  const Fixture f;
  std::filesystem::remove(f.dir / "queue.db");
  auto database = Database::open(f.dir / "queue.db");
  REQUIRE((database.ok() && database->trust().ok()));
  std::string beginning = "BEGIN; CREATE TABLE items(number INTEGER PRIMARY KEY) STRICT;";
  REQUIRE(database->run(beginning.c_str()).ok());
  database = Error();
  check_made_anew(OpenedQueue(f.dir));
}

TEST_CASE("upload queue: a database of a newer version is moved aside as it is") {
  const Fixture f;
  f.run("CREATE TABLE news(x); PRAGMA user_version = 99");
  const std::string before = f.dir.read("queue.db");
  check_moved_aside(OpenedQueue(f.dir), "it is of a newer version of asciinemad: 99");
  CHECK(f.dir.read("queue.db.damaged-1") == before);
}

// Database and log as a crash after `changes`, each stored by itself, leaves them.
void crash_after(const Fixture& f, const std::vector<UploadChange>& changes) {
  for (const char* name : {"queue.db", "queue.db-wal"}) std::filesystem::remove(f.dir / name);
  // The names of the copies come back once the queue is closed.
  {
    const OpenedQueue opened(f.dir);
    REQUIRE(opened.queue != nullptr);
    for (const UploadChange& change : changes) {
      REQUIRE(opened.queue->apply(std::vector<UploadChange>{change}).ok());
    }
    std::filesystem::copy(f.dir / "queue.db", f.dir / "copy.db");
    std::filesystem::copy(f.dir / "queue.db-wal", f.dir / "copy.db-wal");
  }
  std::filesystem::rename(f.dir / "copy.db", f.dir / "queue.db");
  std::filesystem::rename(f.dir / "copy.db-wal", f.dir / "queue.db-wal");
}

TEST_CASE("upload queue: a log goes with its database") {
  const Fixture f;
  crash_after(f, {UploadItem(plain_upload(1)), UploadRetention{UINT64_MAX, 0}});
  CHECK(OpenedQueue(f.dir).contents.notice.empty());

  crash_after(f, {});
  // Half of a page: what the log does not have of it is no reason to doubt it.
  f.dir.write("queue.db", f.dir.read("queue.db").substr(0, 2048));
  CHECK(OpenedQueue(f.dir).contents.notice.empty());

  UploadItem odd = plain_upload(1);
  odd.number = 0;
  crash_after(f, {odd});
  const std::string odd_log = f.dir.read("queue.db-wal");
  check_moved_aside(OpenedQueue(f.dir), "an item's number");
  CHECK(f.dir.read("queue.db.damaged-1-wal") == odd_log);

  // Moving aside that was cut short.
  crash_after(f, {UploadRetention{1, 2}});
  std::filesystem::remove(f.dir / "queue.db");
  const OpenedQueue opened(f.dir);
  check_made_anew(opened);
  CHECK(opened.contents.retention == UploadRetention());
}

TEST_CASE("upload queue: a damaged log loses no item") {
  const Fixture f;
  std::vector<UploadChange> changes(3, UploadRetention{1, 2});
  crash_after(f, changes);
  const std::string database = f.dir.read("queue.db");
  const std::string log = f.dir.read("queue.db-wal");
  REQUIRE(log.size() > std::size_t{3} * 4120);
  const std::vector<std::size_t> places = {0, 9, 20, 31, 32, 40, 48, 60, 4100, 4160};
  for (const std::size_t at : places) {
    CAPTURE(at);
    std::string spoilt = log;
    spoilt[at] ^= 1;
    f.dir.write("queue.db", database);
    f.dir.write("queue.db-wal", spoilt);
    const OpenedQueue opened(f.dir);
    check_made_anew(opened);
    CHECK(contains(opened.contents.notice, "unusable (its write-ahead log is damaged) and"));
  }
  // An end that was written by halves is none.
  for (std::size_t size = log.size() - 4120; size <= log.size(); size += 515) {
    CAPTURE(size);
    f.dir.write("queue.db", database);
    f.dir.write("queue.db-wal", log.substr(0, size) + std::string(log.size() - size, '\0'));
    CHECK(OpenedQueue(f.dir).contents.notice.empty());
  }
}

TEST_CASE("upload queue: content that makes no sense") {
  struct Case {
    const char* sql;
    const char* reason;
  };
  const Case cases[] = {
      {"UPDATE items SET state = 'odd' WHERE number = 2", "item 2 has no sensible state"},
      {"UPDATE items SET visibility = '' WHERE number = 1", "item 1 has no sensible visibility"},
      {"UPDATE items SET attempts = -1", "item 1 has no sensible attempts"},
      {"UPDATE items SET attempts = 4294967296", "item 1 has no sensible attempts"},
      {"UPDATE items SET has_file = 2", "item 1 has no sensible has_file"},
      {"UPDATE items SET last_status = 2147483648", "item 1 has no sensible last_status"},
      {"UPDATE items SET notify_environment = x'41'", "item 1 has no sensible notify_environment"},
      {"UPDATE items SET number = -5 WHERE number = 3", "an item's number"},
      {"UPDATE items SET number = 1000000000000000 WHERE number = 3", "an item's number"},
      {"UPDATE settings SET last_number = -1", "its settings make no sense"},
      {"DELETE FROM settings", "it has no settings"},
      {"DROP TABLE servers", "no such table: servers"},
      {"ALTER TABLE items DROP COLUMN title", "no such column: title"},
      {"DROP TABLE items; CREATE TABLE items(x)", "no such column: number"},
      {"PRAGMA user_version = 0", "it is not an upload queue"},
      {"PRAGMA user_version = -1", "it is not an upload queue"},
      {"DROP TABLE items; CREATE VIEW items AS SELECT 1 AS number", "no such column: state"},
  };
  for (const Case& spoilt : cases) {
    CAPTURE(spoilt.sql);
    const Fixture f;
    f.run(spoilt.sql);
    check_moved_aside(OpenedQueue(f.dir), spoilt.reason);
  }
}

TEST_CASE("upload queue: a database cut at any length loses no item") {
  const Fixture f;
  const std::string whole = f.dir.read("queue.db");
  REQUIRE(whole.size() > 16'384);
  std::vector<std::size_t> sizes = {0,   1,   15,   16,   99,   100,  101,
                                    511, 512, 1023, 4095, 4096, 4097, whole.size() - 1};
  for (std::size_t size = 8192; size < whole.size(); size += 8192) sizes.push_back(size);
  for (const std::size_t size : sizes) {
    CAPTURE(size);
    const Fixture other;
    other.dir.write("queue.db", whole.substr(0, size));
    const OpenedQueue opened(other.dir);
    REQUIRE_MESSAGE(opened.queue != nullptr, opened.error.message);
    // What is cut off at the end may have been of no use.
    if (opened.contents.notice.empty() && size + 4096 > whole.size()) {
      CHECK(test::dump(opened.contents.items) == test::dump(fixture_items()));
    } else {
      check_made_anew(opened);
      if (size > 0) CHECK(other.dir.read("queue.db.damaged-1") == whole.substr(0, size));
    }
  }
}

TEST_CASE("upload queue: spoilt bytes in the database lose no item") {
  std::mt19937 random = test::seeded_random();
  const Fixture f;
  const std::string whole = f.dir.read("queue.db");
  int noticed = 0;
  for (int round = 0; round < 150; ++round) {
    // The header of the file, and those of its pages, where all else hangs from; then anything.
    const std::size_t page =
        round % 3 == 0 ? 0 : test::random_number(random, 0, whole.size() / 4096 - 1);
    const std::size_t offset = test::random_number(random, 0, round % 3 == 2 ? 4095 : 108);
    std::string spoilt = whole;
    spoilt[page * 4096 + offset] ^= static_cast<char>(test::random_number(random, 1, 255));
    f.dir.write("queue.db", spoilt);
    const OpenedQueue opened(f.dir);
    CAPTURE(page);
    CAPTURE(offset);
    REQUIRE_MESSAGE(opened.queue != nullptr, opened.error.message);
    CHECK(opened.contents.items.size() == 3);
    const std::vector<UploadChange> changes = {UploadRetention{1, 2}};
    const Status applied = opened.queue->apply(changes);
    CHECK_MESSAGE(applied.ok(), applied.error().message);
    noticed += opened.contents.notice.empty() ? 0 : 1;
  }
  MESSAGE("noticed: ", noticed);
  CHECK(noticed > 10);
}

TEST_CASE("upload queue: made anew where descriptions are lost too") {
  const Fixture f;
  f.dir.write("1.json", "{");
  std::filesystem::remove(f.dir / "2.json");
  (void)write_upload_description(f.dir.path(), plain_upload(4), false);  // no recording
  (void)write_upload_description(f.dir.path(), done_upload(5), false);   // no recording
  std::filesystem::copy(f.dir / "3.json", f.dir / "6.json");             // another's
  f.dir.write("6.cast", "recording 6");
  f.dir.write("7.json", "{");  // and no recording
  f.dir.write("8.cast.tmp", "");
  std::filesystem::remove(f.dir / "queue.db");
  const OpenedQueue opened(f.dir);
  REQUIRE(opened.queue != nullptr);
  const std::vector<UploadItem>& items = opened.contents.items;
  REQUIRE(items.size() == 6);
  for (const std::size_t i : {std::size_t{0}, std::size_t{1}, std::size_t{5}}) {
    const std::string path = upload_recording_path(f.dir.path(), items[i].number);
    CAPTURE(path);
    CHECK(items[i].state == wire::UploadState::held);
    CHECK(items[i].has_file);
    CHECK(items[i].bytes == 11);
    CHECK(items[i].queued_at_ms > 1'700'000'000'000);
    CHECK(items[i].reason == "its description is lost, and with it the server it was for");
    CHECK(items[i].advice == "asciinema upload " + path);
    CHECK(exists(path));
  }
  CHECK(items[3].number == 4);
  CHECK(items[3].state == wire::UploadState::failed);
  CHECK(contains(items[3].reason, "4.cast"));
  CHECK(items[4].state == wire::UploadState::done);
  CHECK_FALSE(items[4].has_file);
  CHECK(items[5].number == 6);
  CHECK_FALSE(exists(f.dir / "7.json"));
  CHECK_FALSE(exists(f.dir / "8.cast.tmp"));
  CHECK(opened.contents.next_number == 8);
}

TEST_CASE("upload queue: what was under way is ambiguous after a loss") {
  const TempDir dir;
  UploadItem item = plain_upload(1);
  item.state = wire::UploadState::uploading;
  item.next_attempt_at_ms = 5;
  item.wait_ms = 5;
  write_upload_files(dir, item);
  const OpenedQueue opened(dir);
  REQUIRE(opened.contents.items.size() == 1);
  CHECK(opened.contents.items[0].state == wire::UploadState::queued);
  CHECK(opened.contents.items[0].ambiguous);
  CHECK(opened.contents.items[0].next_attempt_at_ms == 0);
  CHECK(opened.contents.items[0].wait_ms == 0);
}

}  // namespace
}  // namespace asciinemad
