#include "client/rec_ending.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "client/signals.h"
#include "client/upload_session.h"
#include "client/upload_settings.h"

namespace asciinemad {
namespace {

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

}  // namespace

int report_failure(const Messages& messages, const Error& error) {
  std::string_view rest = error.message;
  for (;;) {
    const std::size_t newline = rest.find('\n');
    messages.error(rest.substr(0, newline));
    if (newline == std::string_view::npos) return kExitFailure;
    rest.remove_prefix(newline + 1);
  }
}

int RecEnding::conclude(RecordingTarget& target, RecordingSession& session,
                        const RecordingSession::Outcome& outcome) const {
  if (outcome.detached.has_value()) return say_detached(session, *outcome.detached);
  const wire::Finished& finished = outcome.finished;
  if (finished.exit.kind == wire::Exit::Kind::exec_failed) {
    target.abandon();
    return report_failure(messages_, system_error("execute sh", finished.exit.value));
  }
  if (finished.discarded) {
    messages_.info("recording discarded");
    return kExitOk;
  }
  messages_.info("recording finished");
  if (finished.paused) messages_.warn(kPausedAtTheEnd);
  int status = kExitFailure;
  if (finished.loss_reason.empty() && finished.lost_bytes == 0) {
    if (finished.exit.kind == wire::Exit::Kind::unknown && !outcome.signal.has_value()) {
      messages_.warn("how the command ended is unknown: its parent process, the shim, was killed");
    }
    status = dispose(target, outcome);
  } else {
    say_incomplete(target, finished);
  }
  if (!options_.upload) return status;
  if (finished.uploading && session.wait_for_upload().ok()) {
    messages_.info(kQueuedForUpload);
    return status;
  }
  messages_.error("the recording could not be queued; try: asciinema upload " + target.path());
  return kExitFailure;
}

int RecEnding::dispose(RecordingTarget& target, const RecordingSession::Outcome& outcome) const {
  const Answer answer = what_to_do(outcome);
  if (answer == Answer::discard) {
    const Status removed = target.remove();
    if (!removed.ok()) return report_failure(messages_, removed.error());
    messages_.info("recording discarded");
    return exit_status(outcome);
  }
  messages_.info("asciicast saved to " + target.path());
  const int uploaded = answer == Answer::upload ? upload(target) : kExitOk;
  return uploaded == kExitOk ? exit_status(outcome) : uploaded;
}

int RecEnding::say_detached(const RecordingSession& session, const std::string& reason) const {
  const std::string& name = options_.name.empty() ? session.session() : options_.name;
  const std::string how_to_return = "the session goes on: asciinema attach " + name;
  if (reason.empty()) {
    messages_.info("detached; " + how_to_return);
  } else {
    messages_.warn("detached (" + reason + "); " + how_to_return);
  }
  return kExitOk;
}

void RecEnding::say_incomplete(const RecordingTarget& target,
                               const wire::Finished& finished) const {
  const std::string missing = finished.lost_bytes > 0 ? std::to_string(finished.lost_bytes) +
                                                            " bytes of output are missing from "
                                                      : "not everything is in ";
  messages_.error("recording is INCOMPLETE: " + missing + target.path() + ": " +
                  finished.loss_reason);
}

RecEnding::Answer RecEnding::what_to_do(const RecordingSession::Outcome& outcome) const {
  // What a signal has ended is safe in the library; whether it is fit to be seen is not known.
  if (options_.keep || outcome.signal.has_value()) return Answer::save;
  return options_.yes ? Answer::upload : ask();
}

RecEnding::Answer RecEnding::ask() const {
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

int RecEnding::upload(const RecordingTarget& target) const {
  UploadWish wish;
  Result<wire::Upload> upload = make_upload(environment_, config_);
  if (!upload.ok()) return report_failed_upload(messages_, upload.error(), target.path());
  wish.upload = std::move(*upload);
  if (const Status opened = open_for_upload(target.path(), wish); !opened.ok()) {
    return report_failed_upload(messages_, opened.error(), target.path());
  }
  return UploadSession(environment_, messages_, std::move(wish), !options_.quiet).run();
}

int RecEnding::exit_status(const RecordingSession::Outcome& outcome) const {
  constexpr int kSignalled = 128;  // as shells have it
  if (outcome.signal.has_value()) return kSignalled + *outcome.signal;
  if (!options_.return_status) return kExitOk;
  const wire::Exit& exit = outcome.finished.exit;
  switch (exit.kind) {
    case wire::Exit::Kind::code:
      return exit.value;
    case wire::Exit::Kind::signal:
      return kSignalled + exit.value;
    default:
      return kExitFailure;
  }
}

}  // namespace asciinemad
