// Items of the upload queue, and the files that go with them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/upload_description.h"
#include "daemon/upload_files.h"
#include "daemon/upload_item.h"
#include "daemon/upload_queue.h"
#include "tests/support/temp_dir.h"

namespace asciinemad::test {

// Every field set, to something that is easily spoilt on its way.
inline UploadItem odd_upload(std::uint64_t number) {
  UploadItem item;
  item.number = number;
  item.state = wire::UploadState::held;
  item.server = {"https://example.org:8443/a?b=\"c\"",
                 "us\ter",
                 "id-of-" + std::to_string(number),
                 "http://proxy:1",
                 "https://proxy:2",
                 "*,.local",
                 "/ca file.pem",
                 "/ca/dir"};
  item.name = "/home/\xc3\xa9/it's; DROP TABLE items.cast";
  item.title = "\"quoted\" \\ \x1b[31m \xe2\x9c\x93 \n";
  item.visibility = wire::Visibility::unlisted;
  item.interactive = true;
  item.notifications = {true, "notify $TEXT", "/icon.png", {"A=1", "", "B=x\ny=\"z\"", "C"}};
  item.key = "key-of-" + std::to_string(number);
  item.bytes = UINT64_MAX;
  item.has_file = true;
  item.queued_at_ms = -1;
  item.changed_at_ms = INT64_MAX;
  item.next_attempt_at_ms = INT64_MIN;
  item.wait_ms = UINT64_MAX - 1;
  item.attempts = UINT32_MAX;
  item.same_failures = 7;
  item.last_status = -503;
  item.network_failed = true;
  item.ambiguous = true;
  item.unauthorized = true;
  item.reason = std::string("with \0 in it", 12);
  item.advice = std::string(5'000, 'x');
  item.url = "https://example.org/a/1";
  item.message = "two\nlines";
  item.warning = "'";
  return item;
}

inline UploadItem plain_upload(std::uint64_t number) {
  UploadItem item;
  item.number = number;
  item.server.url = "http://localhost";
  item.server.install_id = "the-secret";
  item.key = "key-of-" + std::to_string(number);
  item.name = "demo.cast";
  item.queued_at_ms = 1'700'000'000'000;
  return item;
}

// As enqueueing leaves them, but for the database.
inline void write_upload_files(const TempDir& dir, const UploadItem& item) {
  dir.write(std::to_string(item.number) + ".cast", "recording " + std::to_string(item.number));
  (void)write_upload_description(dir.path(), item, false);
}

// Every field of all of them, to be compared.
inline std::string dump(const std::vector<UploadItem>& items) {
  std::string text;
  for (const UploadItem& item : items) text += upload_description(item);
  return text;
}

// Opens the queue, and closes it again unless it is kept.
struct OpenedQueue {
  explicit OpenedQueue(const TempDir& dir, const std::string& socket_path = "/run/socket") {
    auto opened = UploadQueue::open(dir.path(), socket_path, contents);
    if (opened.ok()) {
      queue = *std::move(opened);
    } else {
      error = opened.take_error();
    }
  }

  UploadQueue::Contents contents;
  std::unique_ptr<UploadQueue> queue;  // null: `error` says why
  Error error;
};

}  // namespace asciinemad::test
