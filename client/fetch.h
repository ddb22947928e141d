// Fetching recordings from the web; the daemon does it, this asks and waits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/fd.h"
#include "common/paths.h"
#include "common/result.h"
#include "proto/message.h"

namespace asciinemad {

// Whether `name` is an address, also one of a kind that can't be fetched, and not a path.
bool is_url(std::string_view name);

// `url` for others to see: printable, shortened, without a user's name and password.
std::string without_credentials(std::string_view url);

// A regular file with the recording at `url`, positioned at its beginning. Proxies, certificates
// and the gateway are those that curl would find in the environment; the configuration bounds the
// size. Says so when it takes long. Errc::cancelled when the user interrupts it. Errors do not
// name the address.
Result<Fd> fetch_recording(const Environment& environment, const std::string& url);

// What fetch_recording() asks the daemon for. Paths in the environment may be relative.
wire::Fetch make_fetch(const Environment& environment, std::uint64_t max_bytes,
                       const std::string& url);

}  // namespace asciinemad
