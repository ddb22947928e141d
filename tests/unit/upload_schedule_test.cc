#include "daemon/upload_schedule.h"

#include <doctest/doctest.h>

#include <deque>
#include <limits>
#include <string>
#include <vector>

namespace asciinemad {
namespace {

using wire::UploadState;
using Numbers = std::vector<std::uint64_t>;

constexpr std::uint64_t kNow = 1'000'000;

class Uploads {
 public:
  UploadItem& add(std::uint64_t number, UploadState state, const std::string& server = "s",
                  std::uint64_t due_at_us = 0) {
    UploadItem& item = items_.emplace_back();
    item.number = number;
    item.state = state;
    item.server.url = server;
    scheduled_.push_back({&item, due_at_us});
    return item;
  }

  UploadPlan plan(std::uint64_t now_us = kNow) const { return plan_uploads(scheduled_, now_us); }

 private:
  std::deque<UploadItem> items_;
  std::vector<ScheduledUpload> scheduled_;
};

TEST_CASE("upload schedule: nothing to do") {
  CHECK(Uploads().plan().start.empty());
  CHECK_FALSE(Uploads().plan().wake_at_us.has_value());
}

TEST_CASE("upload schedule: interactive ones first, newest first; then the others, oldest first") {
  Uploads uploads;
  uploads.add(4, UploadState::queued, "a");
  uploads.add(1, UploadState::queued, "b");
  uploads.add(3, UploadState::queued, "c").interactive = true;
  uploads.add(2, UploadState::queued, "d");
  uploads.add(5, UploadState::queued, "e").interactive = true;
  CHECK(uploads.plan().start == Numbers{5, 3, 1, 2, 4});
}

TEST_CASE("upload schedule: only what is queued and due starts") {
  Uploads uploads;
  uploads.add(1, UploadState::held);
  uploads.add(2, UploadState::done);
  uploads.add(3, UploadState::failed);
  uploads.add(4, UploadState::cancelled);
  uploads.add(5, UploadState::queued, "s", kNow + 1);
  uploads.add(6, UploadState::queued, "s", kNow);
  uploads.add(7, UploadState::queued, "s", kNow - 1);
  CHECK(uploads.plan().start == Numbers{6, 7});
  CHECK(uploads.plan().wake_at_us == kNow + 1);
}

TEST_CASE("upload schedule: a server's bound counts what is under way") {
  static_assert(kMaxUploadsPerServer == 2);
  Uploads uploads;
  uploads.add(1, UploadState::uploading, "a");
  for (std::uint64_t number = 2; number <= 4; ++number) {
    uploads.add(number, UploadState::queued, "a");
    uploads.add(number + 10, UploadState::queued, "b");
  }
  CHECK(uploads.plan().start == Numbers{2, 12, 13});
  CHECK_FALSE(uploads.plan().wake_at_us.has_value());
}

TEST_CASE("upload schedule: a server is its URL, whoever asks it") {
  Uploads uploads;
  uploads.add(1, UploadState::uploading, "a").server.install_id = "x";
  uploads.add(2, UploadState::uploading, "a").server.install_id = "y";
  uploads.add(3, UploadState::queued, "a").server.install_id = "z";
  CHECK(uploads.plan().start.empty());
}

TEST_CASE("upload schedule: more are uploading than there may be") {
  Uploads uploads;
  for (std::uint64_t number = 1; number <= 12; ++number) {
    uploads.add(number, UploadState::uploading, number < 4 ? "a" : std::to_string(number));
  }
  uploads.add(20, UploadState::queued, "b");
  CHECK(uploads.plan().start.empty());
}

TEST_CASE("upload schedule: the bound for all servers") {
  static_assert(kMaxUploads == 8);
  Uploads uploads;
  uploads.add(1, UploadState::uploading, "a");
  for (std::uint64_t number = 2; number <= 20; ++number) {
    uploads.add(number, UploadState::queued, "server " + std::to_string(number));
  }
  uploads.add(30, UploadState::queued, "late").interactive = true;
  CHECK(uploads.plan().start == Numbers{30, 2, 3, 4, 5, 6, 7});
}

TEST_CASE("upload schedule: a held server's uploads hold up nobody") {
  Uploads uploads;
  for (std::uint64_t number = 1; number <= 9; ++number) {
    uploads.add(number, UploadState::held, "a").unauthorized = true;
  }
  uploads.add(10, UploadState::queued, "a");
  uploads.add(11, UploadState::queued, "b");
  CHECK(uploads.plan().start == Numbers{10, 11});
}

TEST_CASE("upload schedule: looks again when the first one is due") {
  Uploads uploads;
  uploads.add(1, UploadState::queued, "a", kNow + 50);
  uploads.add(2, UploadState::queued, "b", kNow + 20);
  uploads.add(3, UploadState::queued, "c", kNow + 70);
  uploads.add(4, UploadState::held, "d", kNow + 1);
  CHECK(uploads.plan().start.empty());
  CHECK(uploads.plan().wake_at_us == kNow + 20);
  CHECK(uploads.plan(kNow + 20).start == Numbers{2});
  CHECK(uploads.plan(kNow + 20).wake_at_us == kNow + 50);
}

TEST_CASE("upload schedule: ten thousand uploads") {
  Uploads uploads;
  for (std::uint64_t number = 10'000; number > 0; --number) {
    uploads.add(number, UploadState::queued, "server " + std::to_string(number % 100));
  }
  CHECK(uploads.plan().start == Numbers{1, 2, 3, 4, 5, 6, 7, 8});
}

TEST_CASE("upload schedule: what is left to wait") {
  UploadItem item;
  CHECK(remaining_wait_ms(item, 5'000) == 0);
  item.next_attempt_at_ms = 10'000;
  item.wait_ms = 8'000;
  CHECK(remaining_wait_ms(item, 9'999) == 1);
  CHECK(remaining_wait_ms(item, 10'000) == 0);
  CHECK(remaining_wait_ms(item, 10'001) == 0);
  CHECK(remaining_wait_ms(item, 4'000) == 6'000);
  // The clock was set back.
  CHECK(remaining_wait_ms(item, 1'000) == 8'000);
  CHECK(remaining_wait_ms(item, std::numeric_limits<std::int64_t>::min()) == 8'000);
}

class Finished {
 public:
  UploadItem& add(std::uint64_t number, std::int64_t changed_at_ms, std::uint64_t bytes,
                  UploadState state = UploadState::done) {
    UploadItem& item = items_.emplace_back();
    item.number = number;
    item.state = state;
    item.changed_at_ms = changed_at_ms;
    item.bytes = bytes;
    return item;
  }

  UploadExpiry expired(const UploadRetention& retention, std::int64_t now_ms) const {
    std::vector<const UploadItem*> items;
    for (const UploadItem& item : items_) items.push_back(&item);
    return expired_uploads(items, retention, now_ms);
  }

 private:
  std::deque<UploadItem> items_;
};

TEST_CASE("upload expiry: what has been done for longer is forgotten") {
  Finished uploads;
  uploads.add(1, 1'000, 1);
  uploads.add(2, 1'001, 1);
  uploads.add(3, 0, 1).has_file = false;
  uploads.add(4, 90'000, 1);  // the clock was set back since
  for (const UploadState other : {UploadState::queued, UploadState::uploading, UploadState::held,
                                  UploadState::failed, UploadState::cancelled}) {
    uploads.add(9, 0, 1, other);
  }
  CHECK(uploads.expired({10, 100}, 11'000).forget == Numbers{3});
  CHECK(uploads.expired({10, 100}, 11'001).forget == Numbers{1, 3});
  CHECK(uploads.expired({10, 100}, 11'002).forget == Numbers{1, 2, 3});
  CHECK(uploads.expired({10, 100}, 11'002).drop_copies.empty());
  const UploadRetention for_ever{std::numeric_limits<std::uint64_t>::max(), 100};
  CHECK(uploads.expired(for_ever, std::numeric_limits<std::int64_t>::max()).forget.empty());
}

TEST_CASE("upload expiry: copies beyond the bound go, the oldest first") {
  Finished uploads;
  uploads.add(1, 3'000, 10);
  uploads.add(2, 1'000, 10);
  uploads.add(3, 2'000, 10);
  uploads.add(4, 1'500, 100).has_file = false;
  uploads.add(5, 0, 1000, UploadState::failed);
  uploads.add(6, 1'000, 0);
  const auto dropped = [&](std::uint64_t keep_bytes) {
    return uploads.expired({1000, keep_bytes}, 4'000).drop_copies;
  };
  CHECK(dropped(30).empty());
  CHECK(dropped(29) == Numbers{2});
  CHECK(dropped(20) == Numbers{2});
  CHECK(dropped(19) == Numbers{2, 6, 3});
  CHECK(dropped(9) == Numbers{2, 6, 3, 1});
}

TEST_CASE("upload expiry: what is forgotten makes room for the other copies") {
  Finished uploads;
  uploads.add(1, 0, 50);
  uploads.add(2, 9'000, 50);
  const UploadExpiry expiry = uploads.expired({5, 50}, 10'000);
  CHECK(expiry.forget == Numbers{1});
  CHECK(expiry.drop_copies.empty());
}

}  // namespace
}  // namespace asciinemad
