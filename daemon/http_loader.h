// Loads the HTTP module, once something is to be fetched or uploaded.
#pragma once

#include <string>

#include "daemon/http_module.h"

namespace asciinemad {

// The module at `path`, for as long as the process lives. "cannot load PATH: REASON":
// Errc::unavailable, or Errc::invalid_argument for a module that belongs to another build, where
// somebody has to start the daemon again.
Result<const HttpModule*> load_http_module(const std::string& path);

// A FetchFunction: the module's. Loads that from the directory of this program, else from the
// project's libexec directory. A failure is not remembered: the next call tries again.
Result<Fetched> fetch_with_module(const FetchRequest& request, const std::string& spool_directory,
                                  const HttpTimeouts& timeouts, int cancel_fd);

// The same, an UploadFunction.
UploadOutcome upload_with_module(const UploadRequest& request, UploadObserver& observer,
                                 const HttpTimeouts& timeouts, int cancel_fd);

}  // namespace asciinemad
