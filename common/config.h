// Config: the user's settings, from asciinema 2's `config` or asciinema 3's `config.toml` and the
// environment.
//
// Read by the client in the caller's environment; the daemon gets what it needs in messages.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/keys.h"
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

  Server server;
  Record record;
  Play play;
  Notifications notifications;
  Upload upload;

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

// "SHELL, TERM" as names: blanks around them, empty ones and repetitions are dropped.
std::vector<std::string> parse_env_names(std::string_view text);

}  // namespace asciinemad
