// The control protocol's messages as plain values; proto/asciinemad.capnp says what each means.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "proto/message_playback.h"
#include "proto/message_sessions.h"
#include "proto/message_terminal.h"
#include "proto/message_uploads.h"

namespace asciinemad::wire {

inline constexpr std::uint16_t kProtocolMin = 1;
inline constexpr std::uint16_t kProtocolMax = 2;
// From this one on a session outlives its daemon and its client.
inline constexpr std::uint16_t kProtocolSurvival = 2;

// Largest message in stream framing, header included.
inline constexpr std::size_t kMaxMessageBytes = std::size_t{1} << 20;

enum class ErrorCode {
  internal,
  invalid,
  unsupported,
  version,
  busy,
  no_session,
  limit,
  not_found,
  elsewhere
};

struct Hello {
  std::uint16_t protocol_min = kProtocolMin;
  std::uint16_t protocol_max = kProtocolMax;
  std::string software;
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
struct Reload {};

struct Exited {
  Exit exit;
};

struct Shutdown {
  bool force = false;
  bool hand_over = false;
};

// A union member that this schema does not know.
struct Unknown {
  std::uint16_t member = 0;
};

struct Request {
  std::uint32_t id = 0;
  std::uint8_t fds = 0;
  std::variant<Unknown, Hello, Start, Resume, AttachTerminal, ReleaseTerminal, Resize, Stop, Exited,
               GetStatus, Shutdown, Play, Control, Fetch, Upload, ListUploads, ChangeUpload,
               WatchUploads, AskUploadServer, Steer, WatchSessions, Attach, Reload>
      body;
};

struct ErrorReply {
  ErrorCode code = ErrorCode::internal;
  std::string message;
  std::string socket = {};
};

struct Ok {};

struct HelloReply {
  std::uint16_t protocol = 0;
  std::string software;
  std::uint32_t pid = 0;
};

struct Started {
  std::string session;
  std::vector<std::string> recovered = {};
};

struct Recovered {
  std::string file;
  std::int64_t started_at_ms = 0;
  std::uint64_t cut_bytes = 0;
  bool operator==(const Recovered&) const = default;
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
  std::uint32_t uploads_waiting = 0;
  std::uint32_t uploads_held = 0;
  std::vector<Recovered> recovered;
  bool systemd = false;
};

struct Terminate {};
struct Journal {};

struct Reply {
  std::uint32_t id = 0;
  std::variant<Unknown, ErrorReply, Ok, HelloReply, Started, StatusReply, Checkpoint, Terminate,
               Finished, Playing, PlaybackFinished, ScreenUndo, Fetched, Queued, Uploads,
               UploadInfo, UploadServerInfo, Journal, Attached, SessionEvent, Detached>
      body;
  std::uint8_t fds = 0;
};

}  // namespace asciinemad::wire
