#include "daemon/fetcher.h"

namespace asciinemad {

Result<std::unique_ptr<Fetch>> Fetch::start(uv::Loop& loop, FetchFunction fetch_function,
                                            FetchRequest request,
                                            const std::string& spool_directory, Listener& listener,
                                            HttpTimeouts timeouts) {
  TRY(first_url(request));
  std::unique_ptr<Fetch> fetch(new Fetch(listener));
  const auto work = [fetch_function, request = std::move(request), spool_directory,
                     timeouts](int cancel_fd) {
    return fetch_function(request, spool_directory, timeouts, cancel_fd);
  };
  TRY_ASSIGN(fetch->job_, Job::start(loop, "start a download", work, *fetch));
  return fetch;
}

}  // namespace asciinemad
