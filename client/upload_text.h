// Uploads as people and scripts read them. Pure, but for the local time zone.
//
// Texts are without control characters, but for line ends. `now_ms` is the time of day, as in
// wire::UploadInfo.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "client/json_object.h"
#include "proto/message.h"

namespace asciinemad {

std::string_view state_text(wire::UploadState state);

// Whether nothing more happens to it by itself: done, held, failed or cancelled.
bool is_decided(wire::UploadState state);
// Whether it has left the queue: done, failed or cancelled.
bool is_finished(wire::UploadState state);

// "in 12 s" or "now".
std::string until_text(std::int64_t at_ms, std::int64_t now_ms);

// A line for each, in columns: number, state, size, time or progress, name; then where it is on the
// server, or what is wrong.
std::vector<std::string> upload_lines(const std::vector<wire::UploadInfo>& uploads,
                                      std::int64_t now_ms);

// What has become of one: "#12 done demo.cast https://...".
std::string upload_change_text(const wire::UploadInfo& upload);

// All about one, in several lines.
std::string upload_details(const wire::UploadInfo& upload, std::int64_t now_ms);

// An array of objects; times are seconds since 1970-01-01 UTC, and null is what is not known or not
// set.
std::string uploads_json(const std::vector<wire::UploadInfo>& uploads);

// The members of such an object.
JsonObject& append_upload(JsonObject& object, const wire::UploadInfo& upload);

// Milliseconds as seconds; "null" for 0.
std::string time_json(std::int64_t at_ms);
// "text", or null when it is empty.
std::string text_json(std::string_view text);

// "2024-05-17 09:30:00", local.
std::string date_text(std::int64_t at_ms);

// Appends "  server:      https://asciinema.org"; further lines of the value go below it. Nothing
// for none.
void append_detail(std::string& details, std::string_view name, std::string_view value);

// "3 min ago", "just now".
std::string ago_text(std::int64_t at_ms, std::int64_t now_ms);

}  // namespace asciinemad
