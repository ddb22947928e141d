// Config: the user's settings, from asciinema 2's `config` or asciinema 3's `config.toml` and the
// environment.
//
// Read by the client in the caller's environment. The daemon gets what a session needs in messages
// and reads only what is its own, section [daemon].
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/keys.h"
#include "common/log.h"
#include "common/paths.h"
#include "common/result.h"

namespace asciinemad {

// The initial values hold when nothing is configured. A key that is nullopt is switched off.
struct Config {
  struct Server {
    std::string url = "https://asciinema.org";  // http or https, no slash at the end
  };

  struct Record {
    std::optional<std::string> command;  // for sh -c; nullopt: the user's shell
    bool capture_input = false;
    std::vector<std::string> env = {"SHELL", "TERM"};  // names, each once
    std::optional<double> idle_time_limit_s;
    bool yes = false;
    bool quiet = false;
    std::optional<Key> pause_key = Key{U'\\', true};
    std::optional<Key> add_marker_key;
    std::optional<Key> prefix_key;
    std::optional<Key> detach_key;
    bool detach_on_disconnect = false;  // the client's death does not end the command
    std::string marker_label;           // with "{n}" and "{time}"
    bool pause_markers = false;
    bool output_markers = false;
    std::string paused_title;  // of the terminal; empty: it stays
  };

  struct Play {
    double speed = 1.0;
    std::optional<double> idle_time_limit_s;
    std::optional<Key> pause_key = Key{U' ', false};
    std::optional<Key> step_key = Key{U'.', false};
    std::optional<Key> next_marker_key = Key{U']', false};
    std::uint64_t max_download_bytes = std::uint64_t{1} << 30;  // of a recording from a URL
  };

  struct Notifications {
    bool enabled = true;
    std::optional<std::string> command;  // nullopt: whatever the desktop offers
  };

  struct Upload {
    // How long the upload queue keeps its copies of what is done, and how much of them, together.
    std::uint64_t keep_for_s = std::uint64_t{30} * 24 * 3600;
    std::uint64_t keep_bytes = std::uint64_t{2} << 30;
  };

  struct Daemon {
    log::Level log_level = log::Level::info;
    std::uint64_t idle_exit_s = 300;  // of one that was started on demand
  };

  Server server;
  Record record;
  Play play;
  Notifications notifications;
  Upload upload;
  Daemon daemon;

  // The token of asciinema 1, which is an install id; as written, install_id.h validates it.
  std::optional<std::string> token;
};

struct LoadedConfig {
  Config config;
  std::vector<std::string> warnings;  // lines to print, without a line end
};

// Reads config.toml in config_directory(), or where there is none, config; then the environment's
// overrides. No file at all means the defaults. Errors and warnings name file, line and setting.
Result<LoadedConfig> load_config(const Environment& environment);

// A decimal number from 1e-6 to 1e9, whatever the locale; used for seconds and speeds. The bounds
// keep microseconds from becoming zero or leaving 64 bits.
std::optional<double> parse_positive_number(std::string_view text);

// A marker's label or a terminal's title as it is: at most 1024 bytes without control characters.
// The error's message is only the reason.
Result<std::string> parse_label(std::string_view text);

// "SHELL, TERM" as names: blanks around them, empty ones and repetitions are dropped.
std::vector<std::string> parse_env_names(std::string_view text);

}  // namespace asciinemad
