// asciinema status: all about one recording or playback.

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "client/comeback.h"
#include "client/command.h"
#include "client/messages.h"
#include "client/session_choice.h"
#include "client/status.h"
#include "client/usage.h"
#include "common/paths.h"

namespace asciinemad {
namespace {

constexpr const char* kUsage = "usage: asciinema status [-h] [-S ID] [--json]\n";

constexpr const char* kHelp =
    "\n"
    "Show all about a recording that is being made, or a playback.\n"
    "\n"
    "options:\n"
    "  -h, --help        show this help and exit\n"
    "  -S, --session ID  which one: an id that `asciinema ls` shows, the beginning of one,\n"
    "                    or its name (default: the session that this is called in, else the\n"
    "                    only one there is)\n"
    "  --json            print a JSON object, as `asciinema ls --json` has it\n"
    "\n"
    "The exit status is 3 when there is no such session or playback, 4 when no daemon runs.\n";

int fail(int status, const std::string& message) {
  Messages(false).error(message);
  return status;
}

int print_status(const std::optional<std::string>& session, bool json) {
  const ProcessEnvironment environment;
  const Wanted wanted = find_wanted(session, Kinds::both, environment);
  std::optional<SteerLink> link;
  const Result<wire::StatusReply> status =
      ask_for_status(environment, link, looks_for(wanted, Kinds::both));
  if (!status.ok()) return fail(kExitNoDaemon, status.error().message);
  const Choice choice = choose(*status, wanted, Kinds::both);
  if (const auto* none = std::get_if<NoChoice>(&choice)) return report(*none);
  const auto print = [&](const auto& info) {
    print_out(json ? details_json(info) + "\n" : details(info));
  };
  if (const auto* recording = std::get_if<wire::SessionInfo>(&choice)) print(*recording);
  if (const auto* playback = std::get_if<wire::PlaybackInfo>(&choice)) print(*playback);
  return kExitOk;
}

}  // namespace

int run_status(int argc, char** argv) {
  bool json = false;
  std::optional<std::string> session;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "-h" || argument == "--help") {
      print_out(std::string(kUsage) + kHelp);
      return kExitOk;
    }
    if (argument == "--json") {
      json = true;
    } else if (std::optional<std::string> given = parse_session_option(argc, argv, i)) {
      session = std::move(given);
    } else {
      return usage_error(kUsage, "status", "unrecognized arguments: " + std::string(argument));
    }
  }
  if (session.has_value() && session->empty()) {
    return usage_error(kUsage, "status", "argument -S/--session: expected one argument");
  }
  return print_status(session, json);
}

}  // namespace asciinemad
