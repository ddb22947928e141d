// Messages about playing and fetching; proto/asciinemad.capnp says what each means.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "proto/message_terminal.h"

namespace asciinemad::wire {

struct Play {
  enum class Output { screen, asciicast_v2 };
  enum class Stream { standard, output, input };
  enum class Trust { local, untrusted, trusted };

  std::string name;
  Terminal terminal;
  WindowSize size;
  double speed = 1;
  double idle_time_limit_s = 0;
  bool loop = false;
  bool pause_on_markers = false;
  std::uint64_t start_at_us = 0;
  Output output = Output::screen;
  Stream stream = Stream::standard;
  Trust trust = Trust::untrusted;
  bool resize_terminal = false;
  bool follow = false;
  std::string follow_session;
  std::string pause_key;
  std::string step_key;
  std::string next_marker_key;
  bool fit = false;
};

// What a person at the keyboard or a peer may ask of a playback.
namespace control {
struct Unknown {};  // from a newer schema
struct Pause {};
struct Resume {};
struct Toggle {};
struct Step {};
struct StepBack {};
struct SeekTo {
  std::uint64_t at_us = 0;
};
struct SeekBy {
  std::int64_t by_us = 0;
};
struct SeekToFraction {
  double fraction = 0;
};
struct SetSpeed {
  double speed = 1;
};
struct NextMarker {};
struct PreviousMarker {};
struct Stop {};
}  // namespace control

struct Control {
  std::string playback;
  std::variant<control::Unknown, control::Pause, control::Resume, control::Toggle, control::Step,
               control::StepBack, control::SeekTo, control::SeekBy, control::SeekToFraction,
               control::SetSpeed, control::NextMarker, control::PreviousMarker, control::Stop>
      action;
};

struct Fetch {
  std::string url;
  std::uint64_t max_bytes = 0;
  std::string http_proxy;
  std::string https_proxy;
  std::string no_proxy;
  std::string ca_file;
  std::string ca_directory;
  std::string ipfs_gateway;
};

struct PlaybackInfo {
  std::string playback;
  std::string name;
  std::uint64_t position_us = 0;
  std::uint64_t duration_us = 0;
  double speed = 1;
  bool paused = false;
  bool following = false;
  WindowSize size;
};

struct Playing {
  std::string playback;
};

struct PlaybackFinished {
  enum class How { ended, interrupted, failed };
  How how = How::ended;
  std::string reason;  // when failed
  std::vector<std::string> warnings;
};

struct ScreenUndo {
  std::string bytes;
};

struct Fetched {
  std::string url;
  std::uint64_t bytes = 0;
};

}  // namespace asciinemad::wire
