#include "client/status.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "client/json_object.h"
#include "client/upload_text.h"
#include "common/bytes_text.h"
#include "common/json_number.h"
#include "common/printable.h"

namespace asciinemad {
namespace {

constexpr std::size_t kColumns = 6;  // those that are filled up with blanks

struct Row {
  std::array<std::string, kColumns> columns;
  std::string rest;
};

std::string size_text(const wire::WindowSize& size) {
  return std::to_string(size.cols) + "x" + std::to_string(size.rows);
}

std::string number_text(double number) {
  std::array<char, 32> digits{};
  std::snprintf(digits.data(), digits.size(), "%g", number);
  return digits.data();
}

std::string seconds_json(std::uint64_t us) {
  std::string json;
  append_json_seconds(json, us);
  return json;
}

std::string bool_json(bool value) { return value ? "true" : "false"; }

// A daemon that does not tell when a session began does not tell either whether it has a client.
bool tells_client(const wire::SessionInfo& session) { return session.started_at_ms > 0; }

std::string state_of(const wire::SessionInfo& session) {
  return session.paused ? "paused" : "recording";
}

std::string state_of(const wire::PlaybackInfo& playback) {
  if (playback.paused) return "paused";
  return playback.following ? "following" : "playing";
}

std::string time_text(const wire::PlaybackInfo& playback) {
  const std::string whole =
      playback.duration_us > 0 ? "/" + clock_text(playback.duration_us) : std::string();
  return clock_text(playback.position_us) + whole;
}

Row row_of(const wire::SessionInfo& session) {
  std::string state = state_of(session);
  if (tells_client(session) && !session.attached) state += " detached";
  if (session.lost_bytes > 0) state += " INCOMPLETE";
  return {{"recording", session.session, printable(session.name), size_text(session.size),
           clock_text(session.duration_us), state},
          printable(session.path) + "  (" + printable(session.command) + ")"};
}

Row row_of(const wire::PlaybackInfo& playback) {
  const std::string speed =
      playback.speed == 1 ? std::string() : " x" + number_text(playback.speed);
  return {{"playback", playback.playback, "", size_text(playback.size), time_text(playback),
           state_of(playback) + speed},
          printable(playback.name)};
}

std::string json_of(const wire::Recovered& recovered) {
  return JsonObject()
      .text("kind", "recovered")
      .text("file", recovered.file)
      .raw("started_at", time_json(recovered.started_at_ms))
      .raw("cut_bytes", std::to_string(recovered.cut_bytes))
      .done();
}

template <typename Info>
std::vector<Info> find_by_id(const std::vector<Info>& all, std::string Info::*id,
                             std::string_view wanted) {
  std::vector<Info> found;
  for (const Info& info : all) {
    if (info.*id == wanted) return {info};
    if (!wanted.empty() && (info.*id).starts_with(wanted)) found.push_back(info);
  }
  return found;
}

bool is_called(const wire::PlaybackInfo& playback, std::string_view wanted) {
  const std::string_view name = playback.name;
  return name == wanted || name.substr(name.rfind('/') + 1) == wanted;
}

}  // namespace

Result<wire::StatusReply> get_status(DaemonLink& link) {
  wire::Request request;
  request.body = wire::GetStatus{};
  TRY_ASSIGN(wire::Reply reply, link.call(std::move(request), {}));
  auto* status = std::get_if<wire::StatusReply>(&reply.body);
  if (status == nullptr) return Error{Errc::invalid_data, "asciinemad gave no status"};
  return std::move(*status);
}

std::vector<wire::SessionInfo> find_sessions(const wire::StatusReply& status,
                                             std::string_view wanted) {
  std::vector<wire::SessionInfo> found =
      find_by_id(status.sessions, &wire::SessionInfo::session, wanted);
  if (found.size() == 1 && found.front().session == wanted) return found;
  for (const wire::SessionInfo& session : status.sessions) {
    if (!wanted.empty() && session.name == wanted) return {session};
  }
  return found;
}

std::vector<wire::PlaybackInfo> find_playbacks(const wire::StatusReply& status,
                                               std::string_view wanted) {
  std::vector<wire::PlaybackInfo> found =
      find_by_id(status.playbacks, &wire::PlaybackInfo::playback, wanted);
  if (!found.empty()) return found;
  for (const wire::PlaybackInfo& playback : status.playbacks) {
    if (is_called(playback, wanted)) found.push_back(playback);
  }
  return found;
}

std::string list_text(const std::vector<wire::SessionInfo>& sessions,
                      const std::vector<wire::PlaybackInfo>& playbacks,
                      std::string_view indentation) {
  std::vector<Row> rows;
  rows.reserve(sessions.size() + playbacks.size());
  for (const wire::SessionInfo& session : sessions) rows.push_back(row_of(session));
  for (const wire::PlaybackInfo& playback : playbacks) rows.push_back(row_of(playback));
  std::array<std::size_t, kColumns> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < kColumns; ++i) {
      widths.at(i) = std::max(widths.at(i), row.columns.at(i).size());
    }
  }
  std::string text;
  for (const Row& row : rows) {
    text += indentation;
    for (std::size_t i = 0; i < kColumns; ++i) {
      if (widths.at(i) == 0) continue;
      const std::string& column = row.columns.at(i);
      text += column + std::string(widths.at(i) - column.size() + 2, ' ');
    }
    text += row.rest + "\n";
  }
  return text;
}

std::string recovered_text(const wire::StatusReply& status) {
  std::string text;
  for (const wire::Recovered& recovered : status.recovered) {
    const bool cut = recovered.cut_bytes != 0;
    text += cut ? "repaired after a crash: " : "cut short when the machine went down: ";
    text += printable(recovered.file) + " (started " + date_text(recovered.started_at_ms);
    if (cut) text += ", " + bytes_text(recovered.cut_bytes) + " cut off";
    text += ")\n";
  }
  return text;
}

std::string list_json(const wire::StatusReply& status) {
  std::vector<std::string> objects;
  objects.reserve(status.sessions.size() + status.playbacks.size() + status.recovered.size());
  for (const wire::SessionInfo& session : status.sessions) objects.push_back(details_json(session));
  for (const wire::PlaybackInfo& playback : status.playbacks) {
    objects.push_back(details_json(playback));
  }
  for (const wire::Recovered& recovered : status.recovered) objects.push_back(json_of(recovered));
  return json_array(objects);
}

std::string details(const wire::SessionInfo& session) {
  std::string state = state_of(session);
  if (tells_client(session)) state += session.attached ? ", attached" : ", detached";
  std::string text = "recording " + session.session + "\n";
  append_detail(text, "name", session.name);
  append_detail(text, "state", state);
  append_detail(text, "time", clock_text(session.duration_us));
  append_detail(text, "size", size_text(session.size));
  append_detail(text, "file", session.path);
  append_detail(text, "command", session.command);
  append_detail(text, "title", session.title);
  append_detail(text, "markers", std::to_string(session.markers));
  if (session.started_at_ms > 0) append_detail(text, "started", date_text(session.started_at_ms));
  append_detail(text, "terminal", session.terminal);
  if (session.lost_bytes > 0) {
    append_detail(text, "INCOMPLETE", std::to_string(session.lost_bytes) + " bytes are missing");
  }
  return text;
}

std::string details(const wire::PlaybackInfo& playback) {
  std::string text = "playback " + playback.playback + "\n";
  append_detail(text, "state", state_of(playback));
  append_detail(text, "time", time_text(playback));
  append_detail(text, "speed", number_text(playback.speed));
  append_detail(text, "size", size_text(playback.size));
  append_detail(text, "file", playback.name);
  return text;
}

std::string details_json(const wire::SessionInfo& session) {
  return JsonObject()
      .text("kind", "recording")
      .text("id", session.session)
      .text("state", state_of(session))
      .raw("time", seconds_json(session.duration_us))
      .raw("cols", std::to_string(session.size.cols))
      .raw("rows", std::to_string(session.size.rows))
      .raw("lost_bytes", std::to_string(session.lost_bytes))
      .text("file", session.file.empty() ? session.path : session.file)
      .text("command", session.command)
      .raw("name", text_json(session.name))
      .raw("title", text_json(session.title))
      .raw("attached", tells_client(session) ? bool_json(session.attached) : "null")
      .raw("detachable", tells_client(session) ? bool_json(session.detachable) : "null")
      .raw("markers", std::to_string(session.markers))
      .raw("terminal", text_json(session.terminal))
      .raw("started_at", time_json(session.started_at_ms))
      .done();
}

std::string details_json(const wire::PlaybackInfo& playback) {
  return JsonObject()
      .text("kind", "playback")
      .text("id", playback.playback)
      .text("state", state_of(playback))
      .raw("time", seconds_json(playback.position_us))
      .raw("duration", playback.duration_us > 0 ? seconds_json(playback.duration_us) : "null")
      .raw("speed", number_text(playback.speed))
      .raw("following", bool_json(playback.following))
      .raw("cols", std::to_string(playback.size.cols))
      .raw("rows", std::to_string(playback.size.rows))
      .text("file", playback.name)
      .done();
}

std::string clock_text(std::uint64_t us) {
  const std::uint64_t seconds = us / 1'000'000;
  std::array<char, 40> text{};
  if (seconds < 3600) {
    std::snprintf(text.data(), text.size(), "%u:%02u", static_cast<unsigned>(seconds / 60),
                  static_cast<unsigned>(seconds % 60));
  } else {
    std::snprintf(text.data(), text.size(), "%llu:%02u:%02u",
                  static_cast<unsigned long long>(seconds / 3600),
                  static_cast<unsigned>(seconds / 60 % 60), static_cast<unsigned>(seconds % 60));
  }
  return text.data();
}

}  // namespace asciinemad
