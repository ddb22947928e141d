// asciinema pause, stop, mark, send, seek...: steer a recording or a playback from elsewhere.

#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "client/comeback.h"
#include "client/command.h"
#include "client/control_verbs.h"
#include "client/messages.h"
#include "client/session_choice.h"
#include "client/status.h"
#include "client/steer_link.h"
#include "client/usage.h"
#include "common/paths.h"

namespace asciinemad {
namespace {

constexpr const char* kOptionsHelp =
    "\n"
    "options:\n"
    "  -h, --help        show this help and exit\n"
    "  -S, --session ID  which one: an id that `asciinema ls` shows, the beginning of one,\n";
constexpr const char* kRecordingHelp =
    "                    or its name (default: the session that this is called in, else the\n"
    "                    only one there is)\n";
constexpr const char* kPlaybackHelp =
    "                    or the name of the recording (default: the only one there is)\n";
constexpr const char* kStatusHelp =
    "\n"
    "The exit status is 0 when it is done, 1 when it is refused, 3 when there is no such\n"
    "session or playback, 4 when no daemon runs.\n";

// For a command to end that does not go when it is told to, and for its last output.
constexpr int kEndTimeoutMs = 25'000;

struct ControlWish {
  std::optional<ControlAction> control;  // for a playback
  std::optional<SteerWish> steer;        // for a recording
  std::optional<std::string> session;    // -S
};

Kinds kinds_of(const ControlWish& wish) {
  if (!wish.steer.has_value()) return Kinds::playbacks;
  return wish.control.has_value() ? Kinds::both : Kinds::recordings;
}

std::string usage_of(const ControlVerb& verb) {
  std::string usage = "usage: asciinema " + std::string(verb.name) + " [-h] [-S ID]";
  if (!verb.arguments.empty()) usage += " " + std::string(verb.arguments);
  return usage + "\n";
}

void print_help(const ControlVerb& verb) {
  print_out(usage_of(verb) + "\n" + std::string(verb.help) + "\n" + kOptionsHelp +
            (verb.steer != nullptr ? kRecordingHelp : kPlaybackHelp) + kStatusHelp);
}

ExitStatus wrong(const ControlVerb& verb, const std::string& message) {
  return {usage_error(usage_of(verb), verb.name, message)};
}

// `-5` is no option.
bool is_number(std::string_view word) {
  return word.size() > 1 &&
         (std::isdigit(static_cast<unsigned char>(word[1])) != 0 || word[1] == '.');
}

bool is_option(std::string_view word) {
  return word.size() > 1 && word.starts_with('-') && !is_number(word);
}

std::variant<ControlWish, ExitStatus> understand(const ControlVerb& verb, const VerbWords& given,
                                                 std::optional<std::string> session) {
  ControlWish wish;
  wish.session = std::move(session);
  if (verb.control != nullptr) {
    Result<ControlAction> action = verb.control(given);
    if (!action.ok()) return wrong(verb, action.error().message);
    wish.control = *std::move(action);
  }
  if (verb.steer != nullptr) {
    Result<SteerWish> action = verb.steer(given);
    if (!action.ok()) return wrong(verb, action.error().message);
    wish.steer = *std::move(action);
  }
  return wish;
}

// By hand, since getopt() has no numbers that begin with a minus sign.
std::variant<ControlWish, ExitStatus> parse(const ControlVerb& verb, int argc, char** argv) {
  std::optional<std::string> session;
  std::vector<std::string_view> words;
  bool option = false;
  bool options_end = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (options_end || !is_option(word)) {
      words.push_back(word);
    } else if (word == "-h" || word == "--help") {
      print_help(verb);
      return ExitStatus{kExitOk};
    } else if (word == "--") {
      options_end = true;
    } else if (word == verb.option) {
      option = true;
    } else if ((session = parse_session_option(argc, argv, i))) {
      if (session->empty()) return wrong(verb, "argument -S/--session: expected one argument");
    } else {
      return wrong(verb, "unrecognized arguments: " + std::string(word));
    }
  }
  return understand(verb, {words, option}, std::move(session));
}

int fail(int status, const std::string& message) {
  Messages(false).error(message);
  return status;
}

// Whether nothing changes when it is done twice.
bool is_idempotent(const SteerAction& action) {
  return std::holds_alternative<wire::steer::Pause>(action) ||
         std::holds_alternative<wire::steer::Resume>(action) ||
         std::holds_alternative<wire::steer::Resize>(action) ||
         std::holds_alternative<wire::steer::Title>(action);
}

// Carries out one wish; with the next daemon when one is just being replaced.
class Control {
 public:
  Control(const Environment& environment, ControlWish wish, Wanted wanted)
      : environment_(environment), wish_(std::move(wish)), wanted_(std::move(wanted)) {}

  int run();

 private:
  bool may_steer_at_once() const;
  int finish(const Status& done);
  int steer_at_once();
  int choose_and_steer();
  Status control(const std::string& playback);
  Status steer(const std::string& session);
  Status type_input(const std::string& session);
  Status call(const std::string& session, const SteerAction& action);
  Status call_once(const std::string& session, const SteerAction& action);
  bool may_go_on(const Status& failure, const SteerAction& action);

  const Environment& environment_;
  std::optional<SteerLink> link_;
  bool handed_over_ = false;  // by the daemon that was asked last: it does no more
  const ControlWish wish_;
  const Wanted wanted_;
};

int Control::run() { return may_steer_at_once() ? steer_at_once() : choose_and_steer(); }

// Nothing but that recording can be meant: one round trip to the daemon does, so that scripts may
// set a marker at each of their steps.
bool Control::may_steer_at_once() const {
  if (!wish_.steer.has_value() || wish_.steer->from_input) return false;
  return is_whole_id(wanted_.id) && (wanted_.from_environment || !wish_.control.has_value());
}

int Control::steer_at_once() {
  const Status done = steer(wanted_.id);
  if (done.ok() || done.error().code != Errc::not_found) return finish(done);
  return wanted_.from_environment ? report(session_is_gone(wanted_)) : choose_and_steer();
}

int Control::choose_and_steer() {
  const Result<wire::StatusReply> status =
      ask_for_status(environment_, link_, looks_for(wanted_, kinds_of(wish_)));
  if (!status.ok()) return fail(kExitNoDaemon, status.error().message);
  const Choice choice = choose(*status, wanted_, kinds_of(wish_));
  if (const auto* none = std::get_if<NoChoice>(&choice)) return report(*none);
  if (const auto* playback = std::get_if<wire::PlaybackInfo>(&choice)) {
    return finish(control(playback->playback));
  }
  return finish(steer(std::get_if<wire::SessionInfo>(&choice)->session));
}

int Control::finish(const Status& done) {
  if (done.ok()) return kExitOk;
  if (!link_.has_value()) return fail(kExitNoDaemon, done.error().message);
  if (link_->link().ended()) {
    return fail(kExitNoDaemon, "asciinemad died before it answered; it may have done it or not");
  }
  // It may have ended just now.
  const bool gone = done.error().code == Errc::not_found;
  return fail(gone ? kExitNotFound : kExitFailure, done.error().message);
}

Status Control::control(const std::string& playback) {
  TRY(link_->link().call(wire::Request{0, 0, wire::Control{playback, *wish_.control}}, {}));
  return {};
}

Status Control::steer(const std::string& session) {
  if (wish_.steer->from_input) return type_input(session);
  for (const SteerAction& action : divide(wish_.steer->action)) TRY(call(session, action));
  return {};
}

// As it comes, so that a person or a program may type by and by.
Status Control::type_input(const std::string& session) {
  std::string buffer(kMaxSendBytes, '\0');
  for (;;) {
    const ssize_t size = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (size == 0) return {};
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return system_error("read standard input", errno);
    const auto read_bytes = static_cast<std::size_t>(size);
    TRY(call(session, wire::steer::Send{buffer.substr(0, read_bytes)}));
  }
}

Status Control::call(const std::string& session, const SteerAction& action) {
  const Comeback comeback;
  for (;;) {
    Status done = call_once(session, action);
    if (done.ok() || !may_go_on(done, action) || !comeback.wait()) return done;
  }
}

Status Control::call_once(const std::string& session, const SteerAction& action) {
  handed_over_ = false;
  if (!link_.has_value()) {
    TRY_ASSIGN(SteerLink connected, SteerLink::connect(environment_));
    link_.emplace(std::move(connected));
  }
  DaemonLink& link = link_->link();
  TRY_ASSIGN(const std::uint32_t id,
             link.send(wire::Request{0, 0, wire::Steer{session, action}}, {}));
  TRY_ASSIGN(const wire::HelloReply hello, link_->hello());
  TRY(check_steers_recordings(hello));
  const bool ends = std::holds_alternative<wire::steer::Stop>(action) ||
                    std::holds_alternative<wire::steer::Discard>(action);
  TRY_ASSIGN(const wire::Reply reply,
             link.answer(id, ends ? kEndTimeoutMs : DaemonLink::kAnswerTimeoutMs));
  const auto* refused = std::get_if<wire::ErrorReply>(&reply.body);
  if (refused == nullptr) return {};
  handed_over_ = refused->code == wire::ErrorCode::elsewhere;
  return to_error(*refused);
}

// Whether the next daemon may do what was not done. One that has died may have done it.
bool Control::may_go_on(const Status& failure, const SteerAction& action) {
  const bool not_found = failure.error().code == Errc::not_found;
  if (!link_.has_value()) return not_found;
  DaemonLink& link = link_->link();
  if (link.ended()) {
    if (!link.ended_unread() && !is_idempotent(action)) return false;
    link_.reset();
    return true;
  }
  if (handed_over_) {
    link_.reset();
    return true;
  }
  if (!not_found) return false;
  const Result<wire::StatusReply> status = get_status(link);
  return status.ok() && Comeback::may_go_on(*status);
}

int control(ControlWish wish) {
  const ProcessEnvironment environment;
  Wanted wanted = find_wanted(wish.session, kinds_of(wish), environment);
  return Control(environment, std::move(wish), std::move(wanted)).run();
}

}  // namespace

int run_control(int argc, char** argv) {
  const ControlVerb* verb = find_control_verb(argv[0]);
  if (verb == nullptr) std::abort();  // the table in main.cc has no others
  auto parsed = parse(*verb, argc, argv);
  if (const auto* status = std::get_if<ExitStatus>(&parsed)) return status->value;
  return control(std::move(*std::get_if<ControlWish>(&parsed)));
}

}  // namespace asciinemad
