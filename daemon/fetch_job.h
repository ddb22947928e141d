// fetch_recording: from the URL a user gives to a file with the recording, for a blocking thread.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/fetch_request.h"

namespace asciinemad {

inline constexpr int kMaxRedirects = 10;
inline constexpr std::uint64_t kMaxPageBytes = std::uint64_t{4} << 20;

// A FetchFunction. Part of the HTTP module: the daemon gets it from http_loader.h.
Result<Fetched> fetch_recording(const FetchRequest& request, const std::string& spool_directory,
                                const HttpTimeouts& timeouts, int cancel_fd);

}  // namespace asciinemad
