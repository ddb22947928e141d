// Where the programs and files are that belong to this one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace asciinemad {

// The path of `name` in the directory of this program, else in the project's libexec directory;
// else the bare name, for $PATH.
std::string sibling_program(std::string_view name);

// The executable that a shell would run for `name`; nullopt when there is none.
std::optional<std::string> find_in_path(std::string_view name);

// A file of the project's data directory; of its source tree's when this program was not installed.
std::string data_file(std::string_view name);

}  // namespace asciinemad
