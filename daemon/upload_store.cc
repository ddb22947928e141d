#include "daemon/upload_store.h"

#include <chrono>
#include <condition_variable>
#include <iterator>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace asciinemad {
namespace {

constexpr std::chrono::seconds kPatience(2);

struct Batch {
  std::uint64_t ticket = 0;
  std::vector<UploadChange> changes;
};

struct Stored {
  std::uint64_t ticket = 0;
  Status status;
};

// One transaction for all; should that fail, one for each, so that nobody fails for another.
std::vector<Stored> store(UploadQueue& queue, const std::vector<Batch>& batches) {
  std::vector<Stored> stored;
  stored.reserve(batches.size());
  if (batches.size() > 1) {
    std::vector<UploadChange> all;
    for (const Batch& batch : batches) {
      all.insert(all.end(), batch.changes.begin(), batch.changes.end());
    }
    if (queue.apply(all).ok()) {
      for (const Batch& batch : batches) stored.push_back({batch.ticket, {}});
      return stored;
    }
  }
  for (const Batch& batch : batches) stored.push_back({batch.ticket, queue.apply(batch.changes)});
  return stored;
}

}  // namespace

struct UploadStore::Shared {
  // Set before the thread starts, used by it alone.
  std::string directory;
  std::string socket_path;

  // Guarded by `mutex`.
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Batch> batches;
  bool closing = false;
  bool closed = false;
  std::optional<Result<UploadQueue::Contents>> contents;
  std::vector<Stored> stored;
  uv_async_t* wake = nullptr;  // null once the store is gone

  void run();
  void serve(UploadQueue& queue);
};

void UploadStore::Shared::serve(UploadQueue& queue) {
  std::unique_lock<std::mutex> lock(mutex);
  for (;;) {
    changed.wait(lock, [this] { return closing || !batches.empty(); });
    if (batches.empty()) return;
    const std::vector<Batch> taken = std::exchange(batches, {});
    lock.unlock();
    std::vector<Stored> done = store(queue, taken);
    lock.lock();
    stored.insert(stored.end(), std::make_move_iterator(done.begin()),
                  std::make_move_iterator(done.end()));
    if (wake != nullptr) uv_async_send(wake);
  }
}

void UploadStore::Shared::run() {
  UploadQueue::Contents loaded;
  Result<std::unique_ptr<UploadQueue>> queue = UploadQueue::open(directory, socket_path, loaded);
  {
    const std::lock_guard<std::mutex> lock(mutex);
    if (queue.ok()) {
      contents.emplace(std::move(loaded));
    } else {
      contents.emplace(queue.error());
    }
    if (wake != nullptr) uv_async_send(wake);
  }
  if (queue.ok()) {
    serve(**queue);
    queue->reset();
  }
  const std::lock_guard<std::mutex> lock(mutex);
  closed = true;
  changed.notify_all();
}

Result<std::unique_ptr<UploadStore>> UploadStore::open(uv::Loop& loop, const std::string& directory,
                                                       const std::string& socket_path,
                                                       Listener& listener) {
  std::unique_ptr<UploadStore> store(new UploadStore(listener));
  auto shared = std::make_shared<Shared>();
  TRY_ASSIGN(store->wake_, uv::make_async<&UploadStore::on_progress>(loop, store.get()));
  shared->directory = directory;
  shared->socket_path = socket_path;
  shared->wake = store->wake_.get();
  try {
    std::thread([shared] { shared->run(); }).detach();
  } catch (const std::system_error& e) {
    return system_error("start the upload queue", e.code().value());
  }
  store->shared_ = std::move(shared);
  return store;
}

UploadStore::~UploadStore() {
  if (shared_ == nullptr) return;
  std::unique_lock<std::mutex> lock(shared_->mutex);
  shared_->closing = true;
  shared_->wake = nullptr;
  shared_->changed.notify_all();
  shared_->changed.wait_for(lock, kPatience, [this] { return shared_->closed; });
}

std::uint64_t UploadStore::put(std::vector<UploadChange> changes) {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  shared_->batches.push_back({++last_ticket_, std::move(changes)});
  shared_->changed.notify_all();
  return last_ticket_;
}

void UploadStore::on_progress() {
  std::optional<Result<UploadQueue::Contents>> contents;
  std::vector<Stored> stored;
  {
    const std::lock_guard<std::mutex> lock(shared_->mutex);
    contents = std::exchange(shared_->contents, std::nullopt);
    stored = std::exchange(shared_->stored, {});
  }
  if (contents.has_value()) listener_.on_store_opened(std::move(*contents));
  for (const Stored& done : stored) listener_.on_stored(done.ticket, done.status);
}

}  // namespace asciinemad
