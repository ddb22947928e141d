// What happens to recordings, playbacks and uploads, as scripts read it: a line of JSON each. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "proto/message.h"

namespace asciinemad {

// What of_playback says where the event itself does not tell; empty for an event from a newer
// protocol.
std::string event_json(const wire::SessionEvent& event, bool of_playback);

// The members behind the first ones are those of `uploads --json`.
std::string upload_event_json(const wire::UploadInfo& upload, std::int64_t now_ms);

// A connection has taken the place of the one before; `lost`: which the daemon had dropped, since
// it was not read.
std::string reconnected_json(bool lost, std::int64_t now_ms);

}  // namespace asciinemad
