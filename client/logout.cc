#include "client/logout.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "common/read_file.h"

namespace asciinemad {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{64} << 10;

std::vector<std::string> files_in(const std::string& directory) {
  std::vector<std::string> files;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(directory.c_str()), ::closedir);
  if (entries == nullptr) return files;
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    if (name.ends_with(".conf")) files.push_back(directory + "/" + std::string(name));
  }
  std::sort(files.begin(), files.end());
  return files;
}

// The last setting in the file; in a comment, too: that is how distributions show what their logind
// was built with.
std::optional<bool> kill_user_processes(const std::string& path) {
  constexpr std::string_view kKey = "KillUserProcesses=";
  const Result<std::optional<std::string>> text = read_small_file(path, kMaxFileBytes);
  if (!text.ok() || !text->has_value()) return std::nullopt;
  std::optional<bool> setting;
  std::string_view rest = **text;
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.starts_with('#') && !setting.has_value()) line.remove_prefix(1);
    if (!line.starts_with(kKey)) continue;
    line.remove_prefix(kKey.size());
    setting = line == "yes" || line == "true" || line == "on" || line == "1";
  }
  return setting;
}

// logind.conf(5).
bool logind_kills() {
  bool kills = kill_user_processes("/etc/systemd/logind.conf").value_or(false);
  for (const char* directory : {"/usr/lib/systemd/logind.conf.d", "/run/systemd/logind.conf.d",
                                "/etc/systemd/logind.conf.d"}) {
    for (const std::string& file : files_in(directory)) {
      kills = kill_user_processes(file).value_or(kills);
    }
  }
  return kills;
}

bool lingers(const Environment& environment) {
  std::optional<std::string> user = environment.find("USER");
  if (!user.has_value()) user = environment.find("LOGNAME");
  return user.has_value() && ::access(("/var/lib/systemd/linger/" + *user).c_str(), F_OK) == 0;
}

}  // namespace

std::string logout_hint(const Environment& environment, bool started_by_systemd) {
  if (::access("/run/systemd/system", F_OK) != 0) return {};
  if (!started_by_systemd && logind_kills()) {
    return "logout: ends it and all sessions (KillUserProcesses=yes in logind.conf)";
  }
  if (lingers(environment)) return {};
  if (started_by_systemd) {
    return "logout: the last one ends it, and uploads wait for the next login; "
           "`loginctl enable-linger` lets it go on";
  }
  const std::optional<std::string> runtime = environment.find("XDG_RUNTIME_DIR");
  if (!runtime.has_value() || !runtime->starts_with("/run/user/")) return {};
  return "logout: the last one takes its socket away; `loginctl enable-linger` keeps it";
}

}  // namespace asciinemad
