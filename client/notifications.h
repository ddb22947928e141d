// How the daemon shows notifications on the user's desktop.
#pragma once

#include "common/config.h"
#include "common/paths.h"
#include "proto/message.h"

namespace asciinemad {

// For a session: with the whole environment.
wire::Notifications session_notifications(const Config::Notifications& config);

// For an upload, with which they are stored: with no more of the environment than it takes to find
// the desktop or tmux.
wire::Notifications upload_notifications(const Config::Notifications& config,
                                         const Environment& environment);

}  // namespace asciinemad
