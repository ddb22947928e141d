// What a command tells those who used it wrongly.
#pragma once

#include <string>
#include <string_view>

namespace asciinemad {

// Prints `usage` and "asciinema COMMAND: error: MESSAGE"; returns the exit status for that.
int usage_error(std::string_view usage, std::string_view command, const std::string& message);

// The word that getopt_long() has just stumbled over.
std::string stumbling_block(char** argv);

}  // namespace asciinemad
