// ShellRecording: the recording of a shell that `shell-init` has set up; quiet, into the library.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "client/daemon_link.h"
#include "client/messages.h"
#include "client/rec_options.h"
#include "client/recording_session.h"
#include "client/recording_target.h"
#include "common/config.h"
#include "common/paths.h"
#include "common/result.h"

namespace asciinemad {

// Whether this terminal is recorded already, or the environment is that of a recorded session: the
// daemon knows, and is started if need be. Variables alone prove nothing, since sudo clears them
// and the server of a terminal multiplexer keeps them for too long. An error when the daemon does
// not answer at once.
Result<bool> is_shell_recorded(const Environment& environment);

class ShellRecording {
 public:
  // `command` is for sh -c. `environment` is the process's own and outlives it.
  ShellRecording(const Environment& environment, std::string command)
      : environment_(environment), command_(std::move(command)) {}

  // After an error nothing has run, nothing was left behind but ASCIINEMA_REC in the process's
  // environment, and the terminal is as it was.
  Status start();
  // To the end; returns the shell's exit status.
  int finish();

 private:
  Status start_in(RecordingTarget& target);
  RecOptions options() const;

  const Environment& environment_;
  const std::string command_;
  const Messages messages_{true};
  Config config_;
  RecOptions options_;
  std::optional<DaemonLink> link_;
  std::optional<RecordingTarget> target_;
  std::unique_ptr<RecordingSession> session_;
};

}  // namespace asciinemad
