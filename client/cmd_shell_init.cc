// asciinema shell-init: have every interactive shell recorded.
//
// Whatever goes wrong, the user gets a shell.

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/command.h"
#include "client/messages.h"
#include "client/shell_recording.h"
#include "client/shell_snippets.h"
#include "client/usage.h"
#include "common/paths.h"
#include "common/result.h"

extern char** environ;

namespace asciinemad {
namespace {

constexpr const char* kUsage = "usage: asciinema shell-init [-h] bash|zsh|fish\n";

constexpr const char* kHelp =
    "\n"
    "Print what makes a shell record itself into the library whenever it starts on a\n"
    "terminal. It belongs near the beginning of the shell's start-up file:\n"
    "\n"
    "  ~/.bashrc                   eval \"$(asciinema shell-init bash)\"\n"
    "  ~/.zshrc                    eval \"$(asciinema shell-init zsh)\"\n"
    "  ~/.config/fish/config.fish  asciinema shell-init fish | source\n"
    "\n"
    "A shell within a recorded one is not recorded again. ASCIINEMA_NO_REC=1 in the\n"
    "environment switches it off. A shell that can't be recorded says so and goes on.\n"
    "\n"
    "options:\n"
    "  -h, --help  show this help and exit\n";

int say_not_recorded(const Error& error) {
  Messages(true).error(error.message + "; this shell is not recorded");
  return kExitFailure;
}

// For the snippet: exit status 0 when the shell that asks is to be recorded.
int check() {
  const ProcessEnvironment environment;
  const Result<bool> recorded = is_shell_recorded(environment);
  if (!recorded.ok()) return say_not_recorded(recorded.error());
  return *recorded ? kExitFailure : kExitOk;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> caller_environment() {
  std::vector<std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) variables.emplace_back(*entry);
  return variables;
}

// Turns back into the shell that this process was.
int become_plain_shell(const std::string& path, std::vector<std::string> argv,
                       std::vector<std::string> variables) {
  variables.push_back(std::string(kPlainShellVariable) + "=" + std::to_string(::getpid()));
  ::execve(path.c_str(), pointers_to(argv).data(), pointers_to(variables).data());
  return say_not_recorded(system_error("execute " + path, errno));
}

// For the snippet: the process is the shell's, which is to go on as a recorded one.
int become_recorded_shell(const std::string& path, const std::vector<std::string>& argv) {
  const std::vector<std::string> variables = caller_environment();
  {
    const ProcessEnvironment environment;
    ShellRecording recording(environment, shell_command(path, argv));
    const Status started = recording.start();
    if (started.ok()) return recording.finish();
    say_not_recorded(started.error());
  }
  return become_plain_shell(path, argv, variables);
}

int print_snippet(std::string_view shell) {
  const std::optional<std::string> snippet =
      shell_snippet(shell, program_directory() + "asciinema");
  if (!snippet.has_value()) {
    return usage_error(kUsage, "shell-init",
                       "\"" + std::string(shell) + "\" is not one of bash, zsh, fish");
  }
  print_out(*snippet);
  return kExitOk;
}

}  // namespace

int run_shell_init(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 1 && words[0] == "--check") return check();
  if (words.size() >= 3 && words[0] == "--exec") {
    return become_recorded_shell(words[1], {words.begin() + 2, words.end()});
  }
  for (const std::string& word : words) {
    if (word == "-h" || word == "--help") {
      print_out(std::string(kUsage) + kHelp);
      return kExitOk;
    }
  }
  if (words.empty()) {
    return usage_error(kUsage, "shell-init", "the following arguments are required: bash|zsh|fish");
  }
  if (words.size() > 1) {
    return usage_error(kUsage, "shell-init", "unrecognized arguments: " + words[1]);
  }
  return print_snippet(words[0]);
}

}  // namespace asciinemad
