// asciinema ls: list what is being recorded and played.

#include <string>
#include <string_view>

#include "client/command.h"
#include "client/daemon_start.h"
#include "client/messages.h"
#include "client/status.h"
#include "client/usage.h"
#include "common/paths.h"

namespace asciinemad {
namespace {

constexpr const char* kUsage = "usage: asciinema ls [-h] [--json]\n";

constexpr const char* kHelp =
    "\n"
    "List what is being recorded and played: kind, id, name, size, time, state, file, command;\n"
    "and recordings that were repaired after a crash of the machine.\n"
    "\n"
    "options:\n"
    "  -h, --help  show this help and exit\n"
    "  --json      print a JSON array; times are in seconds\n"
    "\n"
    "The exit status is 4 when no daemon runs.\n";

}  // namespace

int run_ls(int argc, char** argv) {
  bool json = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "-h" || argument == "--help") {
      print_out(std::string(kUsage) + kHelp);
      return kExitOk;
    }
    if (argument != "--json") {
      return usage_error(kUsage, "ls", "unrecognized arguments: " + std::string(argument));
    }
    json = true;
  }
  const Messages messages(false);
  const ProcessEnvironment environment;
  Result<DaemonLink> link = connect_to_running_daemon(environment);
  if (!link.ok()) {
    messages.error(link.error().message);
    return kExitNoDaemon;
  }
  const Result<wire::StatusReply> status = get_status(*link);
  if (!status.ok()) {
    messages.error(status.error().message);
    return kExitFailure;
  }
  print_out(json ? list_json(*status)
                 : list_text(status->sessions, status->playbacks, "") + recovered_text(*status));
  return kExitOk;
}

}  // namespace asciinemad
