// One message of every kind, and more where a kind has cases, with values from the ends of their
// ranges.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "proto/message.h"

namespace asciinemad::test {

template <typename Integer>
inline constexpr Integer kMost = std::numeric_limits<Integer>::max();

// Texts are bytes: NUL and invalid UTF-8 travel, too.
inline std::string odd_text() { return std::string("a\0\xFF\x1B\xF0\x9F\x98\x80 z", 10); }

inline wire::Terminal sample_terminal() { return {true, true, true, std::string(256, '\xA5')}; }

inline wire::UploadServer sample_upload_server() {
  return {"https://host/x", odd_text(), "id", "h", "hs", "no", "/f", "/d"};
}

inline wire::Upload sample_upload() {
  return {odd_text(),
          sample_upload_server(),
          "title",
          wire::Visibility::private_,
          true,
          true,
          {true, "say", "/i.svg", {"A=1", ""}},
          kMost<std::uint64_t>,
          1,
          "0aZ-" + std::string(60, 'x')};
}

inline wire::Start sample_start() {
  wire::Start start;
  start.format = wire::Format::raw;
  start.append = true;
  start.time_offset_us = kMost<std::uint64_t>;
  start.size = {kMost<std::uint16_t>, 1, kMost<std::uint16_t>, 7};
  start.timestamp_s = std::numeric_limits<std::int64_t>::min();
  start.idle_time_limit_s = kMost<double>;
  start.title = odd_text();
  start.command = "htop";
  start.captured_env = {{"SHELL", "/bin/sh"}, {"", ""}, {"TERM", odd_text()}};
  start.capture_input = true;
  start.prefix_key = "C-a";
  start.pause_key = "p";
  start.add_marker_key = "m";
  start.terminal = sample_terminal();
  start.notifications = {true, "say $TEXT", "/i.svg", {"A=1", "", "LANG=\xFF"}};
  start.path = "/tmp/demo.cast";
  start.session = std::string(64, 'a');
  start.name = std::string(64, '\xA5');
  start.file = odd_text();
  start.kept_bytes = kMost<std::uint64_t> - 1;
  start.pause_at_start = true;
  start.marker_label = "{n} {time} " + odd_text();
  start.pause_markers = true;
  start.output_markers = true;
  start.paused_title = std::string(3, '\0');
  start.on_disconnect = wire::OnDisconnect::detach;
  start.detach_key = "d";
  start.has_upload = true;
  start.upload = sample_upload();
  start.detached = true;
  return start;
}

inline wire::Checkpoint sample_checkpoint() {
  wire::Checkpoint checkpoint;
  checkpoint.started_at_us = kMost<std::uint64_t>;
  checkpoint.paused_for_us = kMost<std::uint64_t> - 1;
  checkpoint.paused = true;
  checkpoint.paused_at_us = kMost<std::uint64_t> - 2;
  checkpoint.last_event_at_us = kMost<std::uint64_t> - 3;
  checkpoint.size = {1, kMost<std::uint16_t>, 0, kMost<std::uint16_t>};
  checkpoint.resize_pending = true;
  checkpoint.output_tail = "\xF0\x9F\x98";
  checkpoint.input_tail = std::string("\0\0", 2);
  checkpoint.input_parser = std::string(40, '\x80');
  checkpoint.lost_bytes = kMost<std::uint64_t> - 4;
  checkpoint.loss_reason = "No space left on device";
  checkpoint.attached = true;
  checkpoint.markers = kMost<std::uint32_t>;
  checkpoint.title = odd_text();
  checkpoint.output_filter = std::string("\x1b]7717;\0", 8);
  checkpoint.terminating = true;
  checkpoint.discarding = true;
  checkpoint.client = kMost<std::uint32_t>;
  checkpoint.handed_over = true;
  checkpoint.goes_on = true;
  checkpoint.uploading = true;
  return checkpoint;
}

inline wire::SessionInfo sample_session_info() {
  return {"aaaaaaa2",
          "sh",
          "-",
          true,
          1,
          {132, 43, 0, 0},
          kMost<std::uint64_t>,
          std::string(64, 'n'),
          odd_text(),
          true,
          kMost<std::uint32_t>,
          "/dev/pts/0",
          std::numeric_limits<std::int64_t>::min(),
          true,
          odd_text()};
}

inline wire::PlaybackInfo sample_playback_info() {
  return {"bbbbbbb2", "x.cast", 1, kMost<std::uint64_t>, 1e9, true, true, {1, 2, 3, 4}};
}

inline wire::Play sample_play() {
  wire::Play play;
  play.name = odd_text();
  play.terminal = sample_terminal();
  play.size = {kMost<std::uint16_t>, 1, 2, 3};
  play.speed = 1e-6;
  play.idle_time_limit_s = 1e9;
  play.loop = true;
  play.pause_on_markers = true;
  play.start_at_us = kMost<std::uint64_t>;
  play.output = wire::Play::Output::asciicast_v2;
  play.stream = wire::Play::Stream::input;
  play.trust = wire::Play::Trust::trusted;
  play.resize_terminal = true;
  play.follow = true;
  play.follow_session = "abcdefg2";
  play.pause_key = "p";
  play.step_key = "C-s";
  play.next_marker_key = "]";
  play.fit = true;
  return play;
}

inline wire::UploadInfo sample_upload_info() {
  constexpr std::int64_t kLate = kMost<std::int64_t>;
  return {kMost<std::uint64_t>,
          wire::UploadState::held,
          odd_text(),
          "https://host/x",
          "title",
          wire::Visibility::unlisted,
          kMost<std::uint64_t>,
          1,
          kLate,
          std::numeric_limits<std::int64_t>::min(),
          kLate,
          kMost<std::uint32_t>,
          true,
          "reason",
          "advice",
          "https://host/a/1",
          "one\ntwo",
          "warning",
          "/state/1.cast"};
}

inline std::vector<wire::Steer> sample_steers() {
  namespace steer = wire::steer;
  return {
      {"abcdefg2", steer::Pause{}},
      {std::string(64, 's'), steer::Resume{}},
      {odd_text(), steer::Toggle{}},
      {"", steer::Mark{odd_text()}},
      {"", steer::Mark{}},
      {"abcdefg2", steer::Stop{}},
      {"abcdefg2", steer::Discard{}},
      {"abcdefg2", steer::Resize{{kMost<std::uint16_t>, 1, 2, 3}}},
      {"abcdefg2", steer::Send{std::string(9, '\0')}},
      {"abcdefg2", steer::Send{odd_text()}},
      {"abcdefg2", steer::Title{odd_text()}},
      {"abcdefg2", steer::Detach{}},
  };
}

inline std::vector<wire::SessionEvent> sample_session_events() {
  namespace event = wire::event;
  constexpr std::int64_t kEarly = std::numeric_limits<std::int64_t>::min();
  constexpr std::uint64_t kLate = kMost<std::uint64_t>;
  const wire::Finished finished{{wire::Exit::Kind::signal, 9}, 1, odd_text(), true, false, true};
  const wire::PlaybackFinished ended{wire::PlaybackFinished::How::failed, "line 1: x", {"", "w"}};
  return {
      {"abcdefg2", odd_text(), kEarly, kLate, event::Present{sample_session_info()}},
      {std::string(64, 'a'), "", 0, 0, event::Started{}},
      {"abcdefg2", "n", 1, kLate - 1, event::Paused{}},
      {"abcdefg2", "n", 2, kLate - 2, event::Resumed{}},
      {"abcdefg2", "n", 3, kLate - 3, event::Marker{odd_text()}},
      {"abcdefg2", "n", 4, kLate - 4, event::Resized{{1, kMost<std::uint16_t>, 0, 7}}},
      {"abcdefg2", "n", 5, kLate - 5, event::Titled{odd_text()}},
      {"abcdefg2", "n", 6, kLate - 6, event::Attached{}},
      {"abcdefg2", "n", 7, kLate - 7, event::Detached{}},
      {"abcdefg2", "n", 8, kLate - 8, event::Exited{finished}},
      {"bbbbbbb2", "n", 9, kLate - 9, event::PresentPlayback{sample_playback_info()}},
      {"bbbbbbb2", "n", 10, kLate - 10, event::PlaybackStarted{}},
      {"bbbbbbb2", odd_text(), 11, 0, event::PlaybackEnded{ended}},
  };
}

inline std::vector<wire::Request> sample_requests() {
  using Kind = wire::Exit::Kind;
  constexpr std::uint32_t kId = kMost<std::uint32_t>;
  std::vector<wire::Request> requests = {
      {kId, 0, wire::Hello{1, kMost<std::uint16_t>, "asciinema 1"}},
      {0, 0, wire::Hello{0, 0, ""}},
      {kId, 5, sample_start()},
      {1, 3, wire::Start{}},
      {2, 8, wire::Resume{"abcdefg2", sample_start(), sample_checkpoint(), true}},
      {3, 2, wire::Resume{}},
      {4, 2, wire::AttachTerminal{sample_terminal(), {1, 1, 1, 1}}},
      {5, 0, wire::ReleaseTerminal{}},
      {6, 0, wire::Resize{{kMost<std::uint16_t>, kMost<std::uint16_t>, 0, 0}}},
      {7, 0, wire::Stop{}},
      {8, 0, wire::Exited{{Kind::code, 255}}},
      {9, 0, wire::Exited{{Kind::signal, 64}}},
      {10, 0, wire::Exited{{Kind::exec_failed, kMost<std::uint16_t>}}},
      {11, kMost<std::uint8_t>, wire::GetStatus{}},
      {12, 0, wire::Shutdown{true}},
      {13, 0, wire::Shutdown{false, true}},
      {14, 3, sample_play()},
      {15, 1, wire::Play{}},
      {16, 0,
       wire::Fetch{"https://host/x", kMost<std::uint64_t>, "h", "hs", "no", "/f", "/d", "gw"}},
      {17, 0, wire::Control{"abcdefg2", wire::control::Pause{}}},
      {17, 0, wire::Control{"abcdefg2", wire::control::Resume{}}},
      {17, 0, wire::Control{"abcdefg2", wire::control::Toggle{}}},
      {17, 0, wire::Control{"abcdefg2", wire::control::Step{}}},
      {17, 0, wire::Control{"abcdefg2", wire::control::StepBack{}}},
      {17, 0, wire::Control{"abcdefg2", wire::control::SeekTo{kMost<std::uint64_t>}}},
      {17, 0, wire::Control{"", wire::control::SeekBy{std::numeric_limits<std::int64_t>::min()}}},
      {17, 0, wire::Control{odd_text(), wire::control::SeekToFraction{1}}},
      {17, 0, wire::Control{"abcdefg2", wire::control::SetSpeed{1e9}}},
      {17, 0, wire::Control{"abcdefg2", wire::control::NextMarker{}}},
      {17, 0, wire::Control{"abcdefg2", wire::control::PreviousMarker{}}},
      {17, 0, wire::Control{"abcdefg2", wire::control::Stop{}}},
      {18, 1, sample_upload()},
      {19, 1, wire::Upload{}},
      {20, 0, wire::ListUploads{kMost<std::uint64_t>, 0}},
      {21, 0, wire::ListUploads{0, kMost<std::uint64_t>}},
      {22, 0, wire::ChangeUpload{1, wire::upload_change::Retry{sample_upload_server()}}},
      {23, 0, wire::ChangeUpload{kMost<std::uint64_t>, wire::upload_change::Cancel{}}},
      {24, 0, wire::ChangeUpload{0, wire::upload_change::Forget{}}},
      {25, 0, wire::WatchUploads{kMost<std::uint64_t>}},
      {26, 0, wire::AskUploadServer{sample_upload_server(), true}},
      {27, 0, wire::WatchSessions{odd_text(), true}},
      {28, 0, wire::WatchSessions{}},
      {29, 2, wire::Attach{odd_text(), sample_terminal(), {1, 2, 3, 4}, true, false}},
      {30, 1, wire::Attach{"", {}, {kMost<std::uint16_t>, 1, 0, 0}, false, true}},
      {31, 0, wire::Reload{}},
  };
  for (const wire::Steer& steer : sample_steers()) requests.push_back({32, 0, steer});
  return requests;
}

inline std::vector<wire::Reply> sample_replies() {
  using Kind = wire::Exit::Kind;
  wire::StatusReply status;
  status.uploads_waiting = kMost<std::uint32_t>;
  status.uploads_held = 1;
  status.software = "asciinemad 1";
  status.pid = kMost<std::uint32_t>;
  status.socket = "/run/user/1000/asciinemad/socket";
  status.log_path = odd_text();
  status.uptime_us = kMost<std::uint64_t>;
  status.on_demand = true;
  status.sessions = {sample_session_info(), {}};
  status.playbacks = {sample_playback_info(),
                      {"", odd_text(), 0, 0, 1, false, false, {80, 24, 0, 0}}};
  status.recovered = {{odd_text(), std::numeric_limits<std::int64_t>::min(), kMost<std::uint64_t>},
                      {}};
  status.systemd = true;
  std::vector<wire::Reply> replies = {
      {kMost<std::uint32_t>, wire::ErrorReply{wire::ErrorCode::internal, ""}},
      {1, wire::ErrorReply{wire::ErrorCode::invalid, odd_text()}},
      {2, wire::ErrorReply{wire::ErrorCode::unsupported, "u"}},
      {3, wire::ErrorReply{wire::ErrorCode::version, "v"}},
      {4, wire::ErrorReply{wire::ErrorCode::busy, "b"}},
      {5, wire::ErrorReply{wire::ErrorCode::no_session, "n"}},
      {6, wire::ErrorReply{wire::ErrorCode::limit, "l"}},
      {6, wire::ErrorReply{wire::ErrorCode::not_found, "f"}},
      {6, wire::ErrorReply{wire::ErrorCode::elsewhere, "e", "/run/socket"}},
      {0, wire::Ok{}},
      {7, wire::HelloReply{kMost<std::uint16_t>, "asciinemad 1", kMost<std::uint32_t>}},
      {8, wire::Started{"abcdefg2", {"/tmp/demo.cast", "", odd_text()}}},
      {9, status},
      {10, wire::StatusReply{}},
      {11, sample_checkpoint()},
      {12, wire::Checkpoint{}},
      {13, wire::Terminate{}},
      {14, wire::Finished{{Kind::unknown, 0}, 0, ""}},
      {15, wire::Finished{{Kind::code, 255}, kMost<std::uint64_t>, "No space left on device"}},
      {16, wire::Finished{{Kind::signal, 9}, 1, odd_text(), true}},
      {17, wire::Finished{{Kind::exec_failed, kMost<std::uint16_t>}, 2, "x", false, true}},
      {18, wire::Playing{"abcdefg2"}},
      {19, wire::PlaybackFinished{wire::PlaybackFinished::How::ended, "", {"line 3: bad", ""}}},
      {20, wire::PlaybackFinished{wire::PlaybackFinished::How::interrupted, "", {}}},
      {21, wire::PlaybackFinished{wire::PlaybackFinished::How::failed, "line 1: x", {}}},
      {22, wire::ScreenUndo{std::string(4096, '\x1b')}},
      {23, wire::Fetched{"https://host/y", kMost<std::uint64_t>}, 1},
      {24, wire::Queued{kMost<std::uint64_t>, {"repaired", ""}}},
      {25, wire::Uploads{{sample_upload_info(), {}}, true, "rebuilt"}},
      {0, sample_upload_info()},
      {26, wire::UploadServerInfo{1, kMost<std::uint32_t>, 2, -3, kMost<std::uint64_t>}},
      {0, wire::Journal{}, 1},
      {27, wire::Attached{sample_session_info()}},
      {28, wire::Attached{}},
      {0, wire::Detached{odd_text()}},
      {0, wire::Detached{}},
  };
  for (const wire::SessionEvent& event : sample_session_events()) replies.push_back({0, event});
  return replies;
}

}  // namespace asciinemad::test
