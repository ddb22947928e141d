#include "daemon/playbacks.h"

#include <algorithm>

#include "common/ids.h"

namespace asciinemad {

Result<std::string> Playbacks::start(wire::Play play, Fd recording, Terminal::Resources terminal,
                                     Connection& client) {
  if (playbacks_.size() >= kMaxPlaybacks) {
    return Error{Errc::limit_exceeded,
                 "the daemon has " + std::to_string(kMaxPlaybacks) + " playbacks already"};
  }
  std::string id;
  do {
    TRY_ASSIGN(id, make_id());
  } while (playbacks_.contains(id));
  TRY_ASSIGN(auto playback, Playback::create(context_, id, std::move(play), std::move(recording),
                                             std::move(terminal), client, *this));
  playbacks_.emplace(id, std::move(playback));
  listener_.on_playbacks_changed();
  return id;
}

std::vector<wire::PlaybackInfo> Playbacks::list() const {
  std::vector<wire::PlaybackInfo> infos;
  for (const auto& [id, playback] : playbacks_) infos.push_back(playback->info());
  return infos;
}

Playback* Playbacks::find(std::string_view id) const {
  const auto found = playbacks_.find(id);
  return found == playbacks_.end() ? nullptr : found->second.get();
}

void Playbacks::on_recording_ended(const FileId& file) {
  for (const auto& [id, playback] : playbacks_) {
    if (playback->source() == file) playback->on_recording_ended();
  }
}

void Playbacks::stop_all() {
  // stop() may end a playback, which changes the map.
  std::vector<Playback*> all;
  for (const auto& [id, playback] : playbacks_) all.push_back(playback.get());
  for (Playback* playback : all) playback->stop();
}

void Playbacks::hand_over() {
  std::vector<Playback*> bound;
  for (const auto& [id, playback] : playbacks_) {
    if (!playback->goes_on_elsewhere()) bound.push_back(playback.get());
  }
  for (Playback* playback : bound) playback->stop();
}

std::size_t Playbacks::bound_to_daemon() const {
  return static_cast<std::size_t>(
      std::count_if(playbacks_.begin(), playbacks_.end(),
                    [](const auto& entry) { return !entry.second->goes_on_elsewhere(); }));
}

void Playbacks::on_playback_ended(Playback& playback) {
  const auto found = playbacks_.find(playback.id());
  if (found == playbacks_.end()) return;
  graveyard_.bury(std::move(found->second));
  playbacks_.erase(found);
  listener_.on_playbacks_changed();
}

}  // namespace asciinemad
