// RecEnding: what becomes of a recording when its session is over, and what `rec` says about it.
#pragma once

#include "client/messages.h"
#include "client/rec_options.h"
#include "client/recording_session.h"
#include "client/recording_target.h"
#include "common/config.h"
#include "common/paths.h"
#include "common/result.h"

namespace asciinemad {

// What `attach` says, too.
inline constexpr const char* kPausedAtTheEnd =
    "recording was still paused at the end: nothing since the pause began is in it";
inline constexpr const char* kQueuedForUpload =
    "the recording is queued for upload; see: asciinema uploads";

// Prints the error, whose message may have several lines; the process's exit status.
int report_failure(const Messages& messages, const Error& error);

class RecEnding {
 public:
  // All of them outlive it.
  RecEnding(const RecOptions& options, const Config& config, const Environment& environment,
            const Messages& messages)
      : options_(options), config_(config), environment_(environment), messages_(messages) {}

  // May ask the user, and upload or remove the recording. Returns the process's exit status.
  int conclude(RecordingTarget& target, RecordingSession& session,
               const RecordingSession::Outcome& outcome) const;

 private:
  enum class Answer { save, upload, discard };

  int say_detached(const RecordingSession& session, const std::string& reason) const;
  void say_incomplete(const RecordingTarget& target, const wire::Finished& finished) const;
  // Saves, uploads or removes it.
  int dispose(RecordingTarget& target, const RecordingSession::Outcome& outcome) const;
  Answer what_to_do(const RecordingSession::Outcome& outcome) const;
  Answer ask() const;
  int upload(const RecordingTarget& target) const;
  int exit_status(const RecordingSession::Outcome& outcome) const;

  const RecOptions& options_;
  const Config& config_;
  const Environment& environment_;
  const Messages& messages_;
};

}  // namespace asciinemad
