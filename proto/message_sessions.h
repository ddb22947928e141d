// Messages about recording; proto/asciinemad.capnp says what each means.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "proto/message_playback.h"
#include "proto/message_terminal.h"
#include "proto/message_uploads.h"

namespace asciinemad::wire {

enum class Format { asciicast_v2, raw };

enum class OnDisconnect { hang_up, detach };

struct Start {
  Format format = Format::asciicast_v2;
  bool append = false;
  std::uint64_t time_offset_us = 0;
  WindowSize size;
  std::int64_t timestamp_s = 0;
  double idle_time_limit_s = 0;
  std::string title;
  std::string command;
  std::vector<std::pair<std::string, std::string>> captured_env;
  bool capture_input = false;
  std::string prefix_key;
  std::string pause_key;
  std::string add_marker_key;
  Terminal terminal;
  Notifications notifications;
  std::string path;
  std::string session;
  std::string name;
  std::string file;
  std::uint64_t kept_bytes = 0;
  bool pause_at_start = false;
  std::string marker_label;
  bool pause_markers = false;
  bool output_markers = false;
  std::string paused_title;
  OnDisconnect on_disconnect = OnDisconnect::hang_up;
  std::string detach_key;
  bool has_upload = false;
  Upload upload;
  bool detached = false;
};

struct Checkpoint {
  std::uint64_t started_at_us = 0;
  std::uint64_t paused_for_us = 0;
  bool paused = false;
  std::uint64_t paused_at_us = 0;
  std::uint64_t last_event_at_us = 0;
  WindowSize size;
  bool resize_pending = false;
  std::string output_tail;
  std::string input_tail;
  std::string input_parser;
  std::uint64_t lost_bytes = 0;
  std::string loss_reason;
  bool attached = false;
  std::uint32_t markers = 0;
  std::string title;
  std::string output_filter;
  bool terminating = false;
  bool discarding = false;
  std::uint32_t client = 0;
  bool handed_over = false;
  bool goes_on = false;
  bool uploading = false;
  bool operator==(const Checkpoint&) const = default;
};

struct Resume {
  std::string session;
  Start start;
  Checkpoint checkpoint;
  bool has_journal = false;
};

// How the recorded command ended.
struct Exit {
  enum class Kind { unknown, code, signal, exec_failed };
  Kind kind = Kind::unknown;
  std::uint16_t value = 0;  // exit status, signal number or errno
};

struct SessionInfo {
  std::string session;
  std::string command;
  std::string path;
  bool paused = false;
  std::uint64_t duration_us = 0;
  WindowSize size;
  std::uint64_t lost_bytes = 0;
  std::string name;
  std::string title;
  bool attached = false;
  std::uint32_t markers = 0;
  std::string terminal;
  std::int64_t started_at_ms = 0;
  bool detachable = false;
  std::string file;
  bool operator==(const SessionInfo&) const = default;
};

struct Finished {
  Exit exit;
  std::uint64_t lost_bytes = 0;
  std::string loss_reason;
  bool discarded = false;
  bool uploading = false;
  bool paused = false;
};

// What a peer may ask of a recording.
namespace steer {
struct Unknown {};  // from a newer schema
struct Pause {};
struct Resume {};
struct Toggle {};
struct Mark {
  std::string label;
};
struct Stop {};
struct Discard {};
struct Resize {
  WindowSize size;
};
struct Send {
  std::string bytes;
};
struct Title {
  std::string title;
};
struct Detach {};
}  // namespace steer

struct Steer {
  std::string session;
  std::variant<steer::Unknown, steer::Pause, steer::Resume, steer::Toggle, steer::Mark, steer::Stop,
               steer::Discard, steer::Resize, steer::Send, steer::Title, steer::Detach>
      action;
};

struct WatchSessions {
  std::string session;
  bool present = false;
};

struct Attach {
  std::string session;
  Terminal terminal;
  WindowSize size;
  bool force = false;
  bool rejoin = false;
};

struct Attached {
  SessionInfo session;
};

struct Detached {
  std::string reason;
};

// What happens to sessions and playbacks.
namespace event {
struct Unknown {};  // from a newer schema
struct Present {
  SessionInfo info;
};
struct Started {
  SessionInfo info;
};
struct Paused {};
struct Resumed {};
struct Marker {
  std::string label;
};
struct Resized {
  WindowSize size;
};
struct Titled {
  std::string title;
};
struct Attached {};
struct Detached {};
struct Exited {
  Finished finished;
};
struct PresentPlayback {
  PlaybackInfo info;
};
struct PlaybackStarted {
  PlaybackInfo info;
};
struct PlaybackEnded {
  PlaybackFinished finished;
};
}  // namespace event

struct SessionEvent {
  std::string session;
  std::string name;
  std::int64_t at_ms = 0;
  std::uint64_t time_us = 0;
  std::variant<event::Unknown, event::Present, event::Started, event::Paused, event::Resumed,
               event::Marker, event::Resized, event::Titled, event::Attached, event::Detached,
               event::Exited, event::PresentPlayback, event::PlaybackStarted, event::PlaybackEnded>
      what;
};

}  // namespace asciinemad::wire
