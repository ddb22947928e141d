// asciinema-files cat: the output of recordings, one after the other.

#include <unistd.h>

#include <optional>
#include <span>
#include <string_view>

#include "client/command.h"
#include "client/files_input.h"
#include "client/files_output.h"
#include "client/files_program.h"
#include "client/messages.h"
#include "common/screen_filter.h"

namespace asciinemad {
namespace {

Status copy_output(OpenedRecording& recording, ScreenFilter* filter, BlockOutput& output) {
  for (;;) {
    TRY_ASSIGN(const std::optional<RecordingEvent> event, recording.next());
    if (!event.has_value()) return output.flush();
    if (event->code != "o") continue;
    if (filter != nullptr) {
      filter->filter(event->data, output.bytes());
    } else {
      output.bytes().append(event->data);
    }
    TRY(output.flush_if_large());
  }
}

Status print(RecordingInput input, bool trusted, BlockOutput& output, const Messages& messages) {
  TRY_ASSIGN(const std::unique_ptr<OpenedRecording> recording,
             OpenedRecording::open(std::move(input)));
  recording->flush_before_reads(output);
  std::optional<ScreenFilter> filter;
  const ScreenPolicy policy =
      trusted ? ScreenPolicy::trusted : recording->policy_for(STDOUT_FILENO);
  if (policy != ScreenPolicy::trusted) filter.emplace(policy);
  Status copied = copy_output(*recording, filter.has_value() ? &*filter : nullptr, output);
  // What is whole comes first, whatever is to be told after it.
  Status finished = output.finish();
  recording->warn_of_damage(messages);
  return copied.ok() ? finished : copied;
}

}  // namespace

int files_cat(int argc, char** argv) {
  std::span<char* const> words(argv, static_cast<std::size_t>(argc));
  if (words.size() < 2 || (words.size() - 2) % kWordsPerInput != 0) return kExitUsage;
  const bool trusted = std::string_view(words[1]) == "trust";
  words = words.subspan(2);
  const Messages messages(false);
  BlockOutput output(STDOUT_FILENO, "standard output");
  for (; !words.empty(); words = words.subspan(kWordsPerInput)) {
    const Status printed =
        print(parse_words(words.first(kWordsPerInput)), trusted, output, messages);
    if (!printed.ok()) {
      messages.error("printing failed: " + printed.error().message);
      return kExitFailure;
    }
  }
  return kExitOk;
}

}  // namespace asciinemad
