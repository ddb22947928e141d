// asciinema upload: upload a recording.

#include <getopt.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "client/command.h"
#include "client/messages.h"
#include "client/upload_session.h"
#include "client/upload_settings.h"
#include "client/usage.h"
#include "common/config.h"
#include "common/paths.h"

namespace asciinemad {
namespace {

constexpr std::size_t kMaxTitleBytes = 1024;

constexpr const char* kUsage =
    "usage: asciinema upload [-h] [--title TITLE] [--visibility VISIBILITY] [--wait]\n"
    "                        [--background] filename\n";

constexpr const char* kHelp =
    "\n"
    "Upload a recording to a server: asciinema.org, or the one of the configuration. It\n"
    "is copied to a queue first and uploaded from there, also when this command is\n"
    "interrupted; `asciinema uploads` shows the queue.\n"
    "\n"
    "arguments:\n"
    "  filename                 the recording, - for standard input\n"
    "\n"
    "options:\n"
    "  -h, --help               show this help and exit\n"
    "  -t, --title TITLE        title on the server (default: the recording's)\n"
    "  --visibility VISIBILITY  public, unlisted or private (default: your account's)\n"
    "  --wait                   when it fails for now, stay until it has succeeded\n"
    "  --background             do not wait for the upload\n"
    "\n"
    "The exit status is 0 when it is uploaded (or queued, with --background), else 1.\n";

// Options without a letter, outside of what a char holds.
constexpr int kVisibility = 1000;
constexpr int kWait = 1001;
constexpr int kBackground = 1002;

constexpr std::array<option, 6> kOptions = {
    {{"title", required_argument, nullptr, 't'},
     {"visibility", required_argument, nullptr, kVisibility},
     {"wait", no_argument, nullptr, kWait},
     {"background", no_argument, nullptr, kBackground},
     {"help", no_argument, nullptr, 'h'},
     {nullptr, 0, nullptr, 0}}};

struct UploadOptions {
  std::string file;
  std::string title;
  wire::Visibility visibility = wire::Visibility::by_server;
  bool wait = false;
  bool background = false;
};

ExitStatus wrong(const std::string& message) { return {usage_error(kUsage, "upload", message)}; }

std::optional<wire::Visibility> parse_visibility(std::string_view word) {
  if (word == "public") return wire::Visibility::public_;
  if (word == "unlisted") return wire::Visibility::unlisted;
  if (word == "private") return wire::Visibility::private_;
  return std::nullopt;
}

// What is wrong with the option's argument; empty: nothing.
std::string apply(UploadOptions& options, int choice) {
  if (choice == kWait) options.wait = true;
  if (choice == kBackground) options.background = true;
  if (choice == 't') {
    options.title = optarg;
    if (options.title.size() > kMaxTitleBytes) {
      return "argument -t/--title: is longer than " + std::to_string(kMaxTitleBytes) + " bytes";
    }
  }
  if (choice == kVisibility) {
    const std::optional<wire::Visibility> visibility = parse_visibility(optarg);
    if (!visibility.has_value()) {
      return std::string("argument --visibility: \"") + optarg +
             "\" is not public, unlisted or private";
    }
    options.visibility = *visibility;
  }
  return {};
}

std::variant<UploadOptions, ExitStatus> parse(int argc, char** argv) {
  UploadOptions options;
  opterr = 0;
  for (int choice = 0;
       (choice = ::getopt_long(argc, argv, ":t:h", kOptions.data(), nullptr)) != -1;) {
    if (choice == 'h') {
      print_out(std::string(kUsage) + kHelp);
      return ExitStatus{kExitOk};
    }
    if (choice == ':') {
      return wrong("argument " + stumbling_block(argv) + ": expected one argument");
    }
    if (choice == '?') return wrong(unrecognized_option(argv, kOptions));
    if (const std::string problem = apply(options, choice); !problem.empty()) return wrong(problem);
  }
  if (optind == argc) return wrong("the following arguments are required: filename");
  options.file = argv[optind++];
  if (optind < argc) return wrong(std::string("unrecognized arguments: ") + argv[optind]);
  if (options.file.empty()) return wrong("argument filename: is empty");
  if (options.wait && options.background) {
    return wrong("--wait and --background exclude each other");
  }
  return options;
}

Result<UploadWish> prepare(const UploadOptions& options, const Environment& environment,
                           const Config& config) {
  UploadWish wish;
  TRY_ASSIGN(wish.upload, make_upload(environment, config));
  TRY(open_for_upload(options.file, wish));
  wish.upload.title = options.title;
  wish.upload.visibility = options.visibility;
  wish.wait = options.wait;
  wish.background = options.background;
  return wish;
}

}  // namespace

int run_upload(int argc, char** argv) {
  auto parsed = parse(argc, argv);
  if (const auto* status = std::get_if<ExitStatus>(&parsed)) return status->value;
  const UploadOptions& options = *std::get_if<UploadOptions>(&parsed);
  const Messages messages(false);
  const ProcessEnvironment environment;
  const Result<LoadedConfig> loaded = load_config(environment);
  if (!loaded.ok()) {
    messages.error(loaded.error().message);
    return kExitFailure;
  }
  for (const std::string& warning : loaded->warnings) messages.warn(warning);
  Result<UploadWish> wish = prepare(options, environment, loaded->config);
  if (!wish.ok()) return report_failed_upload(messages, wish.error(), {});
  return UploadSession(environment, messages, std::move(*wish), true).run();
}

}  // namespace asciinemad
