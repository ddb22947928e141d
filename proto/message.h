// The control protocol's messages as plain values; proto/asciinemad.capnp says what each means.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace asciinemad::wire {

inline constexpr std::uint16_t kProtocolMin = 1;
inline constexpr std::uint16_t kProtocolMax = 1;

// Largest message in stream framing, header included.
inline constexpr std::size_t kMaxMessageBytes = std::size_t{1} << 20;

enum class ErrorCode { internal, invalid, unsupported, version, busy, no_session, limit };

enum class Format { asciicast_v2, raw };

struct WindowSize {
  std::uint16_t cols = 80;
  std::uint16_t rows = 24;
  std::uint16_t xpixel = 0;
  std::uint16_t ypixel = 0;
  bool operator==(const WindowSize&) const = default;
};

struct Terminal {
  bool has_input = false;
  bool has_output = false;
  bool input_is_terminal = false;
  std::string saved_termios;
};

struct Notifications {
  bool enabled = false;
  std::string command;
  std::string icon_path;
  std::vector<std::string> environment;
};

struct Hello {
  std::uint16_t protocol_min = kProtocolMin;
  std::uint16_t protocol_max = kProtocolMax;
  std::string software;
};

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
  bool operator==(const Checkpoint&) const = default;
};

struct Resume {
  std::string session;
  Start start;
  Checkpoint checkpoint;
};

struct AttachTerminal {
  Terminal terminal;
  WindowSize size;
};

struct ReleaseTerminal {};
struct Resize {
  WindowSize size;
};
struct Stop {};
struct GetStatus {};

// How the recorded command ended.
struct Exit {
  enum class Kind { unknown, code, signal, exec_failed };
  Kind kind = Kind::unknown;
  std::uint16_t value = 0;  // exit status, signal number or errno
};

struct Exited {
  Exit exit;
};

struct Shutdown {
  bool force = false;
};

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

// A union member that this schema does not know.
struct Unknown {
  std::uint16_t member = 0;
};

struct Request {
  std::uint32_t id = 0;
  std::uint8_t fds = 0;
  std::variant<Unknown, Hello, Start, Resume, AttachTerminal, ReleaseTerminal, Resize, Stop, Exited,
               GetStatus, Shutdown, Play, Control, Fetch>
      body;
};

struct ErrorReply {
  ErrorCode code = ErrorCode::internal;
  std::string message;
};

struct Ok {};

struct HelloReply {
  std::uint16_t protocol = 0;
  std::string software;
  std::uint32_t pid = 0;
};

struct Started {
  std::string session;
};

struct SessionInfo {
  std::string session;
  std::string command;
  std::string path;
  bool paused = false;
  std::uint64_t duration_us = 0;
  WindowSize size;
  std::uint64_t lost_bytes = 0;
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

struct StatusReply {
  std::string software;
  std::uint32_t pid = 0;
  std::string socket;
  std::string log_path;
  std::uint64_t uptime_us = 0;
  bool on_demand = false;
  std::vector<SessionInfo> sessions;
  std::vector<PlaybackInfo> playbacks;
};

struct Terminate {};

struct Finished {
  Exit exit;
  std::uint64_t lost_bytes = 0;
  std::string loss_reason;
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

struct Reply {
  std::uint32_t id = 0;
  std::variant<Unknown, ErrorReply, Ok, HelloReply, Started, StatusReply, Checkpoint, Terminate,
               Finished, Playing, PlaybackFinished, ScreenUndo, Fetched>
      body;
  std::uint8_t fds = 0;
};

}  // namespace asciinemad::wire
