// asciinema-files convert: a recording in another format.

#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "client/command.h"
#include "client/convert_format.h"
#include "client/convert_target.h"
#include "client/files_formats.h"
#include "client/files_input.h"
#include "client/files_output.h"
#include "client/files_program.h"
#include "client/messages.h"

namespace asciinemad {
namespace {

struct Wish {
  ConvertFormat format = ConvertFormat::asciicast_v3;
  bool overwrite = false;
  std::string path;
};

Status copy_events(OpenedRecording& recording, AsciicastWriter& writer, BlockOutput& output) {
  writer.header(recording.header(), output.bytes());
  for (;;) {
    TRY_ASSIGN(const std::optional<RecordingEvent> event, recording.next());
    if (!event.has_value()) break;
    writer.event(*event, output.bytes());
    TRY(output.flush_if_large());
  }
  writer.end(output.bytes());
  return output.flush();
}

Status convert(const Wish& wish, RecordingInput input, const Messages& messages) {
  TRY_ASSIGN(const std::unique_ptr<OpenedRecording> recording,
             OpenedRecording::open(std::move(input)));
  struct stat info {};
  if (::fstat(recording->fd(), &info) != 0) return system_error("examine the input", errno);
  TRY_ASSIGN(ConvertTarget target, ConvertTarget::open(wish.path, info));
  BlockOutput output(target.fd(), wish.path == "-" ? "standard output" : wish.path);
  recording->flush_before_reads(output);
  const std::unique_ptr<AsciicastWriter> writer =
      make_writer(wish.format, recording->policy_for(target.fd()));
  const Status copied = copy_events(*recording, *writer, output);
  const Status finished = output.finish();
  recording->warn_of_damage(messages);
  TRY(copied);
  TRY(finished);
  return target.commit(wish.overwrite);
}

}  // namespace

int files_convert(int argc, char** argv) {
  const std::span<char* const> words(argv, static_cast<std::size_t>(argc));
  if (words.size() != 4 + kWordsPerInput) return kExitUsage;
  const std::optional<ConvertFormat> format = parse_convert_format(words[1]);
  if (!format.has_value()) return kExitUsage;
  const Wish wish{*format, std::string_view(words[2]) == "overwrite", words[3]};
  const Messages messages(false);
  const Status converted = convert(wish, parse_words(words.subspan(4)), messages);
  if (converted.ok()) return kExitOk;
  messages.error("conversion failed: " + converted.error().message);
  return kExitFailure;
}

}  // namespace asciinemad
