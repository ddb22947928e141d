// fetch_recording: from the URL a user gives to a file with the recording, for a blocking thread.
#pragma once

#include <cstdint>
#include <string>

#include "common/fd.h"
#include "daemon/http_socket.h"

namespace asciinemad {

// What counts is the environment of the client, not the daemon's.
struct FetchRequest {
  std::string url;              // http, https, ipfs or dweb
  std::uint64_t max_bytes = 0;  // of the recording after decompression of the transfer
  std::string http_proxy;
  std::string https_proxy;
  std::string no_proxy;
  std::string ca_file;       // absolute; empty: the system's
  std::string ca_directory;  // the same
  std::string ipfs_gateway = "https://ipfs.io";
};

struct Fetched {
  Fd file;          // regular, without a name, readable, at its start
  std::string url;  // after redirects and a page's link; without a user and password
  std::uint64_t bytes = 0;
};

inline constexpr int kMaxRedirects = 10;
inline constexpr std::uint64_t kMaxPageBytes = std::uint64_t{4} << 20;

// Errc::invalid_argument for a URL that cannot be used, without asking anybody.
Status check_fetch_url(const FetchRequest& request);

// The file is made in `spool_directory`. Errors are one line, "URL: REASON", without user and
// password: Errc::invalid_argument (URL, proxy), unavailable (network, the server's answer),
// timed_out, cancelled, invalid_data (what came), limit_exceeded, system (the file).
Result<Fetched> fetch_recording(const FetchRequest& request, const std::string& spool_directory,
                                const HttpTimeouts& timeouts, int cancel_fd);

}  // namespace asciinemad
