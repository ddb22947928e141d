// asciinema daemon: start, stop, restart and examine the daemon.

#include <poll.h>

#include <array>
#include <string>
#include <string_view>

#include "client/command.h"
#include "client/daemon_start.h"
#include "client/deadline.h"
#include "client/messages.h"
#include "client/status.h"
#include "client/time_text.h"
#include "client/usage.h"
#include "client/words.h"
#include "common/clock.h"
#include "common/printable.h"

namespace asciinemad {
namespace {

// From the answer to `shutdown` to the end of the connection: live sessions get 8 s to go, their
// recordings and terminals 10 s more.
constexpr int kStopTimeoutMs = 25'000;

constexpr const char* kUsage =
    "usage: asciinema daemon [-h] {start,stop,status,restart} [--force]\n";

constexpr const char* kHelp =
    "\n"
    "The daemon starts by itself when it is needed and ends when it is idle.\n"
    "\n"
    "  start    start it now, unless it runs\n"
    "  stop     end it; refused while something is recorded or played\n"
    "  status   show what it does; exit status 1 when it does not run\n"
    "  restart  stop, then start\n"
    "\n"
    "  --force  end sessions and playbacks, too (stop and restart)\n";

int fail(const Error& error) {
  Messages(false).error(error.message);
  return kExitFailure;
}

int start() {
  const ProcessEnvironment environment;
  Result<DaemonLink> link = connect_to_shared_daemon(environment);
  return link.ok() ? kExitOk : fail(link.error());
}

// Errc::not_found when none runs.
Status stop(bool force) {
  const ProcessEnvironment environment;
  TRY_ASSIGN(DaemonLink link, connect_to_running_daemon(environment));
  wire::Request request;
  request.body = wire::Shutdown{force};
  if (Result<wire::Reply> reply = link.call(std::move(request), {}); !reply.ok()) {
    Error error = reply.take_error();
    if (error.code == Errc::busy) error.message += "; --force ends them";
    return error;
  }
  // The daemon closes the connection when its last session is finalised.
  const Deadline deadline(kStopTimeoutMs);
  while (deadline.wait(link.fd(), POLLIN)) {
    if (!link.next_event().ok()) return {};
  }
  return Error{Errc::timed_out, "asciinemad does not end"};
}

std::string describe(const wire::StatusReply& status) {
  std::string text = status.software + ", pid " + std::to_string(status.pid) + ", up " +
                     span_text(status.uptime_us / 1'000'000) +
                     (status.on_demand ? ", ends when idle" : "") +
                     "\nsocket: " + printable(status.socket) + "\n";
  if (!status.log_path.empty()) text += "log: " + printable(status.log_path) + "\n";
  text += "sessions: " + std::to_string(status.sessions.size()) + "\n";
  text += list_text(status.sessions, {}, "  ");
  text += "playbacks: " + std::to_string(status.playbacks.size()) + "\n";
  text += list_text({}, status.playbacks, "  ");
  if (status.uploads_waiting > 0 || status.uploads_held > 0) {
    text += "uploads: " + std::to_string(status.uploads_waiting) + " waiting, " +
            std::to_string(status.uploads_held) + " held\n";
  }
  return text;
}

int print_status() {
  const ProcessEnvironment environment;
  Result<DaemonLink> link = connect_to_running_daemon(environment);
  if (!link.ok()) return fail(link.error());
  Result<wire::StatusReply> status = get_status(*link);
  if (!status.ok()) return fail(status.error());
  print_out(describe(*status));
  return kExitOk;
}

int wrong(const std::string& message) { return usage_error(kUsage, "daemon", message); }

int run_verb(std::string_view verb, bool force) {
  if (verb == "start") return start();
  if (verb == "status") return print_status();
  const Status stopped = stop(force);
  const bool absent = !stopped.ok() && stopped.error().code == Errc::not_found;
  if (!stopped.ok() && !absent) return fail(stopped.error());
  if (verb == "restart") return start();
  if (absent) Messages(false).info(stopped.error().message);
  return kExitOk;
}

}  // namespace

int run_daemon(int argc, char** argv) {
  constexpr std::array<std::string_view, 4> kVerbs = {"start", "stop", "status", "restart"};
  std::string_view verb;
  bool force = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "-h" || argument == "--help") {
      print_out(std::string(kUsage) + kHelp);
      return kExitOk;
    }
    if (argument == "--force") {
      force = true;
    } else if (verb.empty() && !argument.starts_with('-')) {
      verb = argument;
    } else {
      return wrong("unrecognized arguments: " + std::string(argument));
    }
  }
  if (verb.empty()) return wrong("what to do? start, stop, status or restart");
  const Resolved resolved = resolve_word(verb, kVerbs);
  if (!resolved.word.empty()) return run_verb(resolved.word, force);
  return wrong(resolved.problem);
}

}  // namespace asciinemad
