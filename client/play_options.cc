#include "client/play_options.h"

#include <getopt.h>

#include <array>
#include <string_view>

#include "client/messages.h"
#include "client/time_text.h"
#include "client/usage.h"

namespace asciinemad {
namespace {

constexpr const char* kUsage =
    "usage: asciinema play [-h] [-i IDLE_TIME_LIMIT] [-s SPEED] [-l] [-m]\n"
    "                      [--out-fmt FORMAT] [--stream STREAM] [--start-at TIME] [-r]\n"
    "                      [--fit] [--follow] [--trust] filename\n";

constexpr const char* kHelp =
    "\n"
    "Play a terminal session.\n"
    "\n"
    "arguments:\n"
    "  filename              a recording, compressed or not: a path, - for standard input,\n"
    "                        or an http, https, ipfs or dweb address; with --follow also\n"
    "                        the id of a session that is being recorded\n"
    "\n"
    "options:\n"
    "  -h, --help            show this help and exit\n"
    "  -i, --idle-time-limit IDLE_TIME_LIMIT\n"
    "                        shorten pauses to so many seconds (default: what the\n"
    "                        recording says)\n"
    "  -s, --speed SPEED     play so many times as fast\n"
    "  -l, --loop            begin again at the end\n"
    "  -m, --pause-on-markers\n"
    "                        pause at each marker\n"
    "  --out-fmt FORMAT      raw: what the program wrote (default), or\n"
    "                        asciicast: each event as a line, at its time\n"
    "  --stream STREAM       o: play the output, i: play the recorded input (default: the\n"
    "                        output; with --out-fmt asciicast everything)\n"
    "  --start-at TIME       begin there: 90, 90.5, 1:30 or 1:01:30\n"
    "  -r, --resize          give the terminal the size of the recorded one meanwhile\n"
    "  --fit                 in a terminal smaller than the recorded one show the part around\n"
    "                        the cursor, instead of writing what was recorded as it is\n"
    "  --follow              show what is being recorded, as it happens; with --fit\n"
    "  --trust               show what might do harm to the terminal, too: queries, and\n"
    "                        from others than local files also clipboard access and the\n"
    "                        like\n"
    "\n"
    "keys (the first three can be configured):\n"
    "  space                 pause, go on\n"
    "  .                     next frame, when paused\n"
    "  ]                     next marker\n"
    "  ,                     previous frame\n"
    "  [                     previous marker\n"
    "  right, left           5 seconds forward, back\n"
    "  + -                   faster, slower\n"
    "  0 to 9                go to so many tenths of the recording\n"
    "  i                     show or hide the status line\n"
    "  ?                     show the keys\n"
    "  q, Ctrl-C             quit; with Ctrl-C the exit status is 1\n"
    "\n"
    "'asciinema pause' and other commands steer a playback from elsewhere.\n";

// Options without a letter, outside of what a char holds.
constexpr int kOutFmt = 1000;
constexpr int kStream = 1001;
constexpr int kStartAt = 1002;
constexpr int kFollow = 1003;
constexpr int kFit = 1004;
constexpr int kTrust = 1005;

constexpr std::array<option, 13> kOptions = {{{"idle-time-limit", required_argument, nullptr, 'i'},
                                              {"speed", required_argument, nullptr, 's'},
                                              {"loop", no_argument, nullptr, 'l'},
                                              {"pause-on-markers", no_argument, nullptr, 'm'},
                                              {"out-fmt", required_argument, nullptr, kOutFmt},
                                              {"stream", required_argument, nullptr, kStream},
                                              {"start-at", required_argument, nullptr, kStartAt},
                                              {"resize", no_argument, nullptr, 'r'},
                                              {"fit", no_argument, nullptr, kFit},
                                              {"follow", no_argument, nullptr, kFollow},
                                              {"trust", no_argument, nullptr, kTrust},
                                              {"help", no_argument, nullptr, 'h'},
                                              {nullptr, 0, nullptr, 0}}};

ExitStatus wrong(const std::string& message) { return {usage_error(kUsage, "play", message)}; }

bool set_output(PlayOptions& options, std::string_view format) {
  using Output = wire::Play::Output;
  options.output = format == "asciicast" ? Output::asciicast_v2 : Output::screen;
  return format == "asciicast" || format == "raw";
}

bool set_stream(PlayOptions& options, std::string_view stream) {
  using Stream = wire::Play::Stream;
  options.stream = stream == "i" ? Stream::input : Stream::output;
  return stream == "i" || stream == "o";
}

bool set_number(double& target, const std::optional<double>& number) {
  target = number.value_or(target);
  return number.has_value();
}

// False: the option's argument makes no sense.
bool apply(PlayOptions& options, int choice) {
  switch (choice) {
    case 'i':
      options.idle_time_limit_s = parse_positive_number(optarg);
      return options.idle_time_limit_s.has_value();
    case 's':
      return set_number(options.speed, parse_positive_number(optarg));
    case 'l':
      options.loop = true;
      return true;
    case 'm':
      options.pause_on_markers = true;
      return true;
    case kOutFmt:
      return set_output(options, optarg);
    case kStream:
      return set_stream(options, optarg);
    case kStartAt: {
      const std::optional<std::uint64_t> time = parse_time(optarg);
      options.start_at_us = time.value_or(0);
      return time.has_value();
    }
    case 'r':
      options.resize = true;
      return true;
    case kFollow:
      options.follow = true;
      return true;
    case kFit:
      options.fit = true;
      return true;
    default:
      options.trust = true;
      return true;
  }
}

std::string bad_argument(int choice) {
  const std::string value = std::string("\"") + optarg + "\"";
  switch (choice) {
    case kOutFmt:
      return "argument --out-fmt: invalid choice: " + value + " (choose from raw, asciicast)";
    case kStream:
      return "argument --stream: invalid choice: " + value + " (choose from o, i)";
    case kStartAt:
      return "argument --start-at: " + value + " is not a time such as 90, 90.5, 1:30 or 1:01:30";
    case 's':
      return "argument -s/--speed: " + value + " is not a positive number (1e-6 to 1e9)";
    default:
      return "argument -i/--idle-time-limit: " + value + " is not a positive number of seconds";
  }
}

std::string conflict(const PlayOptions& options) {
  if (!options.follow) return {};
  if (options.loop) return "--follow and --loop exclude each other";
  if (options.start_at_us > 0) return "--follow and --start-at exclude each other";
  return {};
}

}  // namespace

std::variant<PlayOptions, ExitStatus> parse_play_options(int argc, char** argv,
                                                         const Config::Play& config) {
  PlayOptions options;
  options.speed = config.speed;
  options.idle_time_limit_s = config.idle_time_limit_s;
  opterr = 0;
  for (int choice = 0;
       (choice = ::getopt_long(argc, argv, ":i:s:lmrh", kOptions.data(), nullptr)) != -1;) {
    if (choice == 'h') {
      print_out(std::string(kUsage) + kHelp);
      return ExitStatus{kExitOk};
    }
    if (choice == ':')
      return wrong("argument " + stumbling_block(argv) + ": expected one argument");
    if (choice == '?') return wrong(unrecognized_option(argv, kOptions));
    if (!apply(options, choice)) return wrong(bad_argument(choice));
  }
  if (optind == argc) return wrong("the following arguments are required: filename");
  options.file = argv[optind++];
  if (optind < argc) return wrong(std::string("unrecognized arguments: ") + argv[optind]);
  if (options.file.empty()) return wrong("argument filename: is empty");
  if (const std::string problem = conflict(options); !problem.empty()) return wrong(problem);
  return options;
}

}  // namespace asciinemad
