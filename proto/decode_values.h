// The schema's readers into plain values: what the decode_*.cc share.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "proto/asciinemad.capnp.h"
#include "proto/message.h"

namespace asciinemad::wire {

inline constexpr std::size_t kMaxTermiosBytes = 256;

// Thrown for a value out of the range the schema states.
struct OutOfRange {
  std::string reason;
};

inline OutOfRange invalid(std::string reason) { return {std::move(reason)}; }

inline std::string get(capnp::Text::Reader from) { return {from.begin(), from.size()}; }

inline std::string get(capnp::Data::Reader from, std::size_t limit, const char* field) {
  if (from.size() > limit) {
    throw invalid(std::string(field) + " has " + std::to_string(from.size()) + " bytes; at most " +
                  std::to_string(limit) + " are accepted");
  }
  return {reinterpret_cast<const char*>(from.begin()), from.size()};
}

inline std::string get(capnp::Text::Reader from, std::size_t limit, const char* field) {
  return get(from.asBytes(), limit, field);
}

inline WindowSize get(schema::WindowSize::Reader from) {
  if (from.getCols() == 0 || from.getRows() == 0) throw invalid("a window size is zero");
  return {from.getCols(), from.getRows(), from.getXpixel(), from.getYpixel()};
}

inline Terminal get(schema::Terminal::Reader from) {
  return {from.getHasInput(), from.getHasOutput(), from.getInputIsTerminal(),
          get(from.getSavedTermios(), kMaxTermiosBytes, "savedTermios")};
}

inline Notifications get(schema::Notifications::Reader from) {
  Notifications to{from.getEnabled(), get(from.getCommand()), get(from.getIconPath()), {}};
  for (auto variable : from.getEnvironment()) to.environment.push_back(get(variable));
  return to;
}

// decode_playback.cc
Play get(schema::Play::Reader from);
Control get(schema::Control::Reader from);
Fetch get(schema::Fetch::Reader from);
PlaybackInfo get(schema::PlaybackInfo::Reader from);
PlaybackFinished get(schema::PlaybackFinished::Reader from);

// decode_sessions.cc: the members that are about recording, and Unknown for all others.
SessionInfo get(schema::SessionInfo::Reader from);
decltype(Request::body) get_about_sessions(schema::Request::Reader from);
decltype(Reply::body) get_about_sessions(schema::Reply::Reader from);

// decode_uploads.cc: the members that are about uploads, and Unknown for all others.
Upload get(schema::Upload::Reader from);
decltype(Request::body) get_about_uploads(schema::Request::Reader from);
decltype(Reply::body) get_about_uploads(schema::Reply::Reader from);

}  // namespace asciinemad::wire
