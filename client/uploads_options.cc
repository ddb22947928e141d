#include "client/uploads_options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <string>

#include "client/messages.h"
#include "client/usage.h"
#include "client/words.h"

namespace asciinemad {
namespace {

constexpr const char* kUsage =
    "usage: asciinema uploads [-h] [--json] [list]\n"
    "       asciinema uploads show [--json] NUMBER...\n"
    "       asciinema uploads {retry,cancel,forget} {NUMBER...,all}\n"
    "       asciinema uploads wait [NUMBER...]\n"
    "       asciinema uploads watch\n";

constexpr const char* kHelp =
    "\n"
    "List what is being uploaded and what has been, and steer it. A NUMBER is 12 or #12.\n"
    "\n"
    "  list    number, state, size, time or progress, name, and the address on the server or\n"
    "          what is wrong\n"
    "  show    all about some of them\n"
    "  retry   upload now, with the present settings of the server and the network; all: what\n"
    "          waits, is held or has failed\n"
    "  cancel  do not upload; all: what is not finished\n"
    "  forget  remove what is finished, and the copy of the recording; all: all of that\n"
    "  wait    until these, or all, are uploaded, held, failed or cancelled\n"
    "  watch   show what happens, until Ctrl-C\n"
    "\n"
    "options:\n"
    "  -h, --help  show this help and exit\n"
    "  --json      print a JSON array (list and show); times are seconds since 1970-01-01 UTC\n"
    "\n"
    "The exit status is 0 when all is done, 1 when something is refused or `wait` saw one that\n"
    "was not uploaded, 3 when there is no such upload, 4 when no daemon can be had.\n";

constexpr std::array<std::string_view, 7> kVerbs = {"list",   "show", "retry", "cancel",
                                                    "forget", "wait", "watch"};

ExitStatus wrong(const std::string& message) { return {usage_error(kUsage, "uploads", message)}; }

bool takes_all(UploadsVerb verb) {
  return verb == UploadsVerb::retry || verb == UploadsVerb::cancel || verb == UploadsVerb::forget;
}

// What is wrong with the words behind the verb; empty: nothing.
std::string take_numbers(UploadsOptions& options, const std::vector<std::string_view>& words) {
  for (const std::string_view word : words) {
    if (word == "all" && takes_all(options.verb) && words.size() == 1) {
      options.all = true;
      return {};
    }
    const std::optional<std::uint64_t> number = parse_upload_number(word);
    const bool takes_numbers =
        options.verb != UploadsVerb::list && options.verb != UploadsVerb::watch;
    if (!takes_numbers) return "unrecognized arguments: " + std::string(word);
    if (!number.has_value()) return "'" + std::string(word) + "' is not the number of an upload";
    const auto& known = options.numbers;
    if (std::find(known.begin(), known.end(), *number) == known.end()) {
      options.numbers.push_back(*number);
    }
  }
  const bool needs_some = takes_all(options.verb) || options.verb == UploadsVerb::show;
  return needs_some && words.empty() ? "which ones? give their numbers" : "";
}

}  // namespace

std::optional<std::uint64_t> parse_upload_number(std::string_view text) {
  if (text.starts_with('#')) text.remove_prefix(1);
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || number == 0) return std::nullopt;
  return number;
}

std::variant<UploadsOptions, ExitStatus> parse_uploads_options(int argc, char** argv) {
  UploadsOptions options;
  std::vector<std::string_view> words;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "-h" || word == "--help") {
      print_out(std::string(kUsage) + kHelp);
      return ExitStatus{kExitOk};
    }
    if (word == "--json") {
      options.json = true;
    } else if (word.starts_with('-')) {
      return wrong("unrecognized arguments: " + std::string(word));
    } else {
      words.push_back(word);
    }
  }
  if (!words.empty()) {
    const Resolved verb = resolve_word(words.front(), kVerbs);
    if (verb.word.empty()) return wrong(verb.problem);
    const auto* const found = std::find(kVerbs.begin(), kVerbs.end(), verb.word);
    options.verb = static_cast<UploadsVerb>(found - kVerbs.begin());
    words.erase(words.begin());
  }
  const std::string problem = take_numbers(options, words);
  if (!problem.empty()) return wrong(problem);
  const bool has_json = options.verb == UploadsVerb::list || options.verb == UploadsVerb::show;
  if (options.json && !has_json) return wrong("--json is for list and show");
  return options;
}

}  // namespace asciinemad
