#include "client/rec_options.h"

#include <getopt.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "client/messages.h"
#include "client/usage.h"

namespace asciinemad {
namespace {

constexpr const char* kUsage =
    "usage: asciinema rec [-h] [--stdin] [--append] [--raw] [--overwrite] [-c COMMAND]\n"
    "                     [-e ENV] [-t TITLE] [-i IDLE_TIME_LIMIT] [--cols COLS]\n"
    "                     [--rows ROWS] [--name NAME] [-d] [--detach] [--pause-at-start]\n"
    "                     [--marker-label TEMPLATE] [--pause-markers] [--output-markers]\n"
    "                     [--upload] [--return] [-y] [-q] [filename]\n";

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
    "  --name NAME           what other commands may call the session, instead of its id\n"
    "  -d, --detached        start without a terminal, print the session's id and return\n"
    "  --detach              let the command go on when this terminal is closed\n"
    "  --pause-at-start      start paused\n"
    "  --marker-label TEMPLATE\n"
    "                        label of markers set by the hotkey; {n} stands for their\n"
    "                        number, {time} for the time of day\n"
    "  --pause-markers       set markers where the recording is paused and resumed\n"
    "  --output-markers      let programs set markers in their output (OSC 7717)\n"
    "  --upload              upload the recording in the background when it ends\n"
    "  --return              exit with the command's status\n"
    "  -y, --yes             upload without asking, when there is no filename\n"
    "  -q, --quiet           print no notices or warnings (implies -y)\n";

// Options without a letter, outside of what a char holds.
constexpr int kStdin = 1000;
constexpr int kAppend = 1001;
constexpr int kRaw = 1002;
constexpr int kOverwrite = 1003;
constexpr int kCols = 1004;
constexpr int kRows = 1005;
constexpr int kName = 1006;
constexpr int kDetach = 1007;
constexpr int kPauseAtStart = 1008;
constexpr int kMarkerLabel = 1009;
constexpr int kPauseMarkers = 1010;
constexpr int kOutputMarkers = 1011;
constexpr int kUpload = 1012;
constexpr int kReturn = 1013;

constexpr option kOptions[] = {{"stdin", no_argument, nullptr, kStdin},
                               {"append", no_argument, nullptr, kAppend},
                               {"raw", no_argument, nullptr, kRaw},
                               {"overwrite", no_argument, nullptr, kOverwrite},
                               {"command", required_argument, nullptr, 'c'},
                               {"env", required_argument, nullptr, 'e'},
                               {"title", required_argument, nullptr, 't'},
                               {"idle-time-limit", required_argument, nullptr, 'i'},
                               {"cols", required_argument, nullptr, kCols},
                               {"rows", required_argument, nullptr, kRows},
                               {"name", required_argument, nullptr, kName},
                               {"detached", no_argument, nullptr, 'd'},
                               {"detach", no_argument, nullptr, kDetach},
                               {"pause-at-start", no_argument, nullptr, kPauseAtStart},
                               {"marker-label", required_argument, nullptr, kMarkerLabel},
                               {"pause-markers", no_argument, nullptr, kPauseMarkers},
                               {"output-markers", no_argument, nullptr, kOutputMarkers},
                               {"upload", no_argument, nullptr, kUpload},
                               {"return", no_argument, nullptr, kReturn},
                               {"yes", no_argument, nullptr, 'y'},
                               {"quiet", no_argument, nullptr, 'q'},
                               {"help", no_argument, nullptr, 'h'},
                               {nullptr, 0, nullptr, 0}};

// Those that only switch something on.
struct Switch {
  int choice;
  bool RecOptions::*field;
};
constexpr Switch kSwitches[] = {{kStdin, &RecOptions::capture_input},
                                {kAppend, &RecOptions::append},
                                {kRaw, &RecOptions::raw},
                                {kOverwrite, &RecOptions::overwrite},
                                {'d', &RecOptions::detached},
                                {kDetach, &RecOptions::detach},
                                {kPauseAtStart, &RecOptions::pause_at_start},
                                {kPauseMarkers, &RecOptions::pause_markers},
                                {kOutputMarkers, &RecOptions::output_markers},
                                {kUpload, &RecOptions::upload},
                                {kReturn, &RecOptions::return_status},
                                {'y', &RecOptions::yes},
                                {'q', &RecOptions::quiet}};

constexpr int kNewOptions[] = {kName,        'd',           kDetach,        kPauseAtStart,
                               kMarkerLabel, kPauseMarkers, kOutputMarkers, kUpload};

constexpr std::size_t kMaxNameBytes = 64;

ExitStatus wrong(const std::string& message) { return {usage_error(kUsage, "rec", message)}; }

std::string name_of(int choice) {
  const auto* found = std::find_if(std::begin(kOptions), std::end(kOptions) - 1,
                                   [choice](const option& o) { return o.val == choice; });
  return std::string("--") + found->name;
}

Error bad_argument(const std::string& option, const std::string& problem) {
  return Error{Errc::invalid_argument, "argument " + option + ": \"" + optarg + "\" " + problem};
}

// Characters of a terminal: 1 to 65535, what struct winsize holds.
Status parse_size(std::optional<std::uint16_t>& target, int choice) {
  const std::string_view text = optarg;
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number == 0) {
    return bad_argument(name_of(choice), "is not a number from 1 to 65535");
  }
  target = number;
  return {};
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kMaxNameBytes &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

Status parse_name(std::string& target) {
  if (!is_name(optarg)) {
    return bad_argument("--name", "is not 1 to 64 letters, digits, dots, underscores or hyphens");
  }
  target = optarg;
  return {};
}

Status parse_marker_label(std::string& target) {
  Result<std::string> label = parse_label(optarg);
  if (!label.ok()) return bad_argument("--marker-label", label.error().message);
  target = std::move(label).value();
  return {};
}

Status apply(RecOptions& options, int choice) {
  for (const Switch& known : kSwitches) {
    if (known.choice == choice) options.*known.field = true;
  }
  switch (choice) {
    case 'c':
      options.command = optarg;
      options.command_given = true;
      return {};
    case 'e':
      options.env = parse_env_names(optarg);
      return {};
    case 't':
      options.title = optarg;
      return {};
    case 'i':
      options.idle_time_limit_s = parse_positive_number(optarg);
      if (options.idle_time_limit_s.has_value()) return {};
      return bad_argument("-i/--idle-time-limit", "is not a positive number of seconds");
    case kCols:
      return parse_size(options.cols, choice);
    case kRows:
      return parse_size(options.rows, choice);
    case kName:
      return parse_name(options.name);
    case kMarkerLabel:
      return parse_marker_label(options.marker_label);
    default:
      return {};
  }
}

// What can't be done together; empty: nothing of that.
std::string contradiction(const RecOptions& options) {
  const bool standard_output = options.filename == "-";
  if (options.append && options.overwrite) return "--append and --overwrite exclude each other";
  if (options.upload && options.raw) return "--upload and --raw exclude each other";
  if (options.upload && standard_output)
    return "--upload can't upload what went to standard output";
  if (options.detached && standard_output) return "--detached can't record to standard output";
  if (options.detached && options.return_status) {
    return "--detached and --return exclude each other";
  }
  return {};
}

}  // namespace

RecOptions default_rec_options(const Config::Record& config) {
  RecOptions options;
  options.capture_input = config.capture_input;
  options.command_given = config.command.has_value();
  const char* shell = std::getenv("SHELL");
  options.command = config.command.value_or(shell != nullptr && *shell != '\0' ? shell : "sh");
  options.env = config.env;
  options.idle_time_limit_s = config.idle_time_limit_s;
  options.yes = config.yes;
  options.quiet = config.quiet;
  options.detach = config.detach_on_disconnect;
  options.marker_label = config.marker_label;
  options.pause_markers = config.pause_markers;
  options.output_markers = config.output_markers;
  return options;
}

std::variant<RecOptions, ExitStatus> parse_rec_options(int argc, char** argv,
                                                       const Config::Record& config) {
  RecOptions options = default_rec_options(config);
  opterr = 0;
  for (int choice = 0;
       (choice = ::getopt_long(argc, argv, ":c:e:t:i:dyqh", kOptions, nullptr)) != -1;) {
    if (choice == 'h') {
      print_out(std::string(kUsage) + kHelp);
      return ExitStatus{kExitOk};
    }
    if (choice == ':')
      return wrong("argument " + stumbling_block(argv) + ": expected one argument");
    if (choice == '?') return wrong(unrecognized_option(argv, kOptions));
    if (const Status applied = apply(options, choice); !applied.ok()) {
      return wrong(applied.error().message);
    }
    if (std::find(std::begin(kNewOptions), std::end(kNewOptions), choice) !=
        std::end(kNewOptions)) {
      options.needs_new_daemon = name_of(choice);
    }
  }
  if (optind < argc) options.filename = argv[optind++];
  if (optind < argc) {
    return wrong(std::string("unrecognized arguments: ") + argv[optind]);
  }
  if (options.filename.has_value() && options.filename->empty()) {
    return wrong("argument filename: is empty");
  }
  if (const std::string problem = contradiction(options); !problem.empty()) return wrong(problem);
  options.keep = options.filename.has_value() || options.detached || options.upload;
  if (options.quiet) options.yes = true;
  return options;
}

}  // namespace asciinemad
