#include "daemon/thread_sink.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "daemon/file_sink.h"

namespace asciinemad {

struct ThreadSink::Shared {
  // Set before the thread starts, used by it alone.
  Fd fd;
  Unit unit = Unit::line;

  // Guarded by `mutex`.
  std::mutex mutex;
  std::condition_variable changed;
  std::string queue;
  std::size_t in_flight = 0;
  bool finishing = false;  // sync, then report
  bool finished = false;
  bool closing = false;
  uv_async_t* wake = nullptr;  // null once the sink is gone
  std::optional<Error> error;  // not yet reported
  std::uint64_t lost = 0;      // the same

  void run();
  void wait_for_work(std::unique_lock<std::mutex>& lock, bool& dirty);
  void sync(std::unique_lock<std::mutex>& lock);
};

void ThreadSink::Shared::wait_for_work(std::unique_lock<std::mutex>& lock, bool& dirty) {
  const auto ready = [this] { return !queue.empty() || closing || (finishing && !finished); };
  if (!dirty) {
    changed.wait(lock, ready);
    return;
  }
  if (changed.wait_for(lock, std::chrono::milliseconds(FileSink::kSyncIntervalMs), ready)) return;
  sync(lock);
  dirty = false;
}

// Network file systems tell of a full disk only now.
void ThreadSink::Shared::sync(std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  const int failure = ::fdatasync(fd.get()) == 0 ? 0 : errno;
  lock.lock();
  if (failure != 0 && failure != EINVAL) error = system_error("sync the recording", failure);
}

void ThreadSink::Shared::run() {
  std::unique_lock<std::mutex> lock(mutex);
  bool dirty = false;
  for (;;) {
    wait_for_work(lock, dirty);
    if (queue.empty()) {
      if (closing) break;
      if (finishing && !finished) {
        sync(lock);
        finished = true;
        if (wake != nullptr) uv_async_send(wake);
      }
      continue;
    }
    const std::string batch = std::move(queue);
    queue.clear();
    in_flight = batch.size();
    lock.unlock();
    std::size_t written = 0;
    Status outcome = write_unit(fd.get(), batch, unit, written);
    lock.lock();
    in_flight = 0;
    dirty = true;
    if (!outcome.ok()) {
      error = outcome.take_error();
      lost += batch.size() - written;
    }
    if (wake != nullptr) uv_async_send(wake);
  }
  lock.unlock();
  if (!finished) ::fdatasync(fd.get());
  fd.reset();
}

Result<std::unique_ptr<ThreadSink>> ThreadSink::open(uv::Loop& loop, Fd fd, Unit unit,
                                                     Listener& listener) {
  std::unique_ptr<ThreadSink> sink(new ThreadSink(listener));
  sink->shared_ = std::make_shared<Shared>();  // before any return: the destructor uses it
  auto async = std::make_unique<uv_async_t>();
  if (const int rc = uv_async_init(loop.get(), async.get(),
                                   [](uv_async_t* handle) noexcept {
                                     auto* owner = static_cast<ThreadSink*>(handle->data);
                                     if (owner != nullptr) owner->on_progress();
                                   });
      rc != 0) {
    return uv::uv_error("start a writer thread", rc);
  }
  sink->wake_.reset(async.release());
  sink->wake_->data = sink.get();
  sink->shared_->fd = std::move(fd);
  sink->shared_->unit = unit;
  sink->shared_->wake = sink->wake_.get();
  try {
    std::thread([shared = sink->shared_] { shared->run(); }).detach();
  } catch (const std::system_error& e) {
    return system_error("start a writer thread", e.code().value());
  }
  return sink;
}

ThreadSink::~ThreadSink() { close(); }

Status ThreadSink::write(std::string_view bytes, std::size_t& written) {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  shared_->queue.append(bytes);
  shared_->changed.notify_one();
  written = bytes.size();
  return {};
}

int ThreadSink::fd() const {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  return shared_->closing ? -1 : shared_->fd.get();
}

std::uint64_t ThreadSink::queued_bytes() const {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  return shared_->queue.size() + shared_->in_flight;
}

bool ThreadSink::congested() const {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  return shared_->queue.size() + shared_->in_flight >= kMaxQueueBytes;
}

bool ThreadSink::idle() const {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  // Not before the listener knows what was lost: who waits for idle() then reads the total.
  const bool synced = !shared_->finishing || shared_->finished;
  return synced && shared_->queue.empty() && shared_->in_flight == 0 && !shared_->error.has_value();
}

void ThreadSink::finish() {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  shared_->finishing = true;
  shared_->changed.notify_one();
}

std::uint64_t ThreadSink::close() {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  if (shared_->closing) return 0;
  const std::uint64_t lost =
      shared_->queue.size() + shared_->in_flight + std::exchange(shared_->lost, 0);
  shared_->queue.clear();
  shared_->closing = true;
  shared_->wake = nullptr;
  shared_->changed.notify_one();
  wake_.reset();
  return lost;
}

void ThreadSink::on_progress() {
  std::optional<Error> error;
  std::uint64_t lost = 0;
  {
    const std::lock_guard<std::mutex> lock(shared_->mutex);
    lost = std::exchange(shared_->lost, 0);
    error = std::exchange(shared_->error, std::nullopt);
  }
  if (error.has_value()) listener_.on_sink_failed(*error, lost);
  listener_.on_sink_drained();
}

}  // namespace asciinemad
