#include "client/upload_text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <ctime>
#include <utility>

#include "client/time_text.h"
#include "common/bytes_text.h"
#include "common/json_text.h"
#include "common/printable.h"
#include "common/utf8.h"

namespace asciinemad {
namespace {

using wire::UploadState;

constexpr std::size_t kColumns = 4;  // those that are filled up with blanks
constexpr std::string_view kAmbiguous =
    "the answer to an attempt was lost: the server may have it twice";

std::string number_text(const wire::UploadInfo& upload) {
  return "#" + std::to_string(upload.number);
}

std::string percent_text(const wire::UploadInfo& upload) {
  if (upload.bytes == 0) return "0%";
  const double part =
      static_cast<double>(upload.sent_bytes) / static_cast<double>(upload.bytes) * 100;
  return std::to_string(static_cast<int>(std::clamp(part, 0.0, 100.0))) + "%";
}

std::string time_column(const wire::UploadInfo& upload, std::int64_t now_ms) {
  if (upload.state == UploadState::uploading) return percent_text(upload);
  const bool waits = upload.state == UploadState::queued && upload.next_attempt_at_ms > now_ms;
  if (waits) return until_text(upload.next_attempt_at_ms, now_ms);
  return ago_text(upload.changed_at_ms, now_ms);
}

// Where it is on the server, or what is wrong with it.
std::string outcome_text(const wire::UploadInfo& upload) {
  std::string text;
  if (upload.state == UploadState::done) {
    text = upload.url.empty() ? "the server gave no address" : upload.url;
  } else if (upload.state != UploadState::cancelled) {
    text = upload.reason;
    if (!text.empty() && !upload.advice.empty()) text += "; " + upload.advice;
  }
  if (upload.ambiguous) text += (text.empty() ? "" : "; ") + std::string(kAmbiguous);
  return printable(text);
}

std::string_view visibility_text(wire::Visibility visibility) {
  switch (visibility) {
    case wire::Visibility::public_:
      return "public";
    case wire::Visibility::unlisted:
      return "unlisted";
    case wire::Visibility::private_:
      return "private";
    case wire::Visibility::by_server:
      break;
  }
  return {};
}

}  // namespace

std::string_view state_text(UploadState state) {
  switch (state) {
    case UploadState::queued:
      return "queued";
    case UploadState::uploading:
      return "uploading";
    case UploadState::done:
      return "done";
    case UploadState::held:
      return "held";
    case UploadState::failed:
      return "failed";
    case UploadState::cancelled:
      break;
  }
  return "cancelled";
}

bool is_decided(UploadState state) { return state == UploadState::held || is_finished(state); }

bool is_finished(UploadState state) {
  return state == UploadState::done || state == UploadState::failed ||
         state == UploadState::cancelled;
}

std::string until_text(std::int64_t at_ms, std::int64_t now_ms) {
  if (at_ms <= now_ms) return "now";
  return "in " + span_text(static_cast<std::uint64_t>(at_ms - now_ms + 999) / 1000);
}

std::string ago_text(std::int64_t at_ms, std::int64_t now_ms) {
  if (at_ms + 1000 > now_ms) return "just now";
  return span_text(static_cast<std::uint64_t>(now_ms - at_ms) / 1000) + " ago";
}

std::vector<std::string> upload_lines(const std::vector<wire::UploadInfo>& uploads,
                                      std::int64_t now_ms) {
  std::vector<std::array<std::string, kColumns>> rows;
  std::array<std::size_t, kColumns> widths{};
  rows.reserve(uploads.size());
  for (const wire::UploadInfo& upload : uploads) {
    rows.push_back({number_text(upload), std::string(state_text(upload.state)),
                    bytes_text(upload.bytes), time_column(upload, now_ms)});
    for (std::size_t i = 0; i < kColumns; ++i) {
      widths.at(i) = std::max(widths.at(i), rows.back().at(i).size());
    }
  }
  std::vector<std::string> lines;
  lines.reserve(uploads.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    std::string line;
    for (std::size_t i = 0; i < kColumns; ++i) {
      const std::string& column = rows[row].at(i);
      line.append(column).append(widths.at(i) - column.size() + 2, ' ');
    }
    line += printable(uploads[row].name);
    const std::string outcome = outcome_text(uploads[row]);
    if (!outcome.empty()) line.append("  ").append(outcome);
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string upload_change_text(const wire::UploadInfo& upload) {
  std::string text = number_text(upload);
  text.append(" ").append(state_text(upload.state)).append(" ").append(printable(upload.name));
  const std::string outcome = outcome_text(upload);
  if (!outcome.empty()) text.append(" ").append(outcome);
  return text;
}

std::string upload_details(const wire::UploadInfo& upload, std::int64_t now_ms) {
  std::string state(state_text(upload.state));
  if (upload.state == UploadState::uploading) state += ", " + percent_text(upload);
  if (upload.state == UploadState::queued) {
    state += ", next attempt " + (upload.next_attempt_at_ms > now_ms
                                      ? until_text(upload.next_attempt_at_ms, now_ms)
                                      : "as soon as there is room");
  }
  std::string size = bytes_text(upload.bytes);
  if (upload.bytes >= 1024) size += " (" + std::to_string(upload.bytes) + " bytes)";
  std::string details = number_text(upload) + " " + printable(upload.name) + "\n";
  append_detail(details, "state", state);
  append_detail(details, "server", upload.server_url);
  append_detail(details, "title", upload.title);
  append_detail(details, "visibility", visibility_text(upload.visibility));
  append_detail(details, "size", size);
  append_detail(details, "queued", date_text(upload.queued_at_ms));
  append_detail(details, "changed", date_text(upload.changed_at_ms));
  append_detail(details, "attempts", std::to_string(upload.attempts));
  append_detail(details, "reason", upload.reason);
  append_detail(details, "advice", upload.advice);
  if (upload.ambiguous) append_detail(details, "unclear", kAmbiguous);
  append_detail(details, "address", upload.url);
  append_detail(details, "message", upload.message);
  append_detail(details, "warning", upload.warning);
  append_detail(details, "copy", upload.file.empty() ? "none is kept" : upload.file);
  return details;
}

std::string time_json(std::int64_t at_ms) {
  if (at_ms <= 0) return "null";
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%lld.%03d", static_cast<long long>(at_ms / 1000),
                static_cast<int>(at_ms % 1000));
  return text.data();
}

std::string text_json(std::string_view text) {
  if (text.empty()) return "null";
  Utf8Decoder decoder;
  std::string valid(decoder.decode(text));
  valid += decoder.finish();
  std::string json;
  append_json_string(json, valid);
  return json;
}

std::string date_text(std::int64_t at_ms) {
  const auto seconds = static_cast<std::time_t>(at_ms / 1000);
  std::tm parts{};
  std::array<char, 32> text{};
  if (::localtime_r(&seconds, &parts) == nullptr) return "?";
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
  return text.data();
}

void append_detail(std::string& details, std::string_view name, std::string_view value) {
  constexpr std::size_t kIndentation = 16;
  while (value.ends_with('\n')) value.remove_suffix(1);
  if (value.empty()) return;
  std::string label = "  " + std::string(name) + ":";
  for (;;) {
    const std::size_t end = value.find('\n');
    label.resize(kIndentation, ' ');
    std::string line = label + printable(value.substr(0, end));
    line.erase(line.find_last_not_of(' ') + 1);
    details += line + "\n";
    if (end == std::string_view::npos) return;
    value.remove_prefix(end + 1);
    label.clear();
  }
}

JsonObject& append_upload(JsonObject& object, const wire::UploadInfo& upload) {
  return object.raw("number", std::to_string(upload.number))
      .text("state", state_text(upload.state))
      .text("name", upload.name)
      .text("server", upload.server_url)
      .raw("title", text_json(upload.title))
      .raw("visibility", text_json(visibility_text(upload.visibility)))
      .raw("bytes", std::to_string(upload.bytes))
      .raw("sent_bytes", std::to_string(upload.sent_bytes))
      .raw("queued_at", time_json(upload.queued_at_ms))
      .raw("changed_at", time_json(upload.changed_at_ms))
      .raw("next_attempt_at", time_json(upload.next_attempt_at_ms))
      .raw("attempts", std::to_string(upload.attempts))
      .raw("ambiguous", upload.ambiguous ? "true" : "false")
      .raw("reason", text_json(upload.reason))
      .raw("advice", text_json(upload.advice))
      .raw("url", text_json(upload.url))
      .raw("message", text_json(upload.message))
      .raw("warning", text_json(upload.warning))
      .raw("file", text_json(upload.file));
}

std::string uploads_json(const std::vector<wire::UploadInfo>& uploads) {
  std::vector<std::string> objects;
  objects.reserve(uploads.size());
  for (const wire::UploadInfo& upload : uploads) {
    JsonObject object;
    objects.push_back(append_upload(object, upload).done());
  }
  return json_array(objects);
}

}  // namespace asciinemad
