// Command: one verb of the command line; client/main.cc has the table.
#pragma once

namespace asciinemad {

// Conventional exit statuses.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;

// argv[0] is the verb. Each returns the process's exit status.
int run_rec(int argc, char** argv);
int run_daemon(int argc, char** argv);

}  // namespace asciinemad
