// asciinema pause, resume, toggle, step, seek, speed, marker, stop: steer a playback from
// elsewhere.

#include <cctype>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "client/command.h"
#include "client/control_action.h"
#include "client/daemon_start.h"
#include "client/messages.h"
#include "client/status.h"
#include "client/usage.h"
#include "common/paths.h"

namespace asciinemad {
namespace {

constexpr const char* kHelp =
    "\n"
    "options:\n"
    "  -h, --help        show this help and exit\n"
    "  -S, --session ID  which one: an id that `asciinema ls` shows, the beginning of one,\n"
    "                    or the name of the recording (default: the only one there is)\n"
    "\n"
    "The exit status is 0 when it is done, 1 when it is refused, 3 when there is no such\n"
    "playback, 4 when no daemon runs.\n";

struct ControlWish {
  ControlAction action;
  std::optional<std::string> playback;
};

std::string usage_of(const ControlVerb& verb) {
  std::string usage = "usage: asciinema " + std::string(verb.name) + " [-h] [-S ID]";
  if (!verb.arguments.empty()) usage += " " + std::string(verb.arguments);
  return usage + "\n";
}

ExitStatus wrong(const ControlVerb& verb, const std::string& message) {
  return {usage_error(usage_of(verb), verb.name, message)};
}

// `-5` is no option.
bool is_number(std::string_view word) {
  return word.size() > 1 &&
         (std::isdigit(static_cast<unsigned char>(word[1])) != 0 || word[1] == '.');
}

// The ID of "-S ID", "-SID", "--session ID" or "--session=ID" at argv[i], which may move on; empty
// when it is missing, nullopt when that is something else.
std::optional<std::string> parse_session(int argc, char** argv, int& i) {
  const std::string_view word = argv[i];
  if (word == "-S" || word == "--session") return i + 1 < argc ? argv[++i] : "";
  for (const std::string_view prefix : {"--session=", "-S"}) {
    if (word.starts_with(prefix)) return std::string(word.substr(prefix.size()));
  }
  return std::nullopt;
}

// By hand, since getopt() has no numbers that begin with a minus sign.
std::variant<ControlWish, ExitStatus> parse(const ControlVerb& verb, int argc, char** argv) {
  ControlWish wish;
  std::vector<std::string_view> words;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "-h" || word == "--help") {
      print_out(usage_of(verb) + "\n" + std::string(verb.help) + "\n" + kHelp);
      return ExitStatus{kExitOk};
    }
    if (std::optional<std::string> session = parse_session(argc, argv, i)) {
      if (session->empty()) return wrong(verb, "argument -S/--session: expected one argument");
      wish.playback = std::move(session);
      continue;
    }
    const bool is_option = word.starts_with('-') && !is_number(word) && word != "--back";
    if (is_option) return wrong(verb, "unrecognized arguments: " + std::string(word));
    words.push_back(word);
  }
  Result<ControlAction> action = verb.parse(words);
  if (!action.ok()) return wrong(verb, action.error().message);
  wish.action = *std::move(action);
  return wish;
}

int fail(int status, const std::string& message) {
  Messages(false).error(message);
  return status;
}

int say_which(const std::string& problem, const std::vector<wire::PlaybackInfo>& playbacks) {
  const int status = fail(kExitNotFound, problem + "; choose one by -S ID:");
  print_err(list_text({}, playbacks, "  "));
  return status;
}

// The id of the playback that is meant, or the exit status.
std::variant<std::string, ExitStatus> choose(const wire::StatusReply& status,
                                             const std::optional<std::string>& wanted) {
  if (!wanted.has_value()) {
    if (status.playbacks.empty()) return ExitStatus{fail(kExitNotFound, "nothing is being played")};
    if (status.playbacks.size() == 1) return status.playbacks.front().playback;
    return ExitStatus{say_which("several recordings are being played", status.playbacks)};
  }
  const std::vector<wire::PlaybackInfo> found = find_playbacks(status, *wanted);
  if (found.size() == 1) return found.front().playback;
  if (found.size() > 1) return ExitStatus{say_which(*wanted + " means several playbacks", found)};
  if (!find_sessions(status, *wanted).empty()) {
    return ExitStatus{
        fail(kExitFailure, *wanted + " is a recording; only playbacks can be steered")};
  }
  return ExitStatus{fail(kExitNotFound, "there is no playback " + *wanted)};
}

int control(const ControlWish& wish) {
  const ProcessEnvironment environment;
  Result<DaemonLink> link = connect_to_running_daemon(environment);
  if (!link.ok()) return fail(kExitNoDaemon, link.error().message);
  const Result<wire::StatusReply> status = get_status(*link);
  if (!status.ok()) return fail(kExitFailure, status.error().message);
  const auto chosen = choose(*status, wish.playback);
  if (const auto* exit = std::get_if<ExitStatus>(&chosen)) return exit->value;
  wire::Request request;
  request.body = wire::Control{*std::get_if<std::string>(&chosen), wish.action};
  const Result<wire::Reply> reply = link->call(std::move(request), {});
  if (reply.ok()) return kExitOk;
  // It has ended just now.
  const bool gone = reply.error().code == Errc::not_found;
  return fail(gone ? kExitNotFound : kExitFailure, reply.error().message);
}

}  // namespace

int run_control(int argc, char** argv) {
  const ControlVerb* verb = find_control_verb(argv[0]);
  if (verb == nullptr) std::abort();  // the table in main.cc has no others
  auto parsed = parse(*verb, argc, argv);
  if (const auto* status = std::get_if<ExitStatus>(&parsed)) return status->value;
  return control(*std::get_if<ControlWish>(&parsed));
}

}  // namespace asciinemad
