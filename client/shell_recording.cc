#include "client/shell_recording.h"

#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <utility>
#include <vector>

#include "client/command.h"
#include "client/daemon_search.h"
#include "client/deadline.h"
#include "client/programs.h"
#include "client/rec_ending.h"
#include "client/rec_wish.h"

namespace asciinemad {
namespace {

// What a user may have to wait for a shell because of us.
constexpr int kPatienceMs = 300;

// Written to a new recording and taken back, to know now whether the disk is full.
constexpr std::size_t kProbeBytes = 4096;

Result<DaemonLink> find_daemon(const Environment& environment, const Deadline& deadline) {
  DaemonSearch search(environment, Niceness::refused, kPatienceMs);
  for (;;) {
    TRY_ASSIGN(std::optional<DaemonLink> link, search.step());
    if (link.has_value()) {
      // Older ones don't tell which terminals are recorded.
      if (link->protocol() >= wire::kProtocolSurvival) return *std::move(link);
      return Error{Errc::unsupported,
                   "the asciinemad that runs is too old (asciinema daemon restart replaces it)"};
    }
    if (deadline.remaining_ms() == 0) return search.no_answer();
    pollfd waiting = search.waits_for();
    const int timeout_ms = std::min(search.timeout_ms(), deadline.remaining_ms());
    if (::poll(&waiting, 1, timeout_ms) < 0 && errno != EINTR) return system_error("poll", errno);
  }
}

Result<wire::StatusReply> ask_status(DaemonLink& link, const Deadline& deadline) {
  wire::Request request;
  request.body = wire::GetStatus{};
  TRY_ASSIGN(const std::uint32_t id, link.send(std::move(request), {}));
  TRY_ASSIGN(wire::Reply reply, link.wait_for(id, deadline.remaining_ms()));
  auto* status = std::get_if<wire::StatusReply>(&reply.body);
  if (status == nullptr) return Error{Errc::invalid_data, "asciinemad did not tell its status"};
  return std::move(*status);
}

// Of standard input, output and error, since a start-up file may be read from a pipe.
std::vector<std::string> own_terminals() {
  std::vector<std::string> names;
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    std::array<char, PATH_MAX> name{};
    if (::ttyname_r(fd, name.data(), name.size()) == 0) names.emplace_back(name.data());
  }
  return names;
}

Status check_space(int fd) {
  TRY(write_all(fd, std::string(kProbeBytes, '\0'), 0));
  if (::ftruncate(fd, 0) != 0) return system_error("truncate", errno);
  ::lseek(fd, 0, SEEK_SET);
  return {};
}

}  // namespace

Result<bool> is_shell_recorded(const Environment& environment) {
  const Deadline deadline(kPatienceMs);
  TRY_ASSIGN(DaemonLink link, find_daemon(environment, deadline));
  TRY_ASSIGN(const wire::StatusReply status, ask_status(link, deadline));
  const std::optional<std::string> session = environment.find("ASCIINEMA_SESSION");
  const std::vector<std::string> terminals = own_terminals();
  return std::any_of(
      status.sessions.begin(), status.sessions.end(), [&](const wire::SessionInfo& known) {
        return known.session == session ||
               std::find(terminals.begin(), terminals.end(), known.terminal) != terminals.end();
      });
}

RecOptions ShellRecording::options() const {
  RecOptions options = default_rec_options(config_.record);
  options.command = command_;
  options.command_given = true;
  options.keep = true;
  options.quiet = true;
  options.return_status = true;
  return options;
}

Status ShellRecording::start() {
  TRY_ASSIGN(LoadedConfig loaded, load_config(environment_));
  config_ = std::move(loaded.config);
  options_ = options();
  TRY_ASSIGN(DaemonLink link, find_daemon(environment_, Deadline(kPatienceMs)));
  link_.emplace(std::move(link));
  // Not somewhere else, where nobody would look for it or clean up.
  Result<RecordingTarget> target = RecordingTarget::create_in_library(environment_);
  if (!target.ok()) {
    return Error{Errc::unavailable, "the library can't be used: " + target.error().message};
  }
  target_ = std::move(target).value();
  Status started = start_in(*target_);
  if (!started.ok()) {
    session_.reset();
    target_->abandon();
  }
  return started;
}

Status ShellRecording::start_in(RecordingTarget& target) {
  if (Status space = check_space(target.fd()); !space.ok()) {
    Error error = space.take_error();
    error.message = target.path() + ": " + error.message;
    return error;
  }
  TRY(target.begin());
  const std::optional<std::string> shell = find_in_path("sh");
  if (!shell.has_value()) return system_error("execute sh", ENOENT);
  ::setenv("ASCIINEMA_REC", "1", 1);
  session_ = std::make_unique<RecordingSession>(*link_);
  return session_->start(rec_wish(options_, config_, target, *shell, std::nullopt));
}

int ShellRecording::finish() {
  const Result<RecordingSession::Outcome> outcome = session_->run();
  if (!outcome.ok()) return report_failure(messages_, outcome.error());
  return RecEnding(options_, config_, environment_, messages_)
      .conclude(*target_, *session_, *outcome);
}

}  // namespace asciinemad
