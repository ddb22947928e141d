// What the daemon is doing: asking for it, finding something in it, and putting it into words.
//
// Pure, but for the local time zone and get_status().
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

// The entries that `wanted` stands for: the one whose id or name that is, else all whose ids begin
// with it.
std::vector<wire::SessionInfo> find_sessions(const wire::StatusReply& status,
                                             std::string_view wanted);
// The one whose id that is, else all whose ids begin with it, else all whose recording's name that
// is, or the last part of it.
std::vector<wire::PlaybackInfo> find_playbacks(const wire::StatusReply& status,
                                               std::string_view wanted);

// A line for each recording and then each playback, in columns: kind, id, name if any has one,
// size, time, state, file, command. Without control characters. Each line begins with
// `indentation`.
std::string list_text(const std::vector<wire::SessionInfo>& sessions,
                      const std::vector<wire::PlaybackInfo>& playbacks,
                      std::string_view indentation);

// A line for each recording that was found after the machine had died under its session.
std::string recovered_text(const wire::StatusReply& status);

// All of it as a JSON array of objects, times in seconds; null is what is not known or not set.
std::string list_json(const wire::StatusReply& status);

// All about one, in several lines.
std::string details(const wire::SessionInfo& session);
std::string details(const wire::PlaybackInfo& playback);
// An object as in list_json().
std::string details_json(const wire::SessionInfo& session);
std::string details_json(const wire::PlaybackInfo& playback);

// "0:07", "1:02:03".
std::string clock_text(std::uint64_t us);

}  // namespace asciinemad
