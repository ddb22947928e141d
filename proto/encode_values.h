// Plain values into the schema's builders: what the encode_*.cc share.
#pragma once

#include <string>

#include "proto/asciinemad.capnp.h"
#include "proto/message.h"

namespace asciinemad::wire {

template <typename... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <typename... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

inline capnp::Text::Reader text(const std::string& s) { return {s.c_str(), s.size()}; }

inline capnp::Data::Reader data(const std::string& s) {
  return {reinterpret_cast<const kj::byte*>(s.data()), s.size()};
}

inline void put(schema::WindowSize::Builder to, const WindowSize& from) {
  to.setCols(from.cols);
  to.setRows(from.rows);
  to.setXpixel(from.xpixel);
  to.setYpixel(from.ypixel);
}

inline void put(schema::Terminal::Builder to, const Terminal& from) {
  to.setHasInput(from.has_input);
  to.setHasOutput(from.has_output);
  to.setInputIsTerminal(from.input_is_terminal);
  to.setSavedTermios(data(from.saved_termios));
}

inline void put(schema::Notifications::Builder to, const Notifications& from) {
  to.setEnabled(from.enabled);
  to.setCommand(text(from.command));
  to.setIconPath(text(from.icon_path));
  auto list = to.initEnvironment(static_cast<unsigned>(from.environment.size()));
  for (unsigned i = 0; i < list.size(); ++i) list.set(i, text(from.environment[i]));
}

// encode_playback.cc
void put(schema::Play::Builder to, const Play& from);
void put(schema::Control::Builder to, const Control& from);
void put(schema::Fetch::Builder to, const Fetch& from);
void put(schema::PlaybackInfo::Builder to, const PlaybackInfo& from);
void put(schema::PlaybackFinished::Builder to, const PlaybackFinished& from);

// encode_sessions.cc
void put(schema::Start::Builder to, const Start& from);
void put(schema::Checkpoint::Builder to, const Checkpoint& from);
void put(schema::Resume::Builder to, const Resume& from);
void put(schema::SessionInfo::Builder to, const SessionInfo& from);
void put(schema::Finished::Builder to, const Finished& from);
void put(schema::Steer::Builder to, const Steer& from);
void put(schema::WatchSessions::Builder to, const WatchSessions& from);
void put(schema::Attach::Builder to, const Attach& from);
void put(schema::SessionEvent::Builder to, const SessionEvent& from);

// encode_uploads.cc
void put(schema::Upload::Builder to, const Upload& from);
void put(schema::ListUploads::Builder to, const ListUploads& from);
void put(schema::ChangeUpload::Builder to, const ChangeUpload& from);
void put(schema::AskUploadServer::Builder to, const AskUploadServer& from);
void put(schema::Queued::Builder to, const Queued& from);
void put(schema::Uploads::Builder to, const Uploads& from);
void put(schema::UploadInfo::Builder to, const UploadInfo& from);
void put(schema::UploadServerInfo::Builder to, const UploadServerInfo& from);

}  // namespace asciinemad::wire
