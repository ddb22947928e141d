#include <fcntl.h>

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "client/recording_input.h"

namespace asciinemad {

void append_words(const RecordingInput& input, std::vector<std::string>& words) {
  switch (input.kind) {
    case RecordingInput::Kind::path:
      words.insert(words.end(), {"path", ""});
      break;
    case RecordingInput::Kind::standard_input:
      words.insert(words.end(), {"standard-input", ""});
      break;
    case RecordingInput::Kind::fetched:
      ::fcntl(input.file.get(), F_SETFD, 0);
      words.insert(words.end(), {"fetched", std::to_string(input.file.get())});
      break;
    case RecordingInput::Kind::failed:
      words.insert(words.end(), {"failed", input.problem});
      break;
  }
  words.push_back(input.name);
}

RecordingInput parse_words(std::span<char* const> words) {
  using Kind = RecordingInput::Kind;
  const std::string_view kind = words[0];
  const std::string_view detail = words[1];
  if (kind == "path") return {Kind::path, words[2]};
  if (kind == "standard-input") return {Kind::standard_input, words[2]};
  if (kind == "failed") return {Kind::failed, words[2], {}, std::string(detail)};
  int fd = -1;
  const bool number =
      std::from_chars(detail.data(), detail.data() + detail.size(), fd).ec == std::errc();
  if (kind != "fetched" || !number) std::abort();
  return {Kind::fetched, words[2], Fd(fd)};
}

}  // namespace asciinemad
