// What `shell-init` prints: the lines of a shell's start-up file that have it recorded.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace asciinemad {

// Set for the shell that takes the place of one that could not be recorded, to that process's id,
// so that it does not try again.
inline constexpr const char* kPlainShellVariable = "ASCIINEMA_PLAIN_SHELL";

// For bash, zsh or fish; nullopt for other names. `program` is the absolute path of asciinema.
// The snippet asks `PROGRAM shell-init --check` whether to record, and if so becomes
// `PROGRAM shell-init --exec PATH ARGV...`, PATH and ARGV being the shell's own.
std::optional<std::string> shell_snippet(std::string_view shell, std::string_view program);

// `word` as a word of sh, bash, zsh and fish: in quotes if need be.
std::string shell_word(std::string_view word);

// A line for sh that becomes the shell at `path`, with these arguments (the first is its name), as
// a login shell if it was one.
std::string shell_command(const std::string& path, const std::vector<std::string>& argv);

}  // namespace asciinemad
