// UploadWords: what a server's answer to an upload says to people. Pure.
//
// A body is a JSON object ({"url", "message"}, or {"type", "message", "details"} when it is an
// error), the recording's address alone, or plain text; anything else says nothing. Nothing in an
// answer is trusted: all of what is here is valid UTF-8 without control characters, but for the LF
// between lines of a message.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "daemon/upload_request.h"

namespace asciinemad {

struct UploadWords {
  std::string url;      // of the recording, http or https; empty: none that could be used
  std::string message;  // lines as they are, at most kMaxMessageBytes; empty: none
  std::string details;  // of an error, in one line
  bool is_page = false;

  static constexpr std::size_t kMaxUrlBytes = 512;
  static constexpr std::size_t kMaxMessageBytes = 4096;
};

// `server_url` is what a Location that is only a path belongs to.
UploadWords read_upload_answer(const UploadAnswer& answer, std::string_view server_url);

// The text of a Warning header; without the code, agent and date it may have (RFC 7234, 5.5).
std::string_view warning_text(std::string_view header);

// `text` in one line, at most `max_bytes`: blanks and line ends become one space, and "..." stands
// for what was too much.
std::string one_line(std::string_view text, std::size_t max_bytes);

// `text` without what is behind `max_bytes`, and without part of a character. It is valid UTF-8.
std::string_view cut_at_character(std::string_view text, std::size_t max_bytes);

}  // namespace asciinemad
