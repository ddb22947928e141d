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
  bool operator==(const Notifications&) const = default;
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

struct UploadServer {
  std::string url;
  std::string user;
  std::string install_id;
  std::string http_proxy;
  std::string https_proxy;
  std::string no_proxy;
  std::string ca_file;
  std::string ca_directory;
  bool operator==(const UploadServer&) const = default;
};

// NOLINTNEXTLINE(readability-identifier-naming): public and private are keywords
enum class Visibility { by_server, public_, unlisted, private_ };

struct Upload {
  std::string name;
  UploadServer server;
  std::string title;
  Visibility visibility = Visibility::by_server;
  bool interactive = false;
  bool watch = false;
  Notifications notifications;
  std::uint64_t keep_for_s = 0;
  std::uint64_t keep_bytes = 0;
  std::string key;
  bool operator==(const Upload&) const = default;
};

struct ListUploads {
  std::uint64_t after = 0;
  std::uint64_t number = 0;
  bool operator==(const ListUploads&) const = default;
};

// What may be done to an upload.
namespace upload_change {
// From a newer schema.
struct Unknown {
  bool operator==(const Unknown&) const = default;
};
struct Retry {
  UploadServer server;
  bool operator==(const Retry&) const = default;
};
struct Cancel {
  bool operator==(const Cancel&) const = default;
};
struct Forget {
  bool operator==(const Forget&) const = default;
};
}  // namespace upload_change

struct ChangeUpload {
  std::uint64_t number = 0;
  std::variant<upload_change::Unknown, upload_change::Retry, upload_change::Cancel,
               upload_change::Forget>
      change;
  bool operator==(const ChangeUpload&) const = default;
};

struct WatchUploads {
  std::uint64_t number = 0;
  bool operator==(const WatchUploads&) const = default;
};

struct AskUploadServer {
  UploadServer server;
  bool release = false;
  bool operator==(const AskUploadServer&) const = default;
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
               WatchUploads, AskUploadServer>
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
  std::uint32_t uploads_waiting = 0;
  std::uint32_t uploads_held = 0;
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

struct Queued {
  std::uint64_t number = 0;
  std::vector<std::string> warnings;
  bool operator==(const Queued&) const = default;
};

enum class UploadState { queued, uploading, done, held, failed, cancelled };

struct UploadInfo {
  std::uint64_t number = 0;
  UploadState state = UploadState::queued;
  std::string name;
  std::string server_url;
  std::string title;
  Visibility visibility = Visibility::by_server;
  std::uint64_t bytes = 0;
  std::uint64_t sent_bytes = 0;
  std::int64_t queued_at_ms = 0;
  std::int64_t changed_at_ms = 0;
  std::int64_t next_attempt_at_ms = 0;
  std::uint32_t attempts = 0;
  bool ambiguous = false;
  std::string reason;
  std::string advice;
  std::string url;
  std::string message;
  std::string warning;
  std::string file;
  bool operator==(const UploadInfo&) const = default;
};

struct Uploads {
  std::vector<UploadInfo> uploads;
  bool more = false;
  std::string notice;
  bool operator==(const Uploads&) const = default;
};

struct UploadServerInfo {
  std::uint32_t waiting = 0;
  std::uint32_t held = 0;
  std::int64_t last_success_at_ms = 0;
  std::int64_t last_rejected_at_ms = 0;
  std::uint64_t refused_bytes = 0;
  bool operator==(const UploadServerInfo&) const = default;
};

struct Reply {
  std::uint32_t id = 0;
  std::variant<Unknown, ErrorReply, Ok, HelloReply, Started, StatusReply, Checkpoint, Terminate,
               Finished, Playing, PlaybackFinished, ScreenUndo, Fetched, Queued, Uploads,
               UploadInfo, UploadServerInfo>
      body;
  std::uint8_t fds = 0;
};

}  // namespace asciinemad::wire
