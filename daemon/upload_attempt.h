// UploadAttempt: one try to get a recording to its server, in a thread of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "daemon/thread_job.h"
#include "daemon/upload_item.h"
#include "daemon/upload_request.h"
#include "daemon/uv_loop.h"

namespace asciinemad {

class UploadAttempt final : public uv::Mortal, private ThreadJob<UploadOutcome>::Listener {
 public:
  // Called from the loop, never after the attempt is gone.
  class Listener {
   public:
    virtual void on_upload_progress(UploadAttempt& attempt) = 0;
    // Only the end of the request is left; it waits for permit().
    virtual void on_upload_completing(UploadAttempt& attempt) = 0;
    // Once, the last call; it may destroy the attempt.
    virtual void on_upload_ended(UploadAttempt& attempt, UploadOutcome outcome) = 0;

   protected:
    ~Listener() = default;
  };

  // Tries `item`, whose copy is at `path`. `upload` runs in the thread. `id` is for the listener.
  static Result<std::unique_ptr<UploadAttempt>> start(uv::Loop& loop, UploadFunction upload,
                                                      const UploadItem& item,
                                                      const std::string& path, std::uint64_t id,
                                                      Listener& listener);
  // Cancels, unless it has ended.
  ~UploadAttempt() override;

  std::uint64_t number() const { return number_; }
  std::uint64_t id() const { return id_; }
  std::uint64_t sent_bytes() const;
  // The end may go out, or may not: then the error is the attempt's.
  void permit(Status permission);
  // Whether the end may have gone out: without an answer nobody knows what the server has.
  bool permitted() const { return permitted_; }

 private:
  using Job = ThreadJob<UploadOutcome>;
  class Gate;

  UploadAttempt(std::uint64_t number, std::uint64_t id, Listener& listener)
      : number_(number), id_(id), listener_(listener) {}

  void on_gate();
  void on_job_done(Job& job, UploadOutcome outcome) override;

  const std::uint64_t number_;
  const std::uint64_t id_;
  // Shared with the thread, which may outlive this object.
  std::shared_ptr<Gate> gate_;
  uv::Handle<uv_async_t> wake_;
  std::unique_ptr<Job> job_;
  bool permitted_ = false;
  Listener& listener_;
};

// By size: whoever is slower than that for all the time it takes has no usable connection.
HttpTimeouts upload_timeouts(std::uint64_t bytes);

}  // namespace asciinemad
