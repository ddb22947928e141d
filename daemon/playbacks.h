// Playbacks: all that run, by id.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/playback.h"

namespace asciinemad {

class Playbacks final : private Playback::Listener {
 public:
  class Listener {
   public:
    virtual void on_playbacks_changed() = 0;

   protected:
    ~Listener() = default;
  };

  // More are refused; each has a thread and about eight descriptors.
  static constexpr std::size_t kMaxPlaybacks = 100;

  Playbacks(Playback::Context context, uv::Graveyard& graveyard, Listener& listener)
      : context_(std::move(context)), graveyard_(graveyard), listener_(listener) {}

  // The id of a new playback.
  Result<std::string> start(wire::Play play, Fd recording, Terminal::Resources terminal,
                            Connection& client);

  bool empty() const { return playbacks_.empty(); }
  // Those that no next daemon goes on with.
  std::size_t bound_to_daemon() const;
  std::vector<wire::PlaybackInfo> list() const;
  // Null: there is none of this id.
  Playback* find(std::string_view id) const;
  // That file gets no longer.
  void on_recording_ended(const FileId& file);
  void stop_all();
  // Stops those. The clients of the others, which follow a session, ask the next daemon when the
  // connection ends.
  void hand_over();

 private:
  void on_playback_ended(Playback& playback) override;

  const Playback::Context context_;
  uv::Graveyard& graveyard_;
  Listener& listener_;
  std::map<std::string, std::unique_ptr<Playback>, std::less<>> playbacks_;
};

}  // namespace asciinemad
