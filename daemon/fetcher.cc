#include "daemon/fetcher.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>

namespace asciinemad {
namespace {

// Every wait but the resolver's ends at once. A thread is best not left behind: it would run into
// the end of the process.
constexpr std::chrono::milliseconds kPatience(10);

}  // namespace

struct Fetch::Shared {
  // Set before the thread starts, used by it alone.
  FetchFunction fetch = nullptr;
  FetchRequest request;
  std::string spool_directory;
  HttpTimeouts timeouts;
  Fd cancelled;

  // Guarded by `mutex`.
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  std::optional<Result<Fetched>> outcome;
  uv_async_t* wake = nullptr;  // null once the Fetch is gone

  void run();
};

void Fetch::Shared::run() {
  Result<Fetched> fetched = fetch(request, spool_directory, timeouts, cancelled.get());
  const std::lock_guard<std::mutex> lock(mutex);
  outcome.emplace(std::move(fetched));
  done = true;
  changed.notify_one();
  if (wake != nullptr) uv_async_send(wake);
}

Result<std::unique_ptr<Fetch>> Fetch::start(uv::Loop& loop, FetchFunction fetch_function,
                                            FetchRequest request,
                                            const std::string& spool_directory, Listener& listener,
                                            HttpTimeouts timeouts) {
  TRY(first_url(request));
  TRY_ASSIGN(Pipe pipe, make_pipe());
  std::unique_ptr<Fetch> fetch(new Fetch(listener));
  fetch->shared_ = std::make_shared<Shared>();  // before any return: the destructor uses it
  auto async = std::make_unique<uv_async_t>();
  if (const int rc = uv_async_init(loop.get(), async.get(),
                                   [](uv_async_t* handle) noexcept {
                                     auto* owner = static_cast<Fetch*>(handle->data);
                                     if (owner != nullptr) owner->on_done();
                                   });
      rc != 0) {
    return uv::uv_error("start a download", rc);
  }
  fetch->wake_.reset(async.release());
  fetch->wake_->data = fetch.get();
  fetch->cancel_ = std::move(pipe.write_end);
  Shared& shared = *fetch->shared_;
  shared.fetch = fetch_function;
  shared.request = std::move(request);
  shared.spool_directory = spool_directory;
  shared.timeouts = timeouts;
  shared.cancelled = std::move(pipe.read_end);
  shared.wake = fetch->wake_.get();
  try {
    fetch->thread_ = std::thread([state = fetch->shared_] { state->run(); });
  } catch (const std::system_error& e) {
    return system_error("start a download", e.code().value());
  }
  return fetch;
}

Fetch::~Fetch() {
  cancel_.reset();
  std::unique_lock<std::mutex> lock(shared_->mutex);
  shared_->wake = nullptr;
  if (!thread_.joinable()) return;
  const bool done = shared_->changed.wait_for(lock, kPatience, [this] { return shared_->done; });
  lock.unlock();
  done ? thread_.join() : thread_.detach();
}

void Fetch::on_done() {
  std::optional<Result<Fetched>> outcome;
  {
    const std::lock_guard<std::mutex> lock(shared_->mutex);
    outcome = std::exchange(shared_->outcome, std::nullopt);
  }
  if (outcome.has_value()) listener_.on_fetched(*this, std::move(*outcome));
}

}  // namespace asciinemad
