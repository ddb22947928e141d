// upload_recording: one attempt to upload a recording, for a blocking thread.
#pragma once

#include "daemon/upload_request.h"

namespace asciinemad {

// Redirections that repeat the POST, 307 and 308.
inline constexpr int kMaxUploadRedirects = 5;

// An UploadFunction. Part of the HTTP module: the daemon gets it from http_loader.h.
UploadOutcome upload_recording(const UploadRequest& request, UploadObserver& observer,
                               const HttpTimeouts& timeouts, int cancel_fd);

}  // namespace asciinemad
