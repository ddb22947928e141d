#include "client/session_choice.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "client/command.h"
#include "client/messages.h"
#include "client/status.h"

namespace asciinemad {
namespace {

constexpr std::size_t kIdCharacters = 8;

struct Candidates {
  std::vector<wire::SessionInfo> sessions;
  std::vector<wire::PlaybackInfo> playbacks;
  std::size_t size() const { return sessions.size() + playbacks.size(); }
};

// The word for `recordings`, for `playbacks`, or for both with `conjunction` between them.
std::string words_for(bool recordings, bool playbacks, const std::string& recording_word,
                      const std::string& playback_word, const std::string& conjunction) {
  if (recordings && playbacks) return recording_word + conjunction + playback_word;
  return recordings ? recording_word : playback_word;
}

Choice only_one(Candidates found) {
  if (!found.sessions.empty()) return std::move(found.sessions.front());
  return std::move(found.playbacks.front());
}

NoChoice which_one(const std::string& problem, Candidates found) {
  return {kExitNotFound, problem + "; choose one by -S ID:", std::move(found.sessions),
          std::move(found.playbacks)};
}

Choice choose_only(Candidates all, bool recordings, bool playbacks) {
  if (all.size() == 1) return only_one(std::move(all));
  if (all.size() == 0) {
    return NoChoice{kExitNotFound, "nothing is being " + words_for(recordings, playbacks,
                                                                   "recorded", "played", " or ")};
  }
  const std::string done =
      words_for(!all.sessions.empty(), !all.playbacks.empty(), "made", "played", " or ");
  return which_one("several recordings are being " + done, std::move(all));
}

Candidates find(const wire::StatusReply& status, std::string_view id, bool recordings,
                bool playbacks) {
  Candidates found;
  if (recordings) found.sessions = find_sessions(status, id);
  if (playbacks) found.playbacks = find_playbacks(status, id);
  const auto is_session = [&](const wire::SessionInfo& info) { return info.session == id; };
  const auto is_playback = [&](const wire::PlaybackInfo& info) { return info.playback == id; };
  if (std::any_of(found.sessions.begin(), found.sessions.end(), is_session)) {
    found.playbacks.clear();
  } else if (std::any_of(found.playbacks.begin(), found.playbacks.end(), is_playback)) {
    found.sessions.clear();
  }
  return found;
}

Choice choose_surrounding(const wire::StatusReply& status, const Wanted& wanted) {
  for (const wire::SessionInfo& session : status.sessions) {
    if (session.session == wanted.id || session.name == wanted.id) return session;
  }
  return session_is_gone(wanted);
}

}  // namespace

std::optional<std::string> parse_session_option(int argc, char** argv, int& i) {
  const std::string_view word = argv[i];
  if (word == "-S" || word == "--session") return i + 1 < argc ? argv[++i] : "";
  for (const std::string_view prefix : {"--session=", "-S"}) {
    if (word.starts_with(prefix)) return std::string(word.substr(prefix.size()));
  }
  return std::nullopt;
}

Wanted find_wanted(const std::optional<std::string>& option, Kinds kinds,
                   const Environment& environment) {
  if (option.has_value()) return {*option, false};
  if (kinds == Kinds::playbacks) return {};
  const std::optional<std::string> surrounding = environment.find("ASCIINEMA_SESSION");
  return {surrounding.value_or(""), surrounding.has_value()};
}

bool is_whole_id(std::string_view id) {
  return id.size() == kIdCharacters && std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '2' && c <= '7');
         });
}

Choice choose(const wire::StatusReply& status, const Wanted& wanted, Kinds kinds) {
  const bool recordings = kinds != Kinds::playbacks;
  const bool playbacks = kinds != Kinds::recordings;
  if (wanted.from_environment) return choose_surrounding(status, wanted);
  const std::string& id = wanted.id;
  if (id.empty()) {
    Candidates all;
    if (recordings) all.sessions = status.sessions;
    if (playbacks) all.playbacks = status.playbacks;
    return choose_only(std::move(all), recordings, playbacks);
  }
  Candidates found = find(status, id, recordings, playbacks);
  if (found.size() == 1) return only_one(std::move(found));
  if (found.size() > 1) {
    const std::string nouns = words_for(!found.sessions.empty(), !found.playbacks.empty(),
                                        "recordings", "playbacks", " and ");
    return which_one(id + " means several " + nouns, std::move(found));
  }
  if (!recordings && !find_sessions(status, id).empty()) {
    return NoChoice{kExitFailure, id + " is a recording, not a playback"};
  }
  if (!playbacks && !find_playbacks(status, id).empty()) {
    return NoChoice{kExitFailure, id + " is a playback, not a recording"};
  }
  return NoChoice{
      kExitNotFound,
      "there is no " + words_for(recordings, playbacks, "session", "playback", " or ") + " " + id};
}

std::function<bool(const wire::StatusReply&)> looks_for(const Wanted& wanted, Kinds kinds) {
  if (wanted.id.empty()) return nullptr;
  return [&wanted, kinds](const wire::StatusReply& status) {
    return !std::holds_alternative<NoChoice>(choose(status, wanted, kinds));
  };
}

NoChoice session_is_gone(const Wanted& wanted) {
  const std::string which = wanted.from_environment ? " ($ASCIINEMA_SESSION)" : "";
  return {kExitNotFound, "the session " + wanted.id + which + " is not being recorded any more"};
}

int report(const NoChoice& none) {
  Messages(false).error(none.message);
  print_err(list_text(none.sessions, none.playbacks, "  "));
  return none.exit_status;
}

}  // namespace asciinemad
