// Fetch: a recording on its way from a URL to a file, in a thread of its own.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "daemon/fetch_request.h"
#include "daemon/uv_loop.h"

namespace asciinemad {

class Fetch final : public uv::Mortal {
 public:
  class Listener {
   public:
    // Once, from the loop, and never after the Fetch is gone, which this call may bring about.
    virtual void on_fetched(Fetch& fetch, Result<Fetched> outcome) = 0;

   protected:
    ~Listener() = default;
  };

  // `fetch` runs in the thread. A URL that cannot be used fails here, without one; all else goes to
  // the listener.
  static Result<std::unique_ptr<Fetch>> start(uv::Loop& loop, FetchFunction fetch,
                                              FetchRequest request,
                                              const std::string& spool_directory,
                                              Listener& listener, HttpTimeouts timeouts = {});
  // Cancels, in milliseconds: a thread that hangs in the resolver is left behind with all it uses.
  ~Fetch() override;

 private:
  struct Shared;

  explicit Fetch(Listener& listener) : listener_(listener) {}

  void on_done();

  // Shared with the thread, which may outlive this object.
  std::shared_ptr<Shared> shared_;
  Fd cancel_;  // closing it ends the thread's waits
  std::thread thread_;
  uv::Handle<uv_async_t> wake_;
  Listener& listener_;
};

}  // namespace asciinemad
