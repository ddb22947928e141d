#include "client/event_json.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

namespace asciinemad {
namespace {

const std::string kBegin = "\"session\": \"abcdefgh\", \"at\": 1700000000.042, \"time\": 1.500000";

wire::SessionEvent event(decltype(wire::SessionEvent::what) what) {
  wire::SessionEvent event;
  event.session = "abcdefgh";
  event.at_ms = 1'700'000'000'042;
  event.time_us = 1'500'000;
  event.what = std::move(what);
  return event;
}

std::string line(std::string_view name, std::string_view kind, const std::string& rest) {
  return "{\"event\": \"" + std::string(name) + "\", \"kind\": \"" + std::string(kind) + "\", " +
         kBegin + rest + "}\n";
}

TEST_CASE("each event is one object in one line") {
  namespace what = wire::event;
  wire::Finished finished;
  finished.exit = {wire::Exit::Kind::code, 3};
  finished.lost_bytes = 7;
  finished.loss_reason = "No space left on device";
  wire::PlaybackFinished played;
  played.how = wire::PlaybackFinished::How::failed;
  played.reason = "line 3: no event";
  const std::vector<std::pair<std::string, std::string>> events = {
      {event_json(event(what::Paused{}), false), line("paused", "recording", "")},
      {event_json(event(what::Paused{}), true), line("paused", "playback", "")},
      {event_json(event(what::Resumed{}), false), line("resumed", "recording", "")},
      {event_json(event(what::Marker{"a \"b\"\n"}), false),
       line("marker", "recording", ", \"label\": \"a \\\"b\\\"\\n\"")},
      {event_json(event(what::Resized{{100, 30, 0, 0}}), false),
       line("resized", "recording", ", \"cols\": 100, \"rows\": 30")},
      {event_json(event(what::Titled{"T"}), false),
       line("titled", "recording", ", \"title\": \"T\"")},
      {event_json(event(what::Attached{}), false), line("attached", "recording", "")},
      {event_json(event(what::Detached{}), false), line("detached", "recording", "")},
      {event_json(event(what::Exited{finished}), false),
       line("exited", "recording",
            ", \"exit_status\": 3, \"lost_bytes\": 7, \"reason\": \"No space left on device\", "
            "\"discarded\": false, \"uploading\": false")},
      {event_json(event(what::PlaybackEnded{played}), true),
       line("ended", "playback", ", \"how\": \"failed\", \"reason\": \"line 3: no event\"")},
  };
  for (const auto& [json, expected] : events) CHECK(json == expected);
  CHECK(event_json(event(what::Unknown{}), false).empty());
}

TEST_CASE("how a recording's command has ended") {
  wire::Finished finished;
  const auto json = [&](wire::Exit exit) {
    finished.exit = exit;
    return event_json(event(wire::event::Exited{finished}), false);
  };
  using Kind = wire::Exit::Kind;
  CHECK(json({Kind::signal, 15}).find(", \"signal\": 15, ") != std::string::npos);
  CHECK(json({Kind::unknown, 0}).find(", \"exit_status\": null, ") != std::string::npos);
  CHECK(json({Kind::exec_failed, 2}).find(", \"error\": \"No such file or directory\", ") !=
        std::string::npos);
}

TEST_CASE("those that are there when somebody begins to look on") {
  wire::SessionInfo recording;
  recording.path = "/x/a.cast";
  recording.command = "bash";
  recording.paused = true;
  recording.attached = true;
  wire::SessionEvent present = event(wire::event::Present{recording});
  present.name = "build";
  CHECK(event_json(present, false) ==
        "{\"event\": \"present\", \"kind\": \"recording\", \"session\": \"abcdefgh\", \"name\": "
        "\"build\", \"at\": 1700000000.042, \"time\": 1.500000, \"path\": \"/x/a.cast\", "
        "\"file\": null, \"command\": \"bash\", \"cols\": 80, \"rows\": 24, \"paused\": true, "
        "\"attached\": true, "
        "\"title\": null, \"markers\": 0, \"lost_bytes\": 0, \"started_at\": null}\n");
  wire::PlaybackInfo playback;
  playback.name = "a.cast";
  playback.duration_us = 2'000'000;
  CHECK(event_json(event(wire::event::PlaybackStarted{playback}), false) ==
        line("started", "playback",
             ", \"path\": \"a.cast\", \"cols\": 80, \"rows\": 24, \"paused\": false, "
             "\"following\": false, \"speed\": 1.0, \"duration\": 2.000000"));
}

TEST_CASE("whatever texts hold, the line is valid JSON") {
  const std::string replacement = "\xef\xbf\xbd";
  for (const auto& [text, json] :
       {std::pair<std::string, std::string>{"\xff\xfe", replacement + replacement},
        {"\xc3", replacement},
        {"a\xe2\x82z", "a" + replacement + "z"},
        {"\x1b]0;x\x07", "\\u001b]0;x\\u0007"},
        {"\\\"\n\r\t", "\\\\\\\"\\n\\r\\t"},
        {"\xf0\x9f\x8e\xac", "\xf0\x9f\x8e\xac"}}) {
    CHECK(event_json(event(wire::event::Titled{text}), false) ==
          line("titled", "recording", ", \"title\": \"" + json + "\""));
  }
}

TEST_CASE("uploads, and a new connection") {
  wire::UploadInfo upload;
  upload.number = 12;
  upload.state = wire::UploadState::done;
  upload.name = "a.cast";
  upload.url = "https://host/a/1";
  const std::string json = upload_event_json(upload, 1'700'000'000'042);
  CHECK(
      json.starts_with("{\"event\": \"upload\", \"kind\": \"upload\", \"at\": 1700000000.042, "
                       "\"number\": 12, \"state\": \"done\", \"name\": \"a.cast\", "));
  CHECK(json.find("\"url\": \"https://host/a/1\"") != std::string::npos);
  CHECK(json.ends_with("}\n"));
  CHECK(reconnected_json(false, 1000) == "{\"event\": \"reconnected\", \"at\": 1.000}\n");
  CHECK(reconnected_json(true, 1000) ==
        "{\"event\": \"reconnected\", \"at\": 1.000, \"lost\": true}\n");
}

}  // namespace
}  // namespace asciinemad
