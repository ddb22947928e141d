// Plain values into the schema's builders: what encode.cc and encode_playback.cc share.
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

// encode_playback.cc
void put(schema::Play::Builder to, const Play& from);
void put(schema::Control::Builder to, const Control& from);
void put(schema::Fetch::Builder to, const Fetch& from);
void put(schema::PlaybackInfo::Builder to, const PlaybackInfo& from);
void put(schema::PlaybackFinished::Builder to, const PlaybackFinished& from);

}  // namespace asciinemad::wire
