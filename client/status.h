// What the daemon is doing: asking for it, finding something in it, and putting it into words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "client/daemon_link.h"
#include "common/result.h"
#include "proto/message.h"

namespace asciinemad {

Result<wire::StatusReply> get_status(DaemonLink& link);

// The entries that `wanted` stands for: the one whose id that is, else all whose ids begin with it.
std::vector<wire::SessionInfo> find_sessions(const wire::StatusReply& status,
                                             std::string_view wanted);
// The same; else all whose name that is, or the last part of it.
std::vector<wire::PlaybackInfo> find_playbacks(const wire::StatusReply& status,
                                               std::string_view wanted);

// A line for each recording and then each playback, in columns: kind, id, size, time, state, file,
// command. Without control characters. Each line begins with `indentation`.
std::string list_text(const std::vector<wire::SessionInfo>& sessions,
                      const std::vector<wire::PlaybackInfo>& playbacks,
                      std::string_view indentation);

// The same as a JSON array of objects, times in seconds.
std::string list_json(const wire::StatusReply& status);

// "0:07", "1:02:03".
std::string clock_text(std::uint64_t us);

}  // namespace asciinemad
