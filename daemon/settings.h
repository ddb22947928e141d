// DaemonSettings: what the daemon itself takes from the user's configuration.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/log.h"
#include "common/paths.h"
#include "common/result.h"

namespace asciinemad {

struct DaemonSettings {
  log::Level log_level = log::Level::info;
  std::uint64_t idle_exit_s = 300;  // of a daemon that was started on demand
};

// What holds without a configuration file.
DaemonSettings default_daemon_settings(const Environment& environment);

// [daemon] of the configuration file; $ASCIINEMAD_LOG wins over its log_level. An error when the
// file cannot be used, whatever the section: the caller goes on with what it had. The file's
// warnings are the client's to show.
Result<DaemonSettings> load_daemon_settings(const Environment& environment);

}  // namespace asciinemad
