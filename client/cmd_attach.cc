// asciinema attach: return to a session that goes on without a terminal.

#include <getopt.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "client/attach_session.h"
#include "client/comeback.h"
#include "client/command.h"
#include "client/follow_session.h"
#include "client/messages.h"
#include "client/rec_ending.h"
#include "client/status.h"
#include "client/steer_link.h"
#include "client/usage.h"
#include "common/paths.h"

namespace asciinemad {
namespace {

constexpr const char* kUsage = "usage: asciinema attach [-h] [--read-only] [--force] [ID]\n";

constexpr const char* kHelp =
    "\n"
    "Return to a session that goes on without a terminal. Its screen is drawn, and its keys\n"
    "work as in `asciinema rec`.\n"
    "\n"
    "  ID           which one: an id that `asciinema ls` shows, the beginning of one, or the\n"
    "               session's name (default: the only one that nobody is attached to)\n"
    "\n"
    "options:\n"
    "  -h, --help   show this help and exit\n"
    "  --read-only  only look on, beside the one who is attached; q or Ctrl-C leaves\n"
    "  --force      send away whoever is attached\n"
    "\n"
    "The exit status is 0 when the session has ended or was detached from, 1 when attaching is\n"
    "refused, 3 when there is no such session, 4 when no daemon runs.\n";

struct AttachWish {
  bool read_only = false;
  bool force = false;
  std::optional<std::string> session;
};

ExitStatus wrong(const std::string& message) { return {usage_error(kUsage, "attach", message)}; }

std::variant<AttachWish, ExitStatus> parse(int argc, char** argv) {
  constexpr int kReadOnly = 1000;
  constexpr int kForce = 1001;
  constexpr std::array<option, 4> kOptions = {{{"help", no_argument, nullptr, 'h'},
                                               {"read-only", no_argument, nullptr, kReadOnly},
                                               {"force", no_argument, nullptr, kForce},
                                               {nullptr, 0, nullptr, 0}}};
  AttachWish wish;
  opterr = 0;
  for (int choice = 0; (choice = ::getopt_long(argc, argv, "h", kOptions.data(), nullptr)) != -1;) {
    switch (choice) {
      case 'h':
        print_out(std::string(kUsage) + kHelp);
        return ExitStatus{kExitOk};
      case kReadOnly:
        wish.read_only = true;
        break;
      case kForce:
        wish.force = true;
        break;
      default:
        return wrong("unrecognized arguments: " + stumbling_block(argv));
    }
  }
  if (optind < argc) wish.session = argv[optind++];
  if (optind < argc) return wrong(std::string("unrecognized arguments: ") + argv[optind]);
  return wish;
}

int fail(int status, const std::string& message) {
  Messages(false).error(message);
  return status;
}

int say_which(const std::string& problem, const std::vector<wire::SessionInfo>& sessions) {
  const int status = fail(kExitNotFound, problem + "; choose one by its ID:");
  print_err(list_text(sessions, {}, "  "));
  return status;
}

// The id of the session that is meant, or the exit status.
std::variant<std::string, ExitStatus> choose(const wire::StatusReply& status,
                                             const AttachWish& wish) {
  if (wish.session.has_value()) {
    const std::vector<wire::SessionInfo> found = find_sessions(status, *wish.session);
    if (found.size() == 1) return found.front().session;
    if (found.empty()) {
      return ExitStatus{fail(kExitNotFound, "there is no session " + *wish.session)};
    }
    return ExitStatus{say_which(*wish.session + " means several sessions", found)};
  }
  std::vector<wire::SessionInfo> found = status.sessions;
  if (!wish.read_only) {
    std::erase_if(found, [](const wire::SessionInfo& session) { return session.attached; });
  }
  if (found.size() == 1) return found.front().session;
  if (found.size() > 1) {
    return ExitStatus{say_which("there are several sessions to attach to", found)};
  }
  return ExitStatus{fail(kExitNotFound, wish.read_only || status.sessions.empty()
                                            ? "there is no session to attach to"
                                            : "every session has a client already")};
}

void say_finished(const Messages& messages, const wire::SessionInfo& session,
                  const wire::Finished& finished) {
  if (finished.discarded) return messages.info("recording discarded");
  messages.info("recording finished");
  if (finished.paused) messages.warn(kPausedAtTheEnd);
  const std::string& path = session.file.empty() ? session.path : session.file;
  if (finished.loss_reason.empty() && finished.lost_bytes == 0) {
    messages.info("asciicast saved to " + path);
  } else {
    messages.error("recording is INCOMPLETE: " + path + ": " + finished.loss_reason);
  }
  if (finished.uploading) messages.info(kQueuedForUpload);
}

int conclude(const wire::SessionInfo& session, const AttachSession::Outcome& outcome) {
  const Messages messages(false);
  if (outcome.finished.has_value()) {
    say_finished(messages, session, *outcome.finished);
  } else {
    const std::string& name = session.name.empty() ? session.session : session.name;
    const std::string reason = outcome.reason.empty() ? "" : " (" + outcome.reason + ")";
    messages.info("detached from " + name + reason + "; return with: asciinema attach " + name);
  }
  return outcome.signal.has_value() ? 128 + *outcome.signal : kExitOk;
}

int show(DaemonLink& link, const std::string& session, bool force) {
  AttachSession attached(link);
  if (Status started = attached.start(session, force); !started.ok()) {
    const Error error = started.take_error();
    // It has ended just now.
    const bool gone = error.code == Errc::not_found;
    return fail(gone ? kExitNotFound : kExitFailure, error.message);
  }
  const Result<AttachSession::Outcome> outcome = attached.run();
  return outcome.ok() ? conclude(attached.info(), *outcome)
                      : fail(kExitFailure, outcome.error().message);
}

int attach(const AttachWish& wish) {
  const ProcessEnvironment environment;
  std::optional<SteerLink> link;
  std::function<bool(const wire::StatusReply&)> has_it;
  if (wish.session.has_value()) {
    has_it = [&](const wire::StatusReply& daemon) {
      return !find_sessions(daemon, *wish.session).empty();
    };
  }
  const Result<wire::StatusReply> status = ask_for_status(environment, link, has_it);
  if (!status.ok()) return fail(kExitNoDaemon, status.error().message);
  if (const Status able = check_steers_recordings(*link->hello()); !able.ok()) {
    return fail(kExitFailure, able.error().message);
  }
  const auto chosen = choose(*status, wish);
  if (const auto* exit = std::get_if<ExitStatus>(&chosen)) return exit->value;
  const std::string& session = *std::get_if<std::string>(&chosen);
  if (environment.find("ASCIINEMA_SESSION") == session) {
    return fail(kExitFailure, "this is session " + session + "; it can't be shown within itself");
  }
  if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0) {
    return fail(kExitFailure, "attaching needs a terminal as standard input and output");
  }
  return wish.read_only ? follow_session(session) : show(link->link(), session, wish.force);
}

}  // namespace

int run_attach(int argc, char** argv) {
  const auto parsed = parse(argc, argv);
  if (const auto* status = std::get_if<ExitStatus>(&parsed)) return status->value;
  return attach(*std::get_if<AttachWish>(&parsed));
}

}  // namespace asciinemad
