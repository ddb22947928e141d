// ThreadJob: something that may block, done in a thread of its own, with its outcome handed to the
// loop. Not libuv's pool: four threads that sessions need.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "common/fd.h"
#include "daemon/uv_loop.h"

namespace asciinemad {

template <typename Outcome>
class ThreadJob final : public uv::Mortal {
 public:
  class Listener {
   public:
    // Once, from the loop, and never after the job is gone, which this call may bring about.
    virtual void on_job_done(ThreadJob& job, Outcome outcome) = 0;

   protected:
    ~Listener() = default;
  };

  // Runs in the thread, which may outlive the job. The descriptor becomes readable when it is to
  // end.
  using Work = std::function<Outcome(int cancel_fd)>;

  // An error says "WHAT: reason".
  static Result<std::unique_ptr<ThreadJob>> start(uv::Loop& loop, std::string_view what, Work work,
                                                  Listener& listener);
  // Cancels, in milliseconds: a thread that cannot be woken is left behind with all it uses, and
  // what it still returns is destroyed.
  ~ThreadJob() override;

 private:
  struct Shared {
    // Set before the thread starts, used by it alone.
    Work work;
    Fd cancelled;

    // Guarded by `mutex`.
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
    std::optional<Outcome> outcome;
    uv_async_t* wake = nullptr;  // null once the job is gone

    void run();
  };

  // A thread is best not left behind: it would run into the end of the process.
  static constexpr std::chrono::milliseconds kPatience{10};

  explicit ThreadJob(Listener& listener)
      : shared_(std::make_shared<Shared>()), listener_(listener) {}

  void on_done();

  std::shared_ptr<Shared> shared_;
  Fd cancel_;  // closing it ends the thread's waits
  std::thread thread_;
  uv::Handle<uv_async_t> wake_;
  Listener& listener_;
};

template <typename Outcome>
void ThreadJob<Outcome>::Shared::run() {
  Outcome result = work(cancelled.get());
  work = nullptr;
  const std::lock_guard<std::mutex> lock(mutex);
  if (wake != nullptr) outcome.emplace(std::move(result));
  done = true;
  changed.notify_one();
  if (wake != nullptr) uv_async_send(wake);
}

template <typename Outcome>
Result<std::unique_ptr<ThreadJob<Outcome>>> ThreadJob<Outcome>::start(uv::Loop& loop,
                                                                      std::string_view what,
                                                                      Work work,
                                                                      Listener& listener) {
  TRY_ASSIGN(Pipe pipe, make_pipe());
  std::unique_ptr<ThreadJob> job(new ThreadJob(listener));
  TRY_ASSIGN(job->wake_, uv::make_async<&ThreadJob::on_done>(loop, job.get()));
  job->cancel_ = std::move(pipe.write_end);
  Shared& shared = *job->shared_;
  shared.work = std::move(work);
  shared.cancelled = std::move(pipe.read_end);
  shared.wake = job->wake_.get();
  try {
    job->thread_ = std::thread([state = job->shared_] { state->run(); });
  } catch (const std::system_error& e) {
    return system_error(what, e.code().value());
  }
  return job;
}

template <typename Outcome>
ThreadJob<Outcome>::~ThreadJob() {
  cancel_.reset();
  std::unique_lock<std::mutex> lock(shared_->mutex);
  shared_->wake = nullptr;
  if (!thread_.joinable()) return;
  const bool done = shared_->changed.wait_for(lock, kPatience, [this] { return shared_->done; });
  lock.unlock();
  done ? thread_.join() : thread_.detach();
}

template <typename Outcome>
void ThreadJob<Outcome>::on_done() {
  std::optional<Outcome> outcome;
  {
    const std::lock_guard<std::mutex> lock(shared_->mutex);
    outcome = std::exchange(shared_->outcome, std::nullopt);
  }
  if (outcome.has_value()) listener_.on_job_done(*this, std::move(*outcome));
}

}  // namespace asciinemad
