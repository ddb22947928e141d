#include "client/rec_wish.h"

#include <cstdlib>
#include <ctime>
#include <utility>

#include "client/key_text.h"
#include "client/notifications.h"
#include "common/uuid.h"

namespace asciinemad {
namespace {

void set_recording(wire::Start& start, const RecOptions& options, const RecordingTarget& target) {
  start.format = options.raw ? wire::Format::raw : wire::Format::asciicast_v2;
  start.append = target.appending();
  start.time_offset_us = target.time_offset_us();
  start.timestamp_s = static_cast<std::int64_t>(std::time(nullptr));
  start.idle_time_limit_s = options.idle_time_limit_s.value_or(0);
  start.title = options.title;
  for (const std::string& name : options.env) {
    // A variable that is not set is left out; null there breaks other tools.
    if (const char* value = std::getenv(name.c_str())) start.captured_env.emplace_back(name, value);
  }
  start.capture_input = options.capture_input;
  start.path = target.path();
  start.file = target.file();
  start.kept_bytes = target.kept_bytes();
}

void set_behaviour(wire::Start& start, const RecOptions& options, const Config::Record& config) {
  start.prefix_key = key_text(config.prefix_key);
  start.pause_key = key_text(config.pause_key);
  start.add_marker_key = key_text(config.add_marker_key);
  start.detach_key = key_text(config.detach_key);
  start.pause_at_start = options.pause_at_start;
  start.marker_label = options.marker_label;
  start.pause_markers = options.pause_markers;
  start.output_markers = options.output_markers;
  start.paused_title = config.paused_title;
  start.detached = options.detached;
  const bool goes_on = options.detach || options.detached;
  start.on_disconnect = goes_on ? wire::OnDisconnect::detach : wire::OnDisconnect::hang_up;
}

}  // namespace

RecordingSession::Wish rec_wish(const RecOptions& options, const Config& config,
                                const RecordingTarget& target, std::string shell,
                                const std::optional<wire::Upload>& upload) {
  RecordingSession::Wish wish;
  wish.shell = std::move(shell);
  wish.recording = target.needs_pump() ? -1 : target.fd();
  wish.cols = options.cols;
  wish.rows = options.rows;
  wire::Start& start = wish.start;
  start.command = options.command;
  start.name = options.name;
  set_recording(start, options, target);
  set_behaviour(start, options, config.record);
  start.notifications = session_notifications(config.notifications);
  start.has_upload = upload.has_value();
  if (!upload.has_value()) return wish;
  start.upload = *upload;
  // So that it is queued once, also when daemons die at the session's end. Without one it may be
  // queued twice, which is better than not recording.
  if (Result<std::string> key = make_uuid(); key.ok()) start.upload.key = std::move(key).value();
  return wish;
}

}  // namespace asciinemad
