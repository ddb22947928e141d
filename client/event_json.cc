#include "client/event_json.h"

#include <cstring>
#include <string_view>
#include <variant>
#include <vector>

#include "client/json_object.h"
#include "client/upload_text.h"
#include "common/json_number.h"

namespace asciinemad {
namespace {

std::string seconds_json(std::uint64_t us) {
  std::string json;
  append_json_seconds(json, us);
  return json;
}

std::string_view bool_json(bool value) { return value ? "true" : "false"; }

void append_size(JsonObject& json, const wire::WindowSize& size) {
  json.raw("cols", std::to_string(size.cols)).raw("rows", std::to_string(size.rows));
}

void append_session(JsonObject& json, const wire::SessionInfo& info) {
  json.text("path", info.path).raw("file", text_json(info.file)).text("command", info.command);
  append_size(json, info.size);
  json.raw("paused", bool_json(info.paused))
      .raw("attached", bool_json(info.attached))
      .raw("title", text_json(info.title))
      .raw("markers", std::to_string(info.markers))
      .raw("lost_bytes", std::to_string(info.lost_bytes))
      .raw("started_at", time_json(info.started_at_ms));
}

void append_playback(JsonObject& json, const wire::PlaybackInfo& info) {
  json.text("path", info.name);
  append_size(json, info.size);
  std::string speed;
  append_json_float(speed, info.speed);
  json.raw("paused", bool_json(info.paused))
      .raw("following", bool_json(info.following))
      .raw("speed", speed)
      .raw("duration", info.duration_us > 0 ? seconds_json(info.duration_us) : "null");
}

void append_exit(JsonObject& json, const wire::Exit& exit) {
  switch (exit.kind) {
    case wire::Exit::Kind::code:
      json.raw("exit_status", std::to_string(exit.value));
      return;
    case wire::Exit::Kind::signal:
      json.raw("signal", std::to_string(exit.value));
      return;
    case wire::Exit::Kind::exec_failed:
      json.text("error", std::strerror(exit.value));
      return;
    case wire::Exit::Kind::unknown:
      json.raw("exit_status", "null");
      return;
  }
}

void append_finished(JsonObject& json, const wire::Finished& finished) {
  append_exit(json, finished.exit);
  json.raw("lost_bytes", std::to_string(finished.lost_bytes))
      .raw("reason", text_json(finished.loss_reason))
      .raw("discarded", bool_json(finished.discarded))
      .raw("uploading", bool_json(finished.uploading));
}

void append_ended(JsonObject& json, const wire::PlaybackFinished& finished) {
  using How = wire::PlaybackFinished::How;
  json.text("how", finished.how == How::ended         ? "ended"
                   : finished.how == How::interrupted ? "interrupted"
                                                      : "failed");
  json.raw("reason", text_json(finished.reason));
}

// One overload for each alternative.
class EventWriter {
 public:
  EventWriter(const wire::SessionEvent& event, bool of_playback)
      : event_(event), of_playback_(of_playback) {}

  std::string operator()(const wire::event::Unknown& /*what*/) const { return {}; }
  std::string operator()(const wire::event::Present& what) const {
    return with_session("present", what.info);
  }
  std::string operator()(const wire::event::Started& what) const {
    return with_session("started", what.info);
  }
  std::string operator()(const wire::event::Paused& /*what*/) const {
    return begin("paused", of_playback_).done();
  }
  std::string operator()(const wire::event::Resumed& /*what*/) const {
    return begin("resumed", of_playback_).done();
  }
  std::string operator()(const wire::event::Marker& what) const {
    return begin("marker", of_playback_).text("label", what.label).done();
  }
  std::string operator()(const wire::event::Resized& what) const {
    JsonObject json = begin("resized", of_playback_);
    append_size(json, what.size);
    return json.done();
  }
  std::string operator()(const wire::event::Titled& what) const {
    return begin("titled", false).text("title", what.title).done();
  }
  std::string operator()(const wire::event::Attached& /*what*/) const {
    return begin("attached", false).done();
  }
  std::string operator()(const wire::event::Detached& /*what*/) const {
    return begin("detached", false).done();
  }
  std::string operator()(const wire::event::Exited& what) const {
    JsonObject json = begin("exited", false);
    append_finished(json, what.finished);
    return json.done();
  }
  std::string operator()(const wire::event::PresentPlayback& what) const {
    return with_playback("present", what.info);
  }
  std::string operator()(const wire::event::PlaybackStarted& what) const {
    return with_playback("started", what.info);
  }
  std::string operator()(const wire::event::PlaybackEnded& what) const {
    JsonObject json = begin("ended", true);
    append_ended(json, what.finished);
    return json.done();
  }

 private:
  JsonObject begin(std::string_view name, bool of_playback) const;
  std::string with_session(std::string_view name, const wire::SessionInfo& info) const;
  std::string with_playback(std::string_view name, const wire::PlaybackInfo& info) const;

  const wire::SessionEvent& event_;
  const bool of_playback_;
};

// What all events have.
JsonObject EventWriter::begin(std::string_view name, bool of_playback) const {
  JsonObject json;
  json.text("event", name)
      .text("kind", of_playback ? "playback" : "recording")
      .text("session", event_.session);
  if (!event_.name.empty()) json.text("name", event_.name);
  json.raw("at", time_json(event_.at_ms)).raw("time", seconds_json(event_.time_us));
  return json;
}

std::string EventWriter::with_session(std::string_view name, const wire::SessionInfo& info) const {
  JsonObject json = begin(name, false);
  append_session(json, info);
  return json.done();
}

std::string EventWriter::with_playback(std::string_view name,
                                       const wire::PlaybackInfo& info) const {
  JsonObject json = begin(name, true);
  append_playback(json, info);
  return json.done();
}

}  // namespace

std::string event_json(const wire::SessionEvent& event, bool of_playback) {
  const std::string json = std::visit(EventWriter(event, of_playback), event.what);
  return json.empty() ? json : json + "\n";
}

std::string upload_event_json(const wire::UploadInfo& upload, std::int64_t now_ms) {
  JsonObject json;
  json.text("event", "upload").text("kind", "upload").raw("at", time_json(now_ms));
  return append_upload(json, upload).done() + "\n";
}

std::string reconnected_json(bool lost, std::int64_t now_ms) {
  JsonObject json;
  json.text("event", "reconnected").raw("at", time_json(now_ms));
  if (lost) json.raw("lost", "true");
  return json.done() + "\n";
}

}  // namespace asciinemad
