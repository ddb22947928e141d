// UploadStore: the upload queue's database on a thread of its own, so that nobody on the loop waits
// for a disk.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "daemon/upload_queue.h"
#include "daemon/uv_loop.h"

namespace asciinemad {

class UploadStore final : public uv::Mortal {
 public:
  // Called from the loop, never after the store is gone. These calls may not destroy it; a
  // graveyard may.
  class Listener {
   public:
    // Once, first. After an error (as UploadQueue::open) the store is of no use.
    virtual void on_store_opened(Result<UploadQueue::Contents> contents) = 0;
    // What put() returned `ticket` for is on the disk, or is not. In the order of the tickets.
    virtual void on_stored(std::uint64_t ticket, const Status& status) = 0;

   protected:
    ~Listener() = default;
  };

  // Opens the queue in the background.
  static Result<std::unique_ptr<UploadStore>> open(uv::Loop& loop, const std::string& directory,
                                                   const std::string& socket_path,
                                                   Listener& listener);
  // What was put is stored before the queue is closed; waits for that, unless the disk hangs.
  ~UploadStore() override;

  // Changes of one call are stored together or not at all; many calls may become one transaction.
  // Returns the ticket, from 1, ascending. Not bounded: the engine has at most a few under way for
  // each of its attempts and peers.
  std::uint64_t put(std::vector<UploadChange> changes);

 private:
  struct Shared;

  explicit UploadStore(Listener& listener) : listener_(listener) {}

  void on_progress();

  // Shared with the thread, which may outlive this object.
  std::shared_ptr<Shared> shared_;
  uv::Handle<uv_async_t> wake_;
  Listener& listener_;
  std::uint64_t last_ticket_ = 0;
};

}  // namespace asciinemad
