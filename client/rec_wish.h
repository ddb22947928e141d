// What the daemon is asked for when `rec` records.
#pragma once

#include <optional>
#include <string>

#include "client/rec_options.h"
#include "client/recording_session.h"
#include "client/recording_target.h"
#include "common/config.h"
#include "proto/message.h"

namespace asciinemad {

// After target.begin(). `shell` is the path of sh; `upload` is queued at the end.
RecordingSession::Wish rec_wish(const RecOptions& options, const Config& config,
                                const RecordingTarget& target, std::string shell,
                                const std::optional<wire::Upload>& upload);

}  // namespace asciinemad
