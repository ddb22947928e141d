// RecOptions: what `rec` was asked to do, from its arguments and the configuration.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "client/command.h"
#include "common/config.h"
#include "common/result.h"

namespace asciinemad {

struct RecOptions {
  std::optional<std::string> filename;  // none: the library
  bool append = false;
  bool overwrite = false;
  bool raw = false;
  bool capture_input = false;
  bool command_given = false;  // not the user's shell
  std::string command;
  std::vector<std::string> env;
  std::string title;
  std::optional<double> idle_time_limit_s;
  std::optional<std::uint16_t> cols;
  std::optional<std::uint16_t> rows;
  std::string name;

  bool detached = false;  // without a client from the start
  bool detach = false;    // goes on when the client dies
  bool pause_at_start = false;
  std::string marker_label;
  bool pause_markers = false;
  bool output_markers = false;

  // Without a question, and without an upload by this process.
  bool keep = false;
  bool yes = false;
  bool quiet = false;
  bool upload = false;         // by the daemon, at the end
  bool return_status = false;  // the command's

  // One of the options given that a daemon of protocol version 1 does not know; empty: there is
  // none.
  std::string needs_new_daemon;
};

// What is recorded when only the configuration says something.
RecOptions default_rec_options(const Config::Record& config);

// `config` gives the defaults. Prints help and usage errors itself.
std::variant<RecOptions, ExitStatus> parse_rec_options(int argc, char** argv,
                                                       const Config::Record& config);

}  // namespace asciinemad
