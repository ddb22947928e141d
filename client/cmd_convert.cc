// asciinema convert: write a recording in another format.

#include <getopt.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/command.h"
#include "client/convert_format.h"
#include "client/convert_target.h"
#include "client/files_program.h"
#include "client/messages.h"
#include "client/recording_input.h"
#include "client/usage.h"
#include "common/paths.h"

namespace asciinemad {
namespace {

constexpr const char* kUsage =
    "usage: asciinema convert [-h] [-f FORMAT] [--overwrite] input output\n";

constexpr const char* kHelp =
    "\n"
    "Convert a terminal session to another format.\n"
    "\n"
    "arguments:\n"
    "  input        a recording, compressed or not: a path, - for standard input, or\n"
    "               an http, https, ipfs or dweb address\n"
    "  output       where to save the result, - for standard output\n"
    "\n"
    "options:\n"
    "  -h, --help   show this help and exit\n"
    "  -f, --output-format FORMAT\n"
    "               asciicast-v1, asciicast-v2 or asciicast-v3 (in short v1, v2 or v3),\n"
    "               raw: the output as it was, without times,\n"
    "               txt: the text that the output left on the screen and above it\n"
    "               (default: raw or txt if that is how the name of the output ends,\n"
    "               else asciicast-v3)\n"
    "  --overwrite  overwrite the file if it exists\n";

constexpr int kOverwrite = 1000;

constexpr std::array<option, 4> kOptions = {{{"output-format", required_argument, nullptr, 'f'},
                                             {"overwrite", no_argument, nullptr, kOverwrite},
                                             {"help", no_argument, nullptr, 'h'},
                                             {nullptr, 0, nullptr, 0}}};

struct Wish {
  std::string input;
  std::string output;
  std::optional<ConvertFormat> format;
  bool overwrite = false;
};

int wrong(const std::string& message) { return usage_error(kUsage, "convert", message); }

int convert(const Wish& wish) {
  const Messages messages(false);
  const ConvertFormat format = wish.format.value_or(convert_format_for(wish.output));
  const bool for_people = format == ConvertFormat::txt || format == ConvertFormat::raw;
  if (wish.output == "-" && !for_people && ::isatty(STDOUT_FILENO) != 0) {
    messages.error(
        "can't convert to standard output when it is a terminal; redirect it to a file or a "
        "program");
    return kExitFailure;
  }
  // Before something large is fetched for nothing.
  if (!wish.overwrite && holds_something(wish.output)) {
    messages.error(wish.output + " already exists, aborting");
    messages.error("use --overwrite option if you want to replace existing recording");
    return kExitFailure;
  }
  const ProcessEnvironment environment;
  const RecordingInput input = find_recording_input(environment, wish.input);
  std::vector<std::string> words = {"convert", std::string(convert_format_name(format)),
                                    wish.overwrite ? "overwrite" : "keep", wish.output};
  append_words(input, words);
  return become_files_program(words);
}

}  // namespace

int run_convert(int argc, char** argv) {
  Wish wish;
  opterr = 0;
  for (int choice = 0;
       (choice = ::getopt_long(argc, argv, ":f:h", kOptions.data(), nullptr)) != -1;) {
    switch (choice) {
      case 'h':
        print_out(std::string(kUsage) + kHelp);
        return kExitOk;
      case 'f':
        wish.format = parse_convert_format(optarg);
        if (!wish.format.has_value()) {
          return wrong("argument -f/--output-format: invalid choice: '" + std::string(optarg) +
                       "' (choose from asciicast-v1, asciicast-v2, asciicast-v3, raw, txt)");
        }
        break;
      case kOverwrite:
        wish.overwrite = true;
        break;
      case ':':
        return wrong("argument " + stumbling_block(argv) + ": expected one argument");
      default:
        return wrong(unrecognized_option(argv, kOptions));
    }
  }
  if (argc - optind < 2) {
    return wrong(std::string("the following arguments are required: ") +
                 (optind == argc ? "input, output" : "output"));
  }
  if (argc - optind > 2) return wrong(std::string("unrecognized arguments: ") + argv[optind + 2]);
  wish.input = argv[optind];
  wish.output = argv[optind + 1];
  if (wish.output.empty()) return wrong("argument output: is empty");
  return convert(wish);
}

}  // namespace asciinemad
