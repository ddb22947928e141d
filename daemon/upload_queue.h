// UploadQueue: the upload queue's database, for one thread that may wait for the disk.
//
// SQLite with WAL and synchronous=FULL: what apply() has returned for survives a crash and a power
// failure. A database that is damaged, of a newer version, or missing beside recordings is moved
// aside (FILE.damaged-N) and made anew from the descriptions of the recordings.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/fd.h"
#include "common/result.h"
#include "daemon/upload_item.h"

namespace asciinemad {

class UploadQueue {
 public:
  struct Contents {
    std::vector<UploadItem> items;  // numbers ascend
    std::vector<UploadServerFacts> servers;
    UploadRetention retention;
    std::uint64_t next_number = 1;
    // What the user must be told: the queue was made anew, and why. Empty: nothing.
    std::string notice;
  };

  // Makes the directory (0700) and database where there are none. Removes recordings that are no
  // item's: their enqueueing never came to its end. An item that was `uploading` is queued again,
  // and ambiguous if it was completing; after a rebuild, all that is not finished is ambiguous.
  // `socket_path` is what others are told while this process has the queue. Errc::busy: another
  // process has it; the message is its socket path, perhaps empty.
  static Result<std::unique_ptr<UploadQueue>> open(const std::string& directory,
                                                   const std::string& socket_path,
                                                   Contents& contents);
  ~UploadQueue();
  UploadQueue(const UploadQueue&) = delete;
  UploadQueue& operator=(const UploadQueue&) = delete;

  // All of it or nothing, durable on return. Afterwards, not durable: files of removed items and
  // recordings of items without one are deleted, descriptions of items that are finished written.
  // Errors say "store in DATABASE: REASON".
  Status apply(std::span<const UploadChange> changes);

  const std::string& directory() const;

  // Whether there is anything to open at start: a database or recordings.
  static bool exists(const std::string& directory);

 private:
  class Impl;
  explicit UploadQueue(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

// Blocks until no other process has the queue, however long that takes; whoever asks first then
// gets it.
Status wait_for_upload_queue(const std::string& directory);

}  // namespace asciinemad
