// asciinema-files, the program that knows how to read recordings: how asciinema turns into it, and
// its verbs.
//
// asciinema itself starts in a millisecond, since it has no JSON parser and no decompressors.
#pragma once

#include <string>
#include <vector>

namespace asciinemad {

// Replaces this process with `asciinema-files WORDS...`; returns only when that fails, with an exit
// status, after telling the user.
int become_files_program(const std::vector<std::string>& words);

// The verbs. argv[0] is the verb; what is behind it comes from asciinema, not from a user. Each
// returns the process's exit status.
//
// append-point: examines the asciicast that is its standard input (client/append_point.h).
int files_append_point(int argc, char** argv);
// cat filter|trust INPUT...
int files_cat(int argc, char** argv);
// convert FORMAT keep|overwrite OUT INPUT
int files_convert(int argc, char** argv);

}  // namespace asciinemad
