#include "client/rec_options.h"

#include <getopt.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include "client/messages.h"
#include "client/usage.h"

namespace asciinemad {
namespace {

constexpr const char* kUsage =
    "usage: asciinema rec [-h] [--stdin] [--append] [--raw] [--overwrite] [-c COMMAND]\n"
    "                     [-e ENV] [-t TITLE] [-i IDLE_TIME_LIMIT] [--cols COLS]\n"
    "                     [--rows ROWS] [-y] [-q] [filename]\n";

constexpr const char* kHelp =
    "\n"
    "Record a terminal session.\n"
    "\n"
    "arguments:\n"
    "  filename              where to save the recording, - for standard output\n"
    "                        (default: the library, and asks at the end)\n"
    "\n"
    "options:\n"
    "  -h, --help            show this help and exit\n"
    "  --stdin               record keyboard input, too\n"
    "  --append              append to an existing recording\n"
    "  --raw                 save the output as it is, without times\n"
    "  --overwrite           overwrite the file if it exists\n"
    "  -c, --command COMMAND command to record (default: $SHELL)\n"
    "  -e, --env ENV         environment variables to save, a comma-separated list\n"
    "                        (default: SHELL,TERM)\n"
    "  -t, --title TITLE     title of the recording\n"
    "  -i, --idle-time-limit IDLE_TIME_LIMIT\n"
    "                        limit for idle time, for the header: players apply it, the\n"
    "                        recorded times stay as they were\n"
    "  --cols COLS           width of the recorded terminal (default: this one's)\n"
    "  --rows ROWS           height of the recorded terminal (default: this one's)\n"
    "  -y, --yes             upload without asking, when there is no filename\n"
    "  -q, --quiet           print no notices or warnings (implies -y)\n";

// Options without a letter, outside of what a char holds.
constexpr int kStdin = 1000;
constexpr int kAppend = 1001;
constexpr int kRaw = 1002;
constexpr int kOverwrite = 1003;
constexpr int kCols = 1004;
constexpr int kRows = 1005;

constexpr std::array<option, 14> kOptions = {{{"stdin", no_argument, nullptr, kStdin},
                                              {"append", no_argument, nullptr, kAppend},
                                              {"raw", no_argument, nullptr, kRaw},
                                              {"overwrite", no_argument, nullptr, kOverwrite},
                                              {"command", required_argument, nullptr, 'c'},
                                              {"env", required_argument, nullptr, 'e'},
                                              {"title", required_argument, nullptr, 't'},
                                              {"idle-time-limit", required_argument, nullptr, 'i'},
                                              {"cols", required_argument, nullptr, kCols},
                                              {"rows", required_argument, nullptr, kRows},
                                              {"yes", no_argument, nullptr, 'y'},
                                              {"quiet", no_argument, nullptr, 'q'},
                                              {"help", no_argument, nullptr, 'h'},
                                              {nullptr, 0, nullptr, 0}}};

ExitStatus wrong(const std::string& message) { return {usage_error(kUsage, "rec", message)}; }

// Characters of a terminal: 1 to 65535, what struct winsize holds.
std::optional<std::uint16_t> parse_size(std::string_view text) {
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number == 0) return std::nullopt;
  return number;
}

RecOptions defaults(const Config::Record& config) {
  RecOptions options;
  options.capture_input = config.capture_input;
  options.command_given = config.command.has_value();
  const char* shell = std::getenv("SHELL");
  options.command = config.command.value_or(shell != nullptr && *shell != '\0' ? shell : "sh");
  options.env = config.env;
  options.idle_time_limit_s = config.idle_time_limit_s;
  options.yes = config.yes;
  options.quiet = config.quiet;
  return options;
}

// False: the option's argument makes no sense.
bool apply(RecOptions& options, int choice) {
  switch (choice) {
    case kStdin:
      options.capture_input = true;
      return true;
    case kAppend:
      options.append = true;
      return true;
    case kRaw:
      options.raw = true;
      return true;
    case kOverwrite:
      options.overwrite = true;
      return true;
    case 'c':
      options.command = optarg;
      options.command_given = true;
      return true;
    case 'e':
      options.env = parse_env_names(optarg);
      return true;
    case 't':
      options.title = optarg;
      return true;
    case 'i':
      options.idle_time_limit_s = parse_positive_number(optarg);
      return options.idle_time_limit_s.has_value();
    case kCols:
      options.cols = parse_size(optarg);
      return options.cols.has_value();
    case kRows:
      options.rows = parse_size(optarg);
      return options.rows.has_value();
    case 'y':
      options.yes = true;
      return true;
    default:
      options.quiet = true;
      return true;
  }
}

std::string bad_argument(int choice) {
  const std::string value = std::string("\"") + optarg + "\"";
  if (choice == kCols) return "argument --cols: " + value + " is not a number from 1 to 65535";
  if (choice == kRows) return "argument --rows: " + value + " is not a number from 1 to 65535";
  return "argument -i/--idle-time-limit: " + value + " is not a positive number of seconds";
}

}  // namespace

std::variant<RecOptions, ExitStatus> parse_rec_options(int argc, char** argv,
                                                       const Config::Record& config) {
  RecOptions options = defaults(config);
  opterr = 0;
  for (int choice = 0;
       (choice = ::getopt_long(argc, argv, ":c:e:t:i:yqh", kOptions.data(), nullptr)) != -1;) {
    if (choice == 'h') {
      print_out(std::string(kUsage) + kHelp);
      return ExitStatus{kExitOk};
    }
    if (choice == ':')
      return wrong("argument " + stumbling_block(argv) + ": expected one argument");
    if (choice == '?') return wrong("unrecognized or ambiguous option: " + stumbling_block(argv));
    if (!apply(options, choice)) return wrong(bad_argument(choice));
  }
  if (optind < argc) options.filename = argv[optind++];
  if (optind < argc) {
    return wrong(std::string("unrecognized arguments: ") + argv[optind]);
  }
  if (options.filename.has_value() && options.filename->empty()) {
    return wrong("argument filename: is empty");
  }
  if (options.append && options.overwrite) {
    return wrong("--append and --overwrite exclude each other");
  }
  if (options.quiet) options.yes = true;
  return options;
}

}  // namespace asciinemad
