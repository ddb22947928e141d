// What each setting is called in the two files, and which field of Config it is.
#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <set>

#include "common/config_entries.h"
#include "common/config_values.h"
#include "common/suggest.h"

namespace asciinemad {
namespace {

struct Name {
  std::string_view section;
  std::string_view key;
};

struct Setting {
  Name ini;
  Name toml;
  Status (*apply)(Config& config, const ConfigValue& value);  // the error is only the reason
};

template <auto set, auto group, auto field>
Status to(Config& config, const ConfigValue& value) {
  return set((config.*group).*field, value);
}

Status set_api_token(Config& config, const ConfigValue& value) {
  return set_text(config.token, value);
}

// The older of the two names: never instead of the other one, in whatever order they stand.
Status set_user_token(Config& config, const ConfigValue& value) {
  return config.token ? Status() : set_text(config.token, value);
}

constexpr auto kServer = &Config::server;
constexpr auto kRecord = &Config::record;
constexpr auto kPlay = &Config::play;
constexpr auto kNotify = &Config::notifications;
constexpr auto kUpload = &Config::upload;
constexpr auto kDaemon = &Config::daemon;
using Server = Config::Server;
using Record = Config::Record;
using Play = Config::Play;
using Notify = Config::Notifications;
using Upload = Config::Upload;
using Daemon = Config::Daemon;

constexpr Name kNone;
constexpr std::string_view kOldIdleTimeLimit = "maxwait";

constexpr Setting kSettings[] = {
    {{"api", "url"}, {"server", "url"}, to<set_url, kServer, &Server::url>},
    {{"api", "token"}, kNone, set_api_token},
    {{"user", "token"}, kNone, set_user_token},
    {{"record", "command"}, {"session", "command"}, to<set_text, kRecord, &Record::command>},
    {{"record", "stdin"},
     {"session", "capture_input"},
     to<set_flag, kRecord, &Record::capture_input>},
    {{"record", "env"}, {"session", "capture_env"}, to<set_env_names, kRecord, &Record::env>},
    {{"record", "idle_time_limit"},
     {"session", "idle_time_limit"},
     to<set_seconds, kRecord, &Record::idle_time_limit_s>},
    {{"record", kOldIdleTimeLimit}, kNone, to<set_seconds, kRecord, &Record::idle_time_limit_s>},
    {{"record", "yes"}, {"session", "yes"}, to<set_flag, kRecord, &Record::yes>},
    {{"record", "quiet"}, {"session", "quiet"}, to<set_flag, kRecord, &Record::quiet>},
    {{"record", "pause_key"}, {"session", "pause_key"}, to<set_key, kRecord, &Record::pause_key>},
    {{"record", "add_marker_key"},
     {"session", "add_marker_key"},
     to<set_key, kRecord, &Record::add_marker_key>},
    {{"record", "prefix_key"},
     {"session", "prefix_key"},
     to<set_key, kRecord, &Record::prefix_key>},
    {{"record", "detach_key"},
     {"session", "detach_key"},
     to<set_key, kRecord, &Record::detach_key>},
    {{"record", "on_disconnect"},
     {"session", "on_disconnect"},
     to<set_on_disconnect, kRecord, &Record::detach_on_disconnect>},
    {{"record", "marker_label"},
     {"session", "marker_label"},
     to<set_label, kRecord, &Record::marker_label>},
    {{"record", "pause_markers"},
     {"session", "pause_markers"},
     to<set_flag, kRecord, &Record::pause_markers>},
    {{"record", "output_markers"},
     {"session", "output_markers"},
     to<set_flag, kRecord, &Record::output_markers>},
    {{"record", "paused_title"},
     {"session", "paused_title"},
     to<set_label, kRecord, &Record::paused_title>},
    {{"play", "speed"}, {"playback", "speed"}, to<set_speed, kPlay, &Play::speed>},
    {{"play", "idle_time_limit"},
     {"playback", "idle_time_limit"},
     to<set_seconds, kPlay, &Play::idle_time_limit_s>},
    {{"play", kOldIdleTimeLimit}, kNone, to<set_seconds, kPlay, &Play::idle_time_limit_s>},
    {{"play", "pause_key"}, {"playback", "pause_key"}, to<set_key, kPlay, &Play::pause_key>},
    {{"play", "step_key"}, {"playback", "step_key"}, to<set_key, kPlay, &Play::step_key>},
    {{"play", "next_marker_key"},
     {"playback", "next_marker_key"},
     to<set_key, kPlay, &Play::next_marker_key>},
    {{"play", "max_download"},
     {"playback", "max_download"},
     to<set_mebibytes, kPlay, &Play::max_download_bytes>},
    {{"notifications", "enabled"},
     {"notifications", "enabled"},
     to<set_flag, kNotify, &Notify::enabled>},
    {{"notifications", "command"},
     {"notifications", "command"},
     to<set_text, kNotify, &Notify::command>},
    {{"upload", "keep_days"}, {"upload", "keep_days"}, to<set_days, kUpload, &Upload::keep_for_s>},
    {{"upload", "keep_size"},
     {"upload", "keep_size"},
     to<set_mebibytes, kUpload, &Upload::keep_bytes>},
    {{"daemon", "log_level"},
     {"daemon", "log_level"},
     to<set_log_level, kDaemon, &Daemon::log_level>},
    {{"daemon", "idle_exit"},
     {"daemon", "idle_exit"},
     to<set_whole_seconds, kDaemon, &Daemon::idle_exit_s>},
};

const Name& name_in(const Setting& setting, ConfigFormat format) {
  return format == ConfigFormat::ini ? setting.ini : setting.toml;
}

const Setting* find_setting(ConfigFormat format, const ConfigEntry& entry) {
  const auto* found = std::find_if(std::begin(kSettings), std::end(kSettings), [&](const auto& s) {
    const Name& name = name_in(s, format);
    return !name.section.empty() && name.section == entry.section && name.key == entry.key;
  });
  return found == std::end(kSettings) ? nullptr : found;
}

std::vector<std::string_view> known_sections(ConfigFormat format) {
  std::vector<std::string_view> sections;
  for (const Setting& setting : kSettings) {
    const std::string_view section = name_in(setting, format).section;
    if (!section.empty()) sections.push_back(section);
  }
  return sections;
}

std::vector<std::string_view> known_keys(ConfigFormat format, std::string_view section) {
  std::vector<std::string_view> keys;
  for (const Setting& setting : kSettings) {
    const Name& name = name_in(setting, format);
    if (!name.section.empty() && name.section == section) keys.push_back(name.key);
  }
  return keys;
}

std::string place_of(const ConfigEntry& entry, const std::string& path) {
  return path + ":" + std::to_string(entry.line) + ": ";
}

// One line for each unknown section, not for each of its keys.
class UnknownNames {
 public:
  UnknownNames(ConfigFormat format, const std::string& path, std::vector<std::string>& warnings)
      : format_(format), path_(path), warnings_(warnings) {}

  void add(const ConfigEntry& entry) {
    const std::vector<std::string_view> keys = known_keys(format_, entry.section);
    if (!keys.empty()) {
      const auto meant = nearest_name(entry.key, keys);
      warn(entry, "unknown setting " + quoted(entry.key) + " in [" + entry.section + "]",
           meant ? std::optional(std::string(*meant)) : std::nullopt);
      return;
    }
    const bool in_section = !entry.section.empty();
    if (in_section && !sections_.insert(entry.section).second) return;
    const auto meant =
        nearest_name(in_section ? entry.section : entry.key, known_sections(format_));
    warn(entry,
         in_section ? "unknown section " + quoted(entry.section)
                    : "unknown setting " + quoted(entry.key) + " outside any section",
         meant ? std::optional("[" + std::string(*meant) + "]") : std::nullopt);
  }

 private:
  void warn(const ConfigEntry& entry, const std::string& what,
            const std::optional<std::string>& meant) {
    const std::string hint = meant ? ", did you mean " + *meant + "?" : "";
    warnings_.push_back(place_of(entry, path_) + what + hint);
  }

  ConfigFormat format_;
  const std::string& path_;
  std::vector<std::string>& warnings_;
  std::set<std::string> sections_;
};

Status apply_entry(const ConfigEntry& entry, const Setting& setting, const std::string& path,
                   Config& config) {
  const Status status = setting.apply(config, entry.value);
  if (status.ok()) return {};
  return Error{Errc::invalid_argument, place_of(entry, path) + "[" + entry.section + "] " +
                                           entry.key + ": " + described(entry.value) + " " +
                                           status.error().message};
}

struct Hotkey {
  std::string_view name;
  std::optional<Key> key;
};

// The hotkey on the same key as that called `name`.
const Hotkey* find_rival(const std::vector<Hotkey>& hotkeys, std::string_view name) {
  const auto own = std::find_if(hotkeys.begin(), hotkeys.end(),
                                [name](const Hotkey& h) { return h.name == name; });
  if (own == hotkeys.end() || !own->key) return nullptr;
  const auto rival = std::find_if(hotkeys.begin(), hotkeys.end(), [own](const Hotkey& h) {
    return h.name != own->name && h.key == own->key;
  });
  return rival == hotkeys.end() ? nullptr : &*rival;
}

// Of two on the same key one would never be heard.
Status check_distinct(const std::vector<Hotkey>& hotkeys, std::string_view section,
                      const std::vector<ConfigEntry>& entries, const std::string& path) {
  const ConfigEntry* last = nullptr;  // TOML's entries are not in the order of their lines
  for (const ConfigEntry& entry : entries) {
    if (entry.section != section || find_rival(hotkeys, entry.key) == nullptr) continue;
    if (last == nullptr || entry.line > last->line) last = &entry;
  }
  if (last == nullptr) return {};
  return Error{Errc::invalid_argument, place_of(*last, path) + "[" + last->section + "] " +
                                           last->key + ": " + described(last->value) + " is " +
                                           std::string(find_rival(hotkeys, last->key)->name) +
                                           " already: give one of the two another key, or none"};
}

Status check_hotkeys(const std::vector<ConfigEntry>& entries, ConfigFormat format,
                     const std::string& path, const Config& config) {
  const bool ini = format == ConfigFormat::ini;
  const Record& record = config.record;
  const Play& play = config.play;
  TRY(check_distinct({{"pause_key", record.pause_key},
                      {"add_marker_key", record.add_marker_key},
                      {"prefix_key", record.prefix_key},
                      {"detach_key", record.detach_key}},
                     ini ? "record" : "session", entries, path));
  return check_distinct({{"pause_key", play.pause_key},
                         {"step_key", play.step_key},
                         {"next_marker_key", play.next_marker_key}},
                        ini ? "play" : "playback", entries, path);
}

}  // namespace

Status apply_entries(const std::vector<ConfigEntry>& entries, ConfigFormat format,
                     const std::string& path, LoadedConfig& loaded) {
  // The old name first, so that the new one wins in whatever order they stand.
  for (const bool old_names : {true, false}) {
    for (const ConfigEntry& entry : entries) {
      const Setting* setting = find_setting(format, entry);
      if (setting == nullptr || (entry.key == kOldIdleTimeLimit) != old_names) continue;
      TRY(apply_entry(entry, *setting, path, loaded.config));
    }
  }
  TRY(check_hotkeys(entries, format, path, loaded.config));
  UnknownNames unknown(format, path, loaded.warnings);
  for (const ConfigEntry& entry : entries) {
    if (find_setting(format, entry) == nullptr) unknown.add(entry);
  }
  return {};
}

}  // namespace asciinemad
