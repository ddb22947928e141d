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
  bool yes = false;
  bool quiet = false;
};

// `config` gives the defaults. Prints help and usage errors itself.
std::variant<RecOptions, ExitStatus> parse_rec_options(int argc, char** argv,
                                                       const Config::Record& config);

}  // namespace asciinemad
