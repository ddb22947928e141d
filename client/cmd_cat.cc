// asciinema cat: print the output of recordings, without pauses.

#include <getopt.h>

#include <array>
#include <string>
#include <vector>

#include "client/command.h"
#include "client/files_program.h"
#include "client/messages.h"
#include "client/recording_input.h"
#include "client/usage.h"
#include "common/paths.h"

namespace asciinemad {
namespace {

constexpr const char* kUsage = "usage: asciinema cat [-h] [--trust] filename [filename ...]\n";

constexpr const char* kHelp =
    "\n"
    "Print all output of terminal sessions, at once.\n"
    "\n"
    "arguments:\n"
    "  filename    a recording, compressed or not: a path, - for standard input, or\n"
    "              an http, https, ipfs or dweb address\n"
    "\n"
    "options:\n"
    "  -h, --help  show this help and exit\n"
    "  --trust     print to a terminal what might do harm to it, too: queries, and\n"
    "              from others than local files also clipboard access and the like.\n"
    "              Files and pipes always get everything\n";

constexpr int kTrust = 1000;

constexpr std::array<option, 3> kOptions = {{{"trust", no_argument, nullptr, kTrust},
                                             {"help", no_argument, nullptr, 'h'},
                                             {nullptr, 0, nullptr, 0}}};

}  // namespace

int run_cat(int argc, char** argv) {
  bool trust = false;
  opterr = 0;
  for (int choice = 0;
       (choice = ::getopt_long(argc, argv, ":h", kOptions.data(), nullptr)) != -1;) {
    if (choice == 'h') {
      print_out(std::string(kUsage) + kHelp);
      return kExitOk;
    }
    if (choice != kTrust) {
      return usage_error(kUsage, "cat", unrecognized_option(argv, kOptions));
    }
    trust = true;
  }
  if (optind == argc) {
    return usage_error(kUsage, "cat", "the following arguments are required: filename");
  }
  const ProcessEnvironment environment;
  std::vector<std::string> words = {"cat", trust ? "trust" : "filter"};
  std::vector<RecordingInput> inputs;  // keep what was fetched open
  for (int i = optind; i < argc; ++i) {
    inputs.push_back(find_recording_input(environment, argv[i]));
    append_words(inputs.back(), words);
    // Nothing behind it will be printed.
    if (inputs.back().kind == RecordingInput::Kind::failed) break;
  }
  return become_files_program(words);
}

}  // namespace asciinemad
