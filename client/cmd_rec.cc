// asciinema rec: record a terminal session.

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <ctime>
#include <memory>
#include <string>

#include "client/command.h"
#include "client/daemon_start.h"
#include "client/key_text.h"
#include "client/messages.h"
#include "client/notifications.h"
#include "client/programs.h"
#include "client/rec_options.h"
#include "client/recording_session.h"
#include "client/recording_target.h"
#include "client/signals.h"
#include "client/upload_session.h"
#include "client/upload_settings.h"
#include "common/config.h"
#include "common/paths.h"

namespace asciinemad {
namespace {

RecordingSession::Wish session_wish(const std::string& shell, const RecOptions& options,
                                    const Config& config, const RecordingTarget& target) {
  RecordingSession::Wish wish;
  wish.shell = shell;
  wish.recording = target.needs_pump() ? -1 : target.fd();
  wish.cols = options.cols;
  wish.rows = options.rows;
  wire::Start& start = wish.start;
  start.format = options.raw ? wire::Format::raw : wire::Format::asciicast_v2;
  start.append = target.appending();
  start.time_offset_us = target.time_offset_us();
  start.timestamp_s = static_cast<std::int64_t>(std::time(nullptr));
  start.idle_time_limit_s = options.idle_time_limit_s.value_or(0);
  start.title = options.title;
  start.command = options.command;
  for (const std::string& name : options.env) {
    // A variable that is not set is left out; null there breaks other tools.
    if (const char* value = std::getenv(name.c_str())) start.captured_env.emplace_back(name, value);
  }
  start.capture_input = options.capture_input;
  start.prefix_key = key_text(config.record.prefix_key);
  start.pause_key = key_text(config.record.pause_key);
  start.add_marker_key = key_text(config.record.add_marker_key);
  start.notifications = session_notifications(config.notifications);
  start.path = target.path();
  return wish;
}

// A line from standard input without its end, trimmed; nullopt at its end and on Ctrl-C.
std::optional<std::string> read_answer(const Signals& interrupts) {
  std::array<pollfd, 2> waiting = {{{STDIN_FILENO, POLLIN, 0}, {interrupts.fd(), POLLIN, 0}}};
  while (::poll(waiting.data(), waiting.size(), -1) < 0 && errno == EINTR) {
  }
  if (waiting[1].revents != 0) return std::nullopt;
  std::array<char, 256> line;
  const ssize_t n = ::read(STDIN_FILENO, line.data(), line.size());
  if (n <= 0) return std::nullopt;
  std::string_view answer(line.data(), static_cast<std::size_t>(n));
  while (!answer.empty() && std::isspace(static_cast<unsigned char>(answer.back())) != 0) {
    answer.remove_suffix(1);
  }
  return std::string(answer);
}

// What shall become of a recording without a file name.
enum class Answer { save, upload, discard };

class RecCommand {
 public:
  RecCommand(RecOptions options, const Config& config, const Environment& environment,
             const Messages& messages)
      : options_(std::move(options)),
        config_(config),
        environment_(environment),
        messages_(messages) {}

  int run();

 private:
  Result<RecordingTarget> open_target() const;
  void announce(const RecordingTarget& target) const;
  Result<RecordingSession::Outcome> record(RecordingTarget& target);
  Result<std::unique_ptr<RecordingSession>> start(RecordingTarget& target);
  int conclude(RecordingTarget& target, const RecordingSession::Outcome& outcome) const;
  Answer ask() const;
  int upload(const RecordingTarget& target) const;
  int fail(const Error& error) const;

  const RecOptions options_;
  const Config& config_;
  const Environment& environment_;
  const Messages& messages_;
  std::string shell_;
  std::optional<DaemonLink> link_;
};

Result<RecordingTarget> RecCommand::open_target() const {
  if (!options_.filename.has_value()) return RecordingTarget::create_in_library(environment_);
  return RecordingTarget::open(
      {*options_.filename, options_.append, options_.overwrite, options_.raw});
}

void RecCommand::announce(const RecordingTarget& target) const {
  for (const std::string& warning : target.warnings()) messages_.warn(warning);
  if (target.appending()) {
    messages_.info("appending to asciicast at " + target.path());
  } else {
    messages_.info("recording asciicast to " + target.path());
  }
  if (options_.command_given) {
    messages_.info("exit opened program when you're done");
  } else {
    messages_.info("press <ctrl-d> or type \"exit\" when you're done");
  }
}

// A shared daemon that can't take the session must not keep anybody from recording.
Result<std::unique_ptr<RecordingSession>> RecCommand::start(RecordingTarget& target) {
  std::unique_ptr<RecordingSession> session;
  std::optional<Status> begun;
  TRY(use_daemon(environment_, messages_, link_, "recording", [&](DaemonLink& link) -> Status {
    // Not before there is somebody to record: an old recording may be overwritten here.
    if (!begun.has_value()) begun = target.begin();
    if (!begun->ok()) return {};
    session = std::make_unique<RecordingSession>(link);
    Status started = session->start(session_wish(shell_, options_, config_, target));
    if (!started.ok()) session.reset();
    return started;
  }));
  TRY(*std::move(begun));
  return session;
}

Result<RecordingSession::Outcome> RecCommand::record(RecordingTarget& target) {
  Result<std::unique_ptr<RecordingSession>> session = start(target);
  if (!session.ok()) {
    target.abandon();
    return session.take_error();
  }
  Result<RecordingSession::Outcome> outcome = (*session)->run();
  if (outcome.ok()) return outcome;
  Error error = outcome.take_error();
  error.message += "; " + target.path() + " holds what was recorded until then";
  return error;
}

int RecCommand::run() {
  if (options_.raw && !options_.filename.has_value()) {
    return fail(Error{Errc::invalid_argument, "filename required when recording in raw mode"});
  }
  const std::optional<std::string> shell = find_in_path("sh");
  if (!shell.has_value()) return fail(system_error("execute sh", ENOENT));
  shell_ = *shell;
  ::setenv("ASCIINEMA_REC", "1", 1);
  Result<RecordingTarget> target = open_target();
  if (!target.ok()) return fail(target.error());
  announce(*target);
  const Result<RecordingSession::Outcome> outcome = record(*target);
  if (!outcome.ok()) return fail(outcome.error());
  return conclude(*target, *outcome);
}

int RecCommand::conclude(RecordingTarget& target, const RecordingSession::Outcome& outcome) const {
  const wire::Finished& finished = outcome.finished;
  if (finished.exit.kind == wire::Exit::Kind::exec_failed) {
    target.abandon();
    return fail(system_error("execute " + shell_, finished.exit.value));
  }
  messages_.info("recording finished");
  if (!finished.loss_reason.empty()) {
    const std::string missing = finished.lost_bytes > 0 ? std::to_string(finished.lost_bytes) +
                                                              " bytes of output are missing from "
                                                        : "not everything is in ";
    messages_.error("recording is INCOMPLETE: " + missing + target.path() + ": " +
                    finished.loss_reason);
    return kExitFailure;
  }
  if (finished.exit.kind == wire::Exit::Kind::unknown && !outcome.signal.has_value()) {
    messages_.warn("how the command ended is unknown: its parent process, the shim, was killed");
  }
  Answer answer = Answer::save;
  // What a signal has ended is safe in the library; whether it is fit to be seen is not known.
  if (!options_.filename.has_value() && !outcome.signal.has_value()) {
    answer = options_.yes ? Answer::upload : ask();
  }
  if (answer == Answer::discard) {
    const Status removed = target.remove();
    return removed.ok() ? kExitOk : fail(removed.error());
  }
  messages_.info("asciicast saved to " + target.path());
  if (answer == Answer::upload) return upload(target);
  return outcome.signal.has_value() ? 128 + *outcome.signal : kExitOk;
}

Answer RecCommand::ask() const {
  // Before the question: whoever reads it may press Ctrl-C at once.
  const Result<Signals> interrupts = Signals::watch({SIGINT});
  if (!interrupts.ok()) return Answer::save;
  print_err("(s)ave locally, (u)pload to " + server_host(config_.server.url) + ", (d)iscard\n");
  for (;;) {
    print_err("[s,u,d]? ");
    const std::optional<std::string> answer = read_answer(*interrupts);
    if (!answer.has_value()) print_err("\n");
    if (!answer.has_value() || answer == "s" || answer == "save") return Answer::save;
    if (answer == "u" || answer == "upload") return Answer::upload;
    if (answer == "d" || answer == "discard") return Answer::discard;
  }
}

int RecCommand::upload(const RecordingTarget& target) const {
  UploadWish wish;
  Result<wire::Upload> upload = make_upload(environment_, config_);
  if (!upload.ok()) return report_failed_upload(messages_, upload.error(), target.path());
  wish.upload = std::move(*upload);
  if (const Status opened = open_for_upload(target.path(), wish); !opened.ok()) {
    return report_failed_upload(messages_, opened.error(), target.path());
  }
  return UploadSession(environment_, messages_, std::move(wish), !options_.quiet).run();
}

int RecCommand::fail(const Error& error) const {
  std::string_view rest = error.message;
  for (;;) {
    const std::size_t newline = rest.find('\n');
    messages_.error(rest.substr(0, newline));
    if (newline == std::string_view::npos) return kExitFailure;
    rest.remove_prefix(newline + 1);
  }
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
