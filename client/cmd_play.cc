// asciinema play: play a terminal session.

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "client/command.h"
#include "client/daemon_start.h"
#include "client/fetch.h"
#include "client/follow_session.h"
#include "client/key_text.h"
#include "client/messages.h"
#include "client/play_options.h"
#include "client/playback_session.h"
#include "client/recording_input.h"
#include "client/status.h"
#include "common/config.h"
#include "common/paths.h"

namespace asciinemad {
namespace {

using Trust = wire::Play::Trust;

constexpr const char* kStandardInput = "standard input";

// What is to be played.
struct Source {
  Fd recording;         // none: `session`'s
  std::string session;  // that is followed; its whole id
  Trust trust = Trust::untrusted;
};

// Refuses what no recording can be read from.
Status check_recording(int fd, const std::string& name, bool& regular) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return system_error(name, errno);
  regular = S_ISREG(info.st_mode);
  if (S_ISDIR(info.st_mode)) return system_error(name, EISDIR);
  if (::isatty(fd) != 0) {
    return Error{Errc::invalid_argument, name + ": is a terminal, not a recording"};
  }
  return {};
}

Result<Source> open_file(const std::string& path) {
  Source source;
  source.recording.reset(::open(path.c_str(), O_RDONLY | O_NOCTTY | O_CLOEXEC));
  if (!source.recording) return system_error(path, errno);
  bool regular = false;
  TRY(check_recording(source.recording.get(), path, regular));
  if (is_local_recording(path, regular)) source.trust = Trust::local;
  return source;
}

Result<Source> open_standard_input() {
  Source source;
  TRY_ASSIGN(source.recording, duplicate(STDIN_FILENO));
  bool regular = false;
  TRY(check_recording(source.recording.get(), kStandardInput, regular));
  return source;
}

// As lists and messages have it.
std::string shown_name(const std::string& file) {
  if (file == "-") return kStandardInput;
  return is_url(file) ? without_credentials(file) : file;
}

class PlayCommand {
 public:
  PlayCommand(PlayOptions options, const Config& config, const Environment& environment,
              const Messages& messages)
      : options_(std::move(options)),
        config_(config),
        environment_(environment),
        messages_(messages),
        name_(shown_name(options_.file)) {}

  int run();
  // The session with that id, whatever files there are. Leaving it is no failure.
  int follow(const std::string& session);

 private:
  int play(Result<Source> source);
  Result<Source> open_source();
  Result<Source> fetch() const;
  Result<Source> find_session(const Error& no_file);
  wire::Play playback(const Source& source) const;
  Status start(const Source& source);
  Status start_with(DaemonLink& link, const Source& source);
  int conclude(const PlaybackSession::Outcome& outcome) const;
  int fail(const std::string& reason) const;

  const PlayOptions options_;
  const Config& config_;
  const Environment& environment_;
  const Messages& messages_;
  const std::string name_;
  std::optional<DaemonLink> link_;
  std::optional<PlaybackSession> session_;
  bool leaving_is_fine_ = false;
};

Result<Source> PlayCommand::open_source() {
  const std::string& file = options_.file;
  if (file == "-") return open_standard_input();
  if (is_url(file)) return fetch();
  Result<Source> source = open_file(file);
  const bool missing = !source.ok() && source.error().sys_errno == ENOENT;
  return missing && options_.follow ? find_session(source.error()) : std::move(source);
}

Result<Source> PlayCommand::fetch() const {
  if (options_.follow) {
    return Error{Errc::invalid_argument, name_ + ": only files and sessions can be followed"};
  }
  Source source;
  Result<Fd> recording = fetch_recording(environment_, options_.file);
  if (!recording.ok()) {
    Error error = recording.take_error();
    error.message = name_ + ": " + error.message;
    return error;
  }
  source.recording = std::move(recording).value();
  return source;
}

// The session whose id was given instead of a file's name.
Result<Source> PlayCommand::find_session(const Error& no_file) {
  Result<DaemonLink> link = connect_to_running_daemon(environment_);
  if (!link.ok()) return no_file;
  TRY_ASSIGN(const wire::StatusReply status, get_status(*link));
  const std::vector<wire::SessionInfo> found = find_sessions(status, options_.file);
  if (found.empty()) return no_file;
  if (found.size() > 1) {
    return Error{Errc::invalid_argument, name_ + ": several sessions' ids begin like that"};
  }
  link_.emplace(std::move(link).value());
  Source source;
  source.session = found.front().session;
  source.trust = Trust::local;
  return source;
}

wire::Play PlayCommand::playback(const Source& source) const {
  wire::Play play;
  play.name = name_;
  play.speed = options_.speed;
  play.idle_time_limit_s = options_.idle_time_limit_s.value_or(0);
  play.loop = options_.loop;
  play.pause_on_markers = options_.pause_on_markers;
  play.start_at_us = options_.start_at_us;
  play.output = options_.output;
  play.stream = options_.stream;
  play.trust = options_.trust ? Trust::trusted : source.trust;
  play.resize_terminal = options_.resize;
  play.follow = options_.follow;
  play.fit = options_.fit || options_.follow;
  play.follow_session = source.session;
  play.pause_key = key_text(config_.play.pause_key);
  play.step_key = key_text(config_.play.step_key);
  play.next_marker_key = key_text(config_.play.next_marker_key);
  return play;
}

Status PlayCommand::start(const Source& source) {
  // A session can be followed with the daemon alone that records it.
  if (!source.session.empty()) return start_with(*link_, source);
  Status refused;
  TRY(use_daemon(environment_, messages_, link_, "playing", [&](DaemonLink& link) -> Status {
    Status started = start_with(link, source);
    if (started.ok() || another_daemon_may_help(started.error())) return started;
    refused = std::move(started);
    return {};
  }));
  return refused;
}

Status PlayCommand::start_with(DaemonLink& link, const Source& source) {
  session_.emplace(link);
  Status started = session_->start({playback(source), source.recording.get()});
  if (!started.ok()) session_.reset();
  return started;
}

int PlayCommand::run() { return play(open_source()); }

int PlayCommand::follow(const std::string& session) {
  leaving_is_fine_ = true;
  return play(find_session(Error{Errc::not_found, "there is no session " + session}));
}

int PlayCommand::play(Result<Source> source) {
  if (!source.ok()) {
    // The user knows who interrupted it.
    if (source.error().code == Errc::cancelled) return kExitFailure;
    return fail(source.error().message);
  }
  if (Status started = start(*source); !started.ok()) return fail(started.error().message);
  source->recording.reset();
  const Result<PlaybackSession::Outcome> outcome = session_->run();
  return outcome.ok() ? conclude(*outcome) : fail(outcome.error().message);
}

int PlayCommand::conclude(const PlaybackSession::Outcome& outcome) const {
  using How = wire::PlaybackFinished::How;
  const wire::PlaybackFinished& finished = outcome.finished;
  for (const std::string& warning : finished.warnings) messages_.warn(name_ + ": " + warning);
  if (outcome.signal.has_value()) {
    const int interrupted = leaving_is_fine_ ? kExitOk : kExitFailure;
    return *outcome.signal == SIGINT ? interrupted : 128 + *outcome.signal;
  }
  // Who reads only the beginning, as head does, has what he wants.
  if (outcome.output_error == EPIPE) return kExitOk;
  if (outcome.output_error != 0) {
    return fail(std::string("standard output: ") + std::strerror(outcome.output_error));
  }
  if (finished.how == How::failed) return fail(name_ + ": " + finished.reason);
  return finished.how == How::interrupted && !leaving_is_fine_ ? kExitFailure : kExitOk;
}

int PlayCommand::fail(const std::string& reason) const {
  messages_.error("playback failed: " + reason);
  return kExitFailure;
}

}  // namespace

int run_play(int argc, char** argv) {
  const Messages messages(false);
  const ProcessEnvironment environment;
  Result<LoadedConfig> loaded = load_config(environment);
  // Help and usage come first: they must work whatever the configuration says.
  const Config::Play defaults = loaded.ok() ? loaded->config.play : Config::Play();
  auto parsed = parse_play_options(argc, argv, defaults);
  if (const auto* status = std::get_if<ExitStatus>(&parsed)) return status->value;
  if (!loaded.ok()) {
    messages.error(loaded.error().message);
    return kExitFailure;
  }
  for (const std::string& warning : loaded->warnings) messages.warn(warning);
  PlayOptions options = std::move(*std::get_if<PlayOptions>(&parsed));
  return PlayCommand(std::move(options), loaded->config, environment, messages).run();
}

int follow_session(const std::string& session) {
  const Messages messages(false);
  const ProcessEnvironment environment;
  const Result<LoadedConfig> loaded = load_config(environment);
  if (!loaded.ok()) {
    messages.error(loaded.error().message);
    return kExitFailure;
  }
  PlayOptions options;
  options.file = session;
  options.follow = true;
  return PlayCommand(std::move(options), loaded->config, environment, messages).follow(session);
}

}  // namespace asciinemad
