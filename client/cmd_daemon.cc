// asciinema daemon: start, stop, restart, examine the daemon, and let systemd do it.

#include <poll.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "client/command.h"
#include "client/daemon_start.h"
#include "client/deadline.h"
#include "client/logout.h"
#include "client/messages.h"
#include "client/service_units.h"
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
// For all sessions to find the next daemon.
constexpr int kTakeOverTimeoutMs = 5000;
constexpr int kTakeOverPollMs = 20;

constexpr const char* kUsage =
    "usage: asciinema daemon [-h] {start,stop,status,restart,reload,enable,disable} [--force]\n";

constexpr const char* kHelp =
    "\n"
    "The daemon starts by itself when it is needed and ends when it is idle.\n"
    "\n"
    "  start    start it now, unless it runs\n"
    "  stop     end it; refused while something is recorded or played\n"
    "  status   show what it does; exit status 1 when it does not run\n"
    "  restart  end it and start the next one, which takes sessions over; refused\n"
    "           while something is played\n"
    "  reload   have it read its configuration again\n"
    "  enable   let systemd start it, now and after each login\n"
    "  disable  do not\n"
    "\n"
    "  --force  end what stands against it (stop and restart)\n";

using Sessions = std::vector<wire::SessionInfo>;

int fail(const Error& error) {
  Messages(false).error(error.message);
  return kExitFailure;
}

int start() {
  const ProcessEnvironment environment;
  Result<DaemonLink> link = connect_to_shared_daemon(environment);
  return link.ok() ? kExitOk : fail(link.error());
}

// Returns when the daemon has ended.
Status shut_down(DaemonLink& link, const wire::Shutdown& shutdown) {
  wire::Request request;
  request.body = shutdown;
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

int stop(bool force) {
  const ProcessEnvironment environment;
  Result<DaemonLink> link = connect_to_running_daemon(environment);
  if (!link.ok()) {
    if (link.error().code != Errc::not_found) return fail(link.error());
    Messages(false).info(link.error().message);
    return kExitOk;
  }
  const Result<wire::StatusReply> status = get_status(*link);
  if (Status stopped = shut_down(*link, {force, false}); !stopped.ok())
    return fail(stopped.error());
  if (status.ok() && status->systemd) {
    Messages(false).info("systemd starts it again when it is needed (asciinema daemon disable)");
  }
  return kExitOk;
}

std::size_t count_present(const Sessions& wanted, const Sessions& present) {
  const auto is_present = [&](const wire::SessionInfo& session) {
    return std::any_of(present.begin(), present.end(), [&](const wire::SessionInfo& other) {
      return other.session == session.session;
    });
  };
  return static_cast<std::size_t>(std::count_if(wanted.begin(), wanted.end(), is_present));
}

// Waits until the daemon at the other end has the sessions of the one before, and says so.
Status await_sessions(DaemonLink& link, const Sessions& sessions) {
  if (sessions.empty()) return {};
  const std::string all = std::to_string(sessions.size());
  std::size_t present = 0;
  for (const Deadline deadline(kTakeOverTimeoutMs); deadline.remaining_ms() > 0;) {
    TRY_ASSIGN(const wire::StatusReply status, get_status(link));
    present = count_present(sessions, status.sessions);
    if (present == sessions.size()) {
      Messages(false).info(all + (present == 1 ? " session goes on" : " sessions go on"));
      return {};
    }
    ::poll(nullptr, 0, kTakeOverPollMs);
  }
  return Error{Errc::timed_out, std::to_string(present) + " of " + all +
                                    " sessions have found the new asciinemad so far"};
}

// The daemon that comes after one that has ended: systemd's starts when somebody connects.
Result<DaemonLink> connect_to_next_daemon(const Environment& environment, bool started_by_systemd) {
  return started_by_systemd
             ? connect_to_running_daemon(environment, DaemonSearch::kPatientHelloTimeoutMs)
             : connect_to_shared_daemon(environment);
}

// Sessions of a daemon that does not know how to hand them over end with it.
Status check_can_hand_over(const DaemonLink& link, const Sessions& sessions) {
  if (link.protocol() >= wire::kProtocolSurvival || sessions.empty()) return {};
  return Error{Errc::busy, "the asciinemad that runs is too old to hand its sessions over (" +
                               std::to_string(sessions.size()) + ")"};
}

Status restart(bool force) {
  const ProcessEnvironment environment;
  Result<DaemonLink> link = connect_to_running_daemon(environment);
  wire::StatusReply before;
  if (link.ok()) {
    TRY_ASSIGN(before, get_status(*link));
    if (Status able = check_can_hand_over(*link, before.sessions); !able.ok()) {
      if (!force) return Error{Errc::busy, able.error().message + "; --force ends them"};
      before.sessions.clear();
    }
    TRY(shut_down(*link, {force, true}));
  } else if (link.error().code != Errc::not_found) {
    return link.take_error();
  }
  TRY_ASSIGN(DaemonLink next, connect_to_next_daemon(environment, before.systemd));
  return await_sessions(next, before.sessions);
}

Status reload() {
  const ProcessEnvironment environment;
  TRY_ASSIGN(DaemonLink link, connect_to_running_daemon(environment));
  wire::Request request;
  request.body = wire::Reload{};
  TRY(link.call(std::move(request), {}));
  return {};
}

// What a change of the daemon's management finds; nothing when none runs.
Result<wire::StatusReply> status_before_change(const Environment& environment) {
  Result<DaemonLink> link = connect_to_running_daemon(environment);
  if (!link.ok()) {
    if (link.error().code == Errc::not_found) return wire::StatusReply{};
    return link.take_error();
  }
  TRY_ASSIGN(wire::StatusReply status, get_status(*link));
  TRY(check_can_hand_over(*link, status.sessions));
  return status;
}

void print_hint(const Environment& environment, bool started_by_systemd) {
  const std::string hint = logout_hint(environment, started_by_systemd);
  if (!hint.empty()) Messages(false).info(hint);
}

Status enable() {
  const ProcessEnvironment environment;
  const Messages messages(false);
  TRY_ASSIGN(const wire::StatusReply before, status_before_change(environment));
  TRY_ASSIGN(const EnabledService enabled, enable_service(environment));
  messages.info("systemd starts " + enabled.program + " when it is needed");
  for (const std::string& file : enabled.unit_files) messages.info("unit: " + file);
  print_hint(environment, true);
  TRY_ASSIGN(const std::string path, control_socket_path(environment));
  if (path != enabled.socket) {
    messages.warn("it listens at " + enabled.socket + ", this shell's commands connect to " + path);
    return {};
  }
  if (before.pid == 0 || before.systemd) return {};
  // Now, while somebody waits for it, rather than with the next command.
  TRY_ASSIGN(DaemonLink link, connect_to_next_daemon(environment, true));
  return await_sessions(link, before.sessions);
}

Status disable() {
  const ProcessEnvironment environment;
  TRY_ASSIGN(const wire::StatusReply before, status_before_change(environment));
  TRY_ASSIGN(const bool known, disable_service(environment));
  if (!known) Messages(false).info("systemd does not know asciinemad");
  if (!before.systemd || before.sessions.empty()) return {};
  TRY_ASSIGN(DaemonLink link, connect_to_next_daemon(environment, false));
  return await_sessions(link, before.sessions);
}

std::string log_line(const wire::StatusReply& status) {
  if (!status.log_path.empty()) return "log: " + printable(status.log_path) + "\n";
  return status.systemd ? "log: journalctl --user -u asciinemad\n" : "";
}

std::string describe(const wire::StatusReply& status) {
  std::string text = status.software + ", pid " + std::to_string(status.pid) + ", up " +
                     span_text(status.uptime_us / 1'000'000) +
                     (status.on_demand ? ", ends when idle" : "") +
                     (status.systemd ? ", managed by systemd" : "") +
                     "\nsocket: " + printable(status.socket) + "\n" + log_line(status);
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
  const std::string hint = logout_hint(environment, status->systemd);
  print_out(describe(*status) + (hint.empty() ? "" : hint + "\n"));
  return kExitOk;
}

int wrong(const std::string& message) { return usage_error(kUsage, "daemon", message); }

int run_verb(std::string_view verb, bool force) {
  if (verb == "start") return start();
  if (verb == "status") return print_status();
  if (verb == "stop") return stop(force);
  const Status done = verb == "restart"  ? restart(force)
                      : verb == "reload" ? reload()
                      : verb == "enable" ? enable()
                                         : disable();
  return done.ok() ? kExitOk : fail(done.error());
}

}  // namespace

int run_daemon(int argc, char** argv) {
  constexpr std::array<std::string_view, 7> kVerbs = {"start",  "stop",   "status", "restart",
                                                      "reload", "enable", "disable"};
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
  if (verb.empty())
    return wrong("what to do? start, stop, status, restart, reload, enable or disable");
  const Resolved resolved = resolve_word(verb, kVerbs);
  if (!resolved.word.empty()) return run_verb(resolved.word, force);
  return wrong(resolved.problem);
}

}  // namespace asciinemad
