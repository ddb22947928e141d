// RecordingInput: a FILE argument on its way from asciinema, which can fetch it, to
// asciinema-files, which can read it.
//
// It travels as three words of the helper's command line, so that any name gets there unharmed.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/fd.h"
#include "common/paths.h"

namespace asciinemad {

struct RecordingInput {
  enum class Kind {
    path,
    standard_input,
    fetched,  // `file` holds it
    failed,   // it could not be fetched; `problem` says why
  };

  Kind kind = Kind::path;
  std::string name;  // as users know it
  Fd file = {};
  std::string problem = {};
};

// Whether a file opened by its path is of this user's own making, as far as one can tell: neither a
// descriptor of somebody's choice nor what another program writes meanwhile.
inline bool is_local_recording(std::string_view path, bool regular) {
  return regular && !path.starts_with("/dev/") && !path.starts_with("/proc/");
}

// What the FILE argument `name` stands for. Fetches it if need be.
RecordingInput find_recording_input(const Environment& environment, const std::string& name);

inline constexpr std::size_t kWordsPerInput = 3;

// `input.file` gets open for the program that is executed next.
void append_words(const RecordingInput& input, std::vector<std::string>& words);

// `words` are kWordsPerInput that append_words() made; anything else ends the program.
RecordingInput parse_words(std::span<char* const> words);

}  // namespace asciinemad
