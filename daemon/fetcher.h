// Fetch: a recording on its way from a URL to a file, in a thread of its own.
#pragma once

#include <memory>
#include <string>

#include "daemon/fetch_request.h"
#include "daemon/thread_job.h"
#include "daemon/uv_loop.h"

namespace asciinemad {

class Fetch final : public uv::Mortal, private ThreadJob<Result<Fetched>>::Listener {
 public:
  class Listener {
   public:
    // Once, from the loop, and never after the Fetch is gone, which this call may bring about.
    virtual void on_fetched(Fetch& fetch, Result<Fetched> outcome) = 0;

   protected:
    ~Listener() = default;
  };

  // `fetch` runs in the thread. A URL that cannot be used fails here, without one; all else goes to
  // the listener. Destroying the Fetch cancels.
  static Result<std::unique_ptr<Fetch>> start(uv::Loop& loop, FetchFunction fetch,
                                              FetchRequest request,
                                              const std::string& spool_directory,
                                              Listener& listener, HttpTimeouts timeouts = {});

 private:
  using Job = ThreadJob<Result<Fetched>>;

  explicit Fetch(Listener& listener) : listener_(listener) {}

  void on_job_done(Job& /*job*/, Result<Fetched> outcome) override {
    listener_.on_fetched(*this, std::move(outcome));
  }

  std::unique_ptr<Job> job_;
  Listener& listener_;
};

}  // namespace asciinemad
