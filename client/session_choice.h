// Which recording or playback a command of the command line means.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/paths.h"
#include "proto/message.h"

namespace asciinemad {

// What the command acts on.
enum class Kinds { recordings, playbacks, both };

struct Wanted {
  std::string id;  // a whole id, the beginning of one or a name; empty: the only one there is
  bool from_environment = false;  // $ASCIINEMA_SESSION has it
};

// The ID of "-S ID", "-SID", "--session ID" or "--session=ID" at argv[i], which may move on; empty
// when it is missing, nullopt when that is something else.
std::optional<std::string> parse_session_option(int argc, char** argv, int& i);

// What -S says, else the session that the command is called in, unless it acts on playbacks alone.
Wanted find_wanted(const std::optional<std::string>& option, Kinds kinds,
                   const Environment& environment);

// 8 characters of [a-z2-7]: no beginning of another id.
bool is_whole_id(std::string_view id);

struct NoChoice {
  int exit_status = 0;
  std::string message;
  // Those that could be meant.
  std::vector<wire::SessionInfo> sessions = {};
  std::vector<wire::PlaybackInfo> playbacks = {};
};

using Choice = std::variant<wire::SessionInfo, wire::PlaybackInfo, NoChoice>;

// A whole id comes before everything else. In the environment only a whole id or name counts.
Choice choose(const wire::StatusReply& status, const Wanted& wanted, Kinds kinds);

// Whether choose() finds it; empty when nothing in particular is wanted. `wanted` has to outlive
// it.
std::function<bool(const wire::StatusReply&)> looks_for(const Wanted& wanted, Kinds kinds);

// "the session ... is not being recorded any more", and the exit status for that.
NoChoice session_is_gone(const Wanted& wanted);

// Prints it; returns its exit status.
int report(const NoChoice& none);

}  // namespace asciinemad
