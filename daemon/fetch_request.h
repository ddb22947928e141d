// FetchRequest, Fetched, FetchFunction: what a download is asked for with, and what comes of it.
#pragma once

#include <cstdint>
#include <string>

#include "common/fd.h"
#include "common/url.h"

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

struct HttpTimeouts {
  // To connect to an address while others are left to try, and to the last one.
  int address_ms = 3'000;
  int connect_ms = 10'000;
  // Without a single byte coming or going; until an answer begins.
  int idle_ms = 30'000;
  int answer_ms = 30'000;
  // Of all together: addresses, redirects, pages.
  int total_ms = 600'000;
};

struct Fetched {
  Fd file;          // regular, without a name, readable, at its start
  std::string url;  // after redirects and a page's link; without a user and password
  std::uint64_t bytes = 0;
};

// Blocks until the recording is there. The file is made in `spool_directory`; the wait ends when
// `cancel_fd` becomes readable or is hung up. Errors are one line, "URL: REASON", without user and
// password: Errc::invalid_argument (URL, proxy, trusted certificates), untrusted (the server's
// certificate), unavailable (network, the server's answer), timed_out, cancelled, invalid_data
// (what came), limit_exceeded, system (the file).
using FetchFunction = Result<Fetched> (*)(const FetchRequest& request,
                                          const std::string& spool_directory,
                                          const HttpTimeouts& timeouts, int cancel_fd);

// What is asked for first. Errc::invalid_argument for a URL that cannot be used.
Result<Url> first_url(const FetchRequest& request);

}  // namespace asciinemad
