#include "daemon/settings.h"

#include "common/config.h"

namespace asciinemad {

namespace {

void apply_environment(const Environment& environment, DaemonSettings& settings) {
  const std::optional<std::string> level = environment.find("ASCIINEMAD_LOG");
  if (level.has_value()) settings.log_level = log::parse_level(*level);
}

}  // namespace

DaemonSettings default_daemon_settings(const Environment& environment) {
  DaemonSettings settings;
  apply_environment(environment, settings);
  return settings;
}

Result<DaemonSettings> load_daemon_settings(const Environment& environment) {
  TRY_ASSIGN(const LoadedConfig loaded, load_config(environment));
  DaemonSettings settings;
  settings.log_level = loaded.config.daemon.log_level;
  settings.idle_exit_s = loaded.config.daemon.idle_exit_s;
  apply_environment(environment, settings);
  return settings;
}

}  // namespace asciinemad
