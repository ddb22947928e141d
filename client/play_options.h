// PlayOptions: what `play` was asked to do, from its arguments and the configuration.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "client/command.h"
#include "common/config.h"
#include "proto/message.h"

namespace asciinemad {

struct PlayOptions {
  std::string file;  // a path, "-", an address, or with `follow` a session's id
  double speed = 1;
  std::optional<double> idle_time_limit_s;
  bool loop = false;
  bool pause_on_markers = false;
  wire::Play::Output output = wire::Play::Output::screen;
  wire::Play::Stream stream = wire::Play::Stream::standard;
  std::uint64_t start_at_us = 0;
  bool resize = false;
  bool follow = false;
  bool fit = false;
  bool trust = false;
};

// `config` gives the defaults. Prints help and usage errors itself.
std::variant<PlayOptions, ExitStatus> parse_play_options(int argc, char** argv,
                                                         const Config::Play& config);

}  // namespace asciinemad
