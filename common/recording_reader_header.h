// The header of a recording, from the members of a JSON object, for RecordingReader.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "common/recording_reader.h"
#include "common/result.h"

namespace asciinemad {

// The header's object as far as it could be read. Views point into the text.
struct HeaderText {
  enum class Ending { closed, cut, malformed };

  struct Member {
    std::string_view key;  // with its quotes
    std::string_view value;
  };

  Ending ending = Ending::closed;
  std::size_t end = 0;                      // where in the text it ended or became unreadable
  std::vector<Member> members;              // in their order, without v1's "stdout"
  std::optional<std::size_t> stdout_begin;  // where the value of "stdout" begins, cut or not
};

// `text` has '{' at `at`.
HeaderText scan_header(std::string_view text, std::size_t at);

// The "version" of what was scanned; nullopt when there is no such member.
// Errc::unsupported: newer than 3. Errc::invalid_data: not the number of a version.
Result<std::optional<int>> version_of(const HeaderText& text);

// Errors are reasons without a place.
Result<RecordingHeader> parse_recording_header(int version, const HeaderText& text);

}  // namespace asciinemad
