// What a command tells those who used it wrongly.
#pragma once

#include <getopt.h>

#include <span>
#include <string>
#include <string_view>

namespace asciinemad {

// Prints `usage` and "asciinema COMMAND: error: MESSAGE"; returns the exit status for that.
int usage_error(std::string_view usage, std::string_view command, const std::string& message);

// The word that getopt_long() has just stumbled over.
std::string stumbling_block(char** argv);

// What to say when getopt_long() has returned '?', with the one of `known` that was probably meant.
std::string unrecognized_option(char** argv, std::span<const option> known);

}  // namespace asciinemad
