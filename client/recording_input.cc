#include "client/recording_input.h"

#include "client/fetch.h"

namespace asciinemad {

RecordingInput find_recording_input(const Environment& environment, const std::string& name) {
  using Kind = RecordingInput::Kind;
  if (name == "-") return {Kind::standard_input, "standard input"};
  if (!is_url(name)) return {Kind::path, name};
  const std::string shown = without_credentials(name);
  Result<Fd> file = fetch_recording(environment, name);
  if (!file.ok()) return {Kind::failed, shown, {}, file.error().message};
  return {Kind::fetched, shown, std::move(*file)};
}

}  // namespace asciinemad
