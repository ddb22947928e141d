// The daemon that has the upload queue, and what can be asked of it.
#pragma once

#include <cstdint>
#include <optional>

#include "client/daemon_link.h"
#include "common/paths.h"
#include "common/result.h"
#include "proto/message.h"

namespace asciinemad {

enum class StartDaemon { if_needed, never };

// A connection to it: to the shared daemon, or to the one that the shared daemon names as having
// the queue. Never to a private one, which would end with its first client. Errc::unsupported when
// the daemon is too old to have one; the message says what to do about it.
Result<DaemonLink> connect_to_upload_queue(const Environment& environment, StartDaemon start);

// All there are, in the order of their numbers; `more` is not set.
Result<wire::Uploads> list_uploads(DaemonLink& link);
Result<std::optional<wire::UploadInfo>> find_upload(DaemonLink& link, std::uint64_t number);

}  // namespace asciinemad
