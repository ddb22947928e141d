// asciinema rec: record a terminal session.

#include <stdlib.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "client/command.h"
#include "client/daemon_start.h"
#include "client/messages.h"
#include "client/programs.h"
#include "client/rec_ending.h"
#include "client/rec_options.h"
#include "client/rec_wish.h"
#include "client/recording_session.h"
#include "client/recording_target.h"
#include "client/upload_settings.h"
#include "common/config.h"
#include "common/keys.h"
#include "common/paths.h"

namespace asciinemad {
namespace {

class RecCommand {
 public:
  RecCommand(RecOptions options, const Config& config, const Environment& environment,
             const Messages& messages)
      : options_(std::move(options)),
        config_(config),
        environment_(environment),
        messages_(messages) {}

  // Returns the process's exit status.
  int run();

 private:
  Status prepare();
  Result<RecordingTarget> open_target() const;
  // After a pause: the keys to press, or a command.
  std::string what_goes_on() const;
  void announce(const RecordingTarget& target) const;
  Result<std::unique_ptr<RecordingSession>> start(RecordingTarget& target);
  Status begin(const DaemonLink& link, RecordingTarget& target) const;
  int record(RecordingTarget& target);
  int leave_detached(const RecordingSession& session) const;
  void warn_of_recovered(const RecordingSession& session) const;

  const RecOptions options_;
  const Config& config_;
  const Environment& environment_;
  const Messages& messages_;
  std::string shell_;
  std::optional<wire::Upload> upload_;
  std::optional<DaemonLink> link_;
};

// What fails before anything is touched.
Status RecCommand::prepare() {
  if (options_.raw && !options_.filename.has_value()) {
    return Error{Errc::invalid_argument, "filename required when recording in raw mode"};
  }
  const std::optional<std::string> shell = find_in_path("sh");
  if (!shell.has_value()) return system_error("execute sh", ENOENT);
  shell_ = *shell;
  if (options_.upload) {
    TRY_ASSIGN(upload_, make_upload(environment_, config_));
  }
  return {};
}

Result<RecordingTarget> RecCommand::open_target() const {
  if (!options_.filename.has_value()) return RecordingTarget::create_unnamed(environment_);
  TRY_ASSIGN(RecordingTarget target, RecordingTarget::open({*options_.filename, options_.append,
                                                            options_.overwrite, options_.raw}));
  if (options_.upload && target.file().empty()) {
    return Error{Errc::invalid_argument,
                 target.path() + ": is no regular file, which --upload needs"};
  }
  return target;
}

std::string RecCommand::what_goes_on() const {
  const Config::Record& keys = config_.record;
  if (options_.detached || !keys.pause_key.has_value()) return "asciinema resume";
  return (keys.prefix_key.has_value() ? describe(*keys.prefix_key) + " " : "") +
         describe(*keys.pause_key);
}

void RecCommand::announce(const RecordingTarget& target) const {
  for (const std::string& warning : target.warnings()) messages_.warn(warning);
  if (target.appending()) {
    messages_.info("appending to asciicast at " + target.path());
  } else {
    messages_.info("recording asciicast to " + target.path());
  }
  if (options_.pause_at_start) {
    messages_.info("recording is paused from the start; " + what_goes_on() + " goes on");
  }
  if (options_.detached) return;
  if (options_.command_given) {
    messages_.info("exit opened program when you're done");
  } else {
    messages_.info("press <ctrl-d> or type \"exit\" when you're done");
  }
}

// What no other daemon would change, once there is somebody to record: an old recording may be
// overwritten here.
Status RecCommand::begin(const DaemonLink& link, RecordingTarget& target) const {
  if (link.protocol() < wire::kProtocolSurvival && !options_.needs_new_daemon.empty()) {
    return Error{Errc::unsupported,
                 "the asciinemad that runs is too old for " + options_.needs_new_daemon +
                     "; replace it when its sessions have ended: asciinema daemon restart"};
  }
  return target.begin();
}

// A shared daemon that can't take the session must not keep anybody from recording; but a session
// without a client can't live in a private one, and under a name would not be found there.
Result<std::unique_ptr<RecordingSession>> RecCommand::start(RecordingTarget& target) {
  std::unique_ptr<RecordingSession> session;
  std::optional<Status> settled;
  const auto attempt = [&](DaemonLink& link) -> Status {
    if (!settled.has_value()) settled = begin(link, target);
    if (!settled->ok()) return {};
    session = std::make_unique<RecordingSession>(link);
    Status started = session->start(rec_wish(options_, config_, target, shell_, upload_));
    if (started.ok()) return started;
    session.reset();
    const Errc code = started.error().code;
    const bool refused = code == Errc::invalid_argument || code == Errc::busy;
    if (options_.name.empty() || !refused) return started;
    settled = std::move(started);
    return {};
  };
  if (options_.detached) {
    TRY_ASSIGN(DaemonLink link, connect_to_shared_daemon(environment_));
    link_.emplace(std::move(link));
    TRY(attempt(*link_));
  } else {
    TRY(use_daemon(environment_, messages_, link_, "recording", attempt));
  }
  TRY(*std::move(settled));
  return session;
}

// Not while the terminal is raw or the command writes to it.
void RecCommand::warn_of_recovered(const RecordingSession& session) const {
  for (const std::string& line : session.recovered()) messages_.warn(line);
}

int RecCommand::leave_detached(const RecordingSession& session) const {
  warn_of_recovered(session);
  const std::string& id = session.session();
  messages_.info("the session goes on without a terminal: asciinema attach " +
                 (options_.name.empty() ? id : options_.name));
  print_out(id + "\n");
  return kExitOk;
}

int RecCommand::record(RecordingTarget& target) {
  const Result<std::unique_ptr<RecordingSession>> started = start(target);
  if (!started.ok()) {
    target.abandon();
    return report_failure(messages_, started.error());
  }
  RecordingSession& session = **started;
  if (options_.detached) return leave_detached(session);
  Result<RecordingSession::Outcome> outcome = session.run();
  warn_of_recovered(session);
  if (outcome.ok()) {
    return RecEnding(options_, config_, environment_, messages_)
        .conclude(target, session, *outcome);
  }
  Error error = outcome.take_error();
  error.message += "; " + target.path() + " holds what was recorded until then";
  return report_failure(messages_, error);
}

int RecCommand::run() {
  if (const Status prepared = prepare(); !prepared.ok()) {
    return report_failure(messages_, prepared.error());
  }
  ::setenv("ASCIINEMA_REC", "1", 1);
  Result<RecordingTarget> target = open_target();
  if (!target.ok()) return report_failure(messages_, target.error());
  announce(*target);
  return record(*target);
}

}  // namespace

int run_rec(int argc, char** argv) {
  Messages messages(false);
  const ProcessEnvironment environment;
  Result<LoadedConfig> loaded = load_config(environment);
  // Help and usage come first: they must work whatever the configuration says.
  const Config::Record defaults = loaded.ok() ? loaded->config.record : Config::Record();
  auto parsed = parse_rec_options(argc, argv, defaults);
  if (const auto* status = std::get_if<ExitStatus>(&parsed)) return status->value;
  if (!loaded.ok()) {
    messages.error(loaded.error().message);
    return kExitFailure;
  }
  RecOptions options = std::move(*std::get_if<RecOptions>(&parsed));
  messages.set_quiet(options.quiet);
  for (const std::string& warning : loaded->warnings) messages.warn(warning);
  return RecCommand(std::move(options), loaded->config, environment, messages).run();
}

}  // namespace asciinemad
