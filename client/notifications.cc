#include "client/notifications.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "client/programs.h"

extern char** environ;

namespace asciinemad {
namespace {

// The environment goes along for the notification command, unless it is huge.
constexpr std::size_t kMaxEnvironmentBytes = std::size_t{512} << 10;

wire::Notifications without_environment(const Config::Notifications& config) {
  wire::Notifications wish;
  wish.enabled = config.enabled;
  if (!wish.enabled) return wish;
  wish.command = config.command.value_or("");
  wish.icon_path = data_file("asciinemad.svg");
  return wish;
}

}  // namespace

wire::Notifications session_notifications(const Config::Notifications& config) {
  wire::Notifications wish = without_environment(config);
  if (!wish.enabled) return wish;
  std::size_t bytes = 0;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view variable(*entry);
    bytes += variable.size();
    if (bytes < kMaxEnvironmentBytes) wish.environment.emplace_back(variable);
  }
  return wish;
}

wire::Notifications upload_notifications(const Config::Notifications& config,
                                         const Environment& environment) {
  wire::Notifications wish = without_environment(config);
  if (!wish.enabled) return wish;
  for (const std::string_view name :
       {"HOME", "USER", "LOGNAME", "PATH", "LANG", "LC_ALL", "DISPLAY", "WAYLAND_DISPLAY",
        "XAUTHORITY", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "TMUX", "TMPDIR"}) {
    if (const std::optional<std::string> value = environment.find(name)) {
      wish.environment.push_back(std::string(name) + "=" + *value);
    }
  }
  return wish;
}

}  // namespace asciinemad
