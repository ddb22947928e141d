// Messages about recording from bytes.

#include <cmath>

#include "proto/decode_values.h"

namespace asciinemad::wire {
namespace {

using wire::get;

constexpr std::size_t kMaxTailBytes = 3;
constexpr std::size_t kMaxParserStateBytes = 8192;
constexpr std::size_t kMaxFilterStateBytes = 4096;
constexpr std::size_t kMaxIdBytes = 64;
constexpr std::size_t kMaxNameBytes = 256;  // 64 characters of at most 4 bytes
constexpr std::size_t kMaxLabelBytes = 1024;
constexpr std::size_t kMaxTitleBytes = 1024;
constexpr std::size_t kMaxTypedBytes = 65536;

Format get(schema::Format from) {
  switch (from) {
    case schema::Format::ASCIICAST_V2:
      return Format::asciicast_v2;
    case schema::Format::RAW:
      return Format::raw;
  }
  throw invalid("unknown recording format");
}

// What a newer client wants then is unknown; its command must not run on unattended for that.
OnDisconnect get(schema::OnDisconnect from) {
  return from == schema::OnDisconnect::DETACH ? OnDisconnect::detach : OnDisconnect::hang_up;
}

Start get(schema::Start::Reader from) {
  Start to;
  to.format = get(from.getFormat());
  to.append = from.getAppend();
  to.time_offset_us = from.getTimeOffset();
  to.size = get(from.getSize());
  to.timestamp_s = from.getTimestamp();
  to.idle_time_limit_s = from.getIdleTimeLimit();
  if (!std::isfinite(to.idle_time_limit_s) || to.idle_time_limit_s < 0) {
    throw invalid("idleTimeLimit is not a number of seconds");
  }
  to.title = get(from.getTitle());
  to.command = get(from.getCommand());
  for (auto variable : from.getCapturedEnv()) {
    to.captured_env.emplace_back(get(variable.getName()), get(variable.getValue()));
  }
  to.capture_input = from.getCaptureInput();
  to.prefix_key = get(from.getPrefixKey());
  to.pause_key = get(from.getPauseKey());
  to.add_marker_key = get(from.getAddMarkerKey());
  to.terminal = get(from.getTerminal());
  to.notifications = get(from.getNotifications());
  to.path = get(from.getPath());
  to.session = get(from.getSession(), kMaxIdBytes, "session");
  to.name = get(from.getName(), kMaxNameBytes, "name");
  to.file = get(from.getFile());
  to.kept_bytes = from.getKeptBytes();
  to.pause_at_start = from.getPauseAtStart();
  to.marker_label = get(from.getMarkerLabel(), kMaxLabelBytes, "markerLabel");
  to.pause_markers = from.getPauseMarkers();
  to.output_markers = from.getOutputMarkers();
  to.paused_title = get(from.getPausedTitle(), kMaxTitleBytes, "pausedTitle");
  to.on_disconnect = get(from.getOnDisconnect());
  to.detach_key = get(from.getDetachKey());
  to.has_upload = from.getHasUpload();
  if (to.has_upload) to.upload = get(from.getUpload());
  to.detached = from.getDetached();
  return to;
}

Checkpoint get(schema::Checkpoint::Reader from) {
  Checkpoint to;
  to.started_at_us = from.getStartedAt();
  to.paused_for_us = from.getPausedFor();
  to.paused = from.getPaused();
  to.paused_at_us = from.getPausedAt();
  to.last_event_at_us = from.getLastEventAt();
  to.size = get(from.getSize());
  to.resize_pending = from.getResizePending();
  to.output_tail = get(from.getOutputTail(), kMaxTailBytes, "outputTail");
  to.input_tail = get(from.getInputTail(), kMaxTailBytes, "inputTail");
  to.input_parser = get(from.getInputParser(), kMaxParserStateBytes, "inputParser");
  to.lost_bytes = from.getLostBytes();
  to.loss_reason = get(from.getLossReason());
  to.attached = from.getAttached();
  to.markers = from.getMarkers();
  to.title = get(from.getTitle());
  to.output_filter = get(from.getOutputFilter(), kMaxFilterStateBytes, "outputFilter");
  to.terminating = from.getTerminating();
  to.discarding = from.getDiscarding();
  to.client = from.getClient();
  to.handed_over = from.getHandedOver();
  to.goes_on = from.getGoesOn();
  to.uploading = from.getUploading();
  return to;
}

Resume get(schema::Resume::Reader from) {
  return {get(from.getSession(), kMaxIdBytes, "session"), get(from.getStart()),
          get(from.getCheckpoint()), from.getHasJournal()};
}

Finished get(schema::Finished::Reader from) {
  Finished to;
  const auto exit = from.getExit();
  switch (exit.which()) {
    case schema::Finished::Exit::UNKNOWN:
      break;
    case schema::Finished::Exit::CODE:
      to.exit = {Exit::Kind::code, exit.getCode()};
      break;
    case schema::Finished::Exit::SIGNAL:
      to.exit = {Exit::Kind::signal, exit.getSignal()};
      break;
    case schema::Finished::Exit::EXEC_ERRNO:
      to.exit = {Exit::Kind::exec_failed, exit.getExecErrno()};
      break;
  }
  to.lost_bytes = from.getLostBytes();
  to.loss_reason = get(from.getLossReason());
  to.discarded = from.getDiscarded();
  to.uploading = from.getUploading();
  to.paused = from.getPaused();
  return to;
}

decltype(Steer::action) get_action(schema::Steer::Reader from) {
  switch (from.which()) {
    case schema::Steer::PAUSE:
      return steer::Pause{};
    case schema::Steer::RESUME:
      return steer::Resume{};
    case schema::Steer::TOGGLE:
      return steer::Toggle{};
    case schema::Steer::MARK:
      return steer::Mark{get(from.getMark(), kMaxLabelBytes, "mark")};
    case schema::Steer::STOP:
      return steer::Stop{};
    case schema::Steer::DISCARD:
      return steer::Discard{};
    case schema::Steer::RESIZE:
      return steer::Resize{get(from.getResize())};
    case schema::Steer::SEND:
      return steer::Send{get(from.getSend(), kMaxTypedBytes, "send")};
    case schema::Steer::TITLE:
      return steer::Title{get(from.getTitle(), kMaxTitleBytes, "title")};
    case schema::Steer::DETACH:
      return steer::Detach{};
  }
  return steer::Unknown{};
}

decltype(SessionEvent::what) get_what(schema::SessionEvent::Reader from) {
  switch (from.which()) {
    case schema::SessionEvent::PRESENT:
      return event::Present{get(from.getPresent())};
    case schema::SessionEvent::STARTED:
      return event::Started{get(from.getStarted())};
    case schema::SessionEvent::PAUSED:
      return event::Paused{};
    case schema::SessionEvent::RESUMED:
      return event::Resumed{};
    case schema::SessionEvent::MARKER:
      return event::Marker{get(from.getMarker())};
    case schema::SessionEvent::RESIZED:
      return event::Resized{get(from.getResized())};
    case schema::SessionEvent::TITLED:
      return event::Titled{get(from.getTitled())};
    case schema::SessionEvent::ATTACHED:
      return event::Attached{};
    case schema::SessionEvent::DETACHED:
      return event::Detached{};
    case schema::SessionEvent::EXITED:
      return event::Exited{get(from.getExited())};
    case schema::SessionEvent::PRESENT_PLAYBACK:
      return event::PresentPlayback{get(from.getPresentPlayback())};
    case schema::SessionEvent::PLAYBACK_STARTED:
      return event::PlaybackStarted{get(from.getPlaybackStarted())};
    case schema::SessionEvent::PLAYBACK_ENDED:
      return event::PlaybackEnded{get(from.getPlaybackEnded())};
  }
  return event::Unknown{};
}

// A session that a peer names by its id or its name.
std::string get_named(capnp::Text::Reader from) { return get(from, kMaxNameBytes, "session"); }

Attach get(schema::Attach::Reader from) {
  return {get_named(from.getSession()), get(from.getTerminal()), get(from.getSize()),
          from.getForce(), from.getRejoin()};
}

SessionEvent get(schema::SessionEvent::Reader from) {
  return {get(from.getSession(), kMaxIdBytes, "session"), get(from.getName()), from.getAt(),
          from.getTime(), get_what(from)};
}

}  // namespace

SessionInfo get(schema::SessionInfo::Reader from) {
  SessionInfo to;
  to.session = get(from.getSession(), kMaxIdBytes, "session");
  to.command = get(from.getCommand());
  to.path = get(from.getPath());
  to.paused = from.getPaused();
  to.duration_us = from.getDuration();
  to.size = get(from.getSize());
  to.lost_bytes = from.getLostBytes();
  to.name = get(from.getName(), kMaxNameBytes, "name");
  to.title = get(from.getTitle());
  to.attached = from.getAttached();
  to.markers = from.getMarkers();
  to.terminal = get(from.getTerminal());
  to.started_at_ms = from.getStartedAt();
  to.detachable = from.getDetachable();
  to.file = get(from.getFile());
  return to;
}

decltype(Request::body) get_about_sessions(schema::Request::Reader from) {
  switch (from.which()) {
    case schema::Request::START:
      return get(from.getStart());
    case schema::Request::RESUME:
      return get(from.getResume());
    case schema::Request::STEER:
      return Steer{get_named(from.getSteer().getSession()), get_action(from.getSteer())};
    case schema::Request::WATCH_SESSIONS:
      return WatchSessions{get_named(from.getWatchSessions().getSession()),
                           from.getWatchSessions().getPresent()};
    case schema::Request::ATTACH:
      return get(from.getAttach());
    default:
      return Unknown{static_cast<std::uint16_t>(from.which())};
  }
}

decltype(Reply::body) get_about_sessions(schema::Reply::Reader from) {
  switch (from.which()) {
    case schema::Reply::CHECKPOINT:
      return get(from.getCheckpoint());
    case schema::Reply::FINISHED:
      return get(from.getFinished());
    case schema::Reply::ATTACHED:
      return Attached{get(from.getAttached().getSession())};
    case schema::Reply::SESSION_EVENT:
      return get(from.getSessionEvent());
    case schema::Reply::DETACHED:
      return Detached{get(from.getDetached().getReason())};
    default:
      return Unknown{static_cast<std::uint16_t>(from.which())};
  }
}

}  // namespace asciinemad::wire
