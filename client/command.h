// Command: one verb of the command line; client/main.cc has the table.
#pragma once

namespace asciinemad {

// Conventional exit statuses.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;
// Those of the commands that look at or steer what the daemon does.
inline constexpr int kExitNotFound = 3;
inline constexpr int kExitNoDaemon = 4;

// The process's exit status, where an option parser has already said all there is to say.
struct ExitStatus {
  int value = kExitOk;
};

// argv[0] is the verb, in full. Each returns the process's exit status.
int run_rec(int argc, char** argv);
int run_play(int argc, char** argv);
int run_cat(int argc, char** argv);
int run_convert(int argc, char** argv);
int run_upload(int argc, char** argv);
int run_uploads(int argc, char** argv);
int run_auth(int argc, char** argv);
int run_ls(int argc, char** argv);
int run_daemon(int argc, char** argv);
int run_attach(int argc, char** argv);
int run_shell_init(int argc, char** argv);
int run_status(int argc, char** argv);
int run_events(int argc, char** argv);
// The verbs that steer recordings and playbacks: pause, mark, seek...
int run_control(int argc, char** argv);

}  // namespace asciinemad
