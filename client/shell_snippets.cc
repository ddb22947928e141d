#include "client/shell_snippets.h"

#include <algorithm>

namespace asciinemad {
namespace {

// Each snippet acts once in a shell, also when the start-up file is read again, and leaves a shell
// alone that runs a command given on its command line: that is a program's, not a person's. A
// terminal that is "dumb" belongs to a program, too (Emacs, which types commands into it).
constexpr std::string_view kBash = R"sh(# asciinema shell-init bash
if [ -n "${BASH_VERSION-}" ] && [ "${__asciinema_shell-}" != "$$" ]; then
  __asciinema_shell=$$
  if [[ $- == *i* && $- != *c* && -t 0 && -t 1 && -t 2 && ${TERM-dumb} != dumb &&
        -z ${ASCIINEMA_NO_REC-} && ${ASCIINEMA_PLAIN_SHELL-} != "$$" && -x @PROGRAM@ ]] &&
    @PROGRAM@ shell-init --check; then
    mapfile -d '' -t __asciinema_argv 2>/dev/null </proc/$$/cmdline
    shopt -q execfail || __asciinema_execfail=off
    shopt -s execfail
    exec @PROGRAM@ shell-init --exec "$BASH" "${__asciinema_argv[@]:-$0}"
    [ -z "${__asciinema_execfail-}" ] || shopt -u execfail
    unset __asciinema_argv __asciinema_execfail
  fi
  unset ASCIINEMA_PLAIN_SHELL
fi
)sh";

constexpr std::string_view kZsh = R"sh(# asciinema shell-init zsh
if [[ -n ${ZSH_VERSION-} && ${__asciinema_shell-} != $$ ]]; then
  typeset -g __asciinema_shell=$$
  if [[ -o interactive && -z ${ZSH_EXECUTION_STRING-} && -t 0 && -t 1 && -t 2 &&
        ${TERM-dumb} != dumb && -z ${ASCIINEMA_NO_REC-} && ${ASCIINEMA_PLAIN_SHELL-} != $$ &&
        -x @PROGRAM@ ]] && @PROGRAM@ shell-init --check; then
    exec @PROGRAM@ shell-init --exec "${${:-/proc/$$/exe}:A}" \
      "${(@0)${"$(</proc/$$/cmdline)"%$'\0'}}"
  fi
  unset ASCIINEMA_PLAIN_SHELL
fi
)sh";

// Standard input of what is read from a pipe is that pipe, not the shell's.
constexpr std::string_view kFish = R"sh(# asciinema shell-init fish
if test "$__asciinema_shell" != $fish_pid
    set -g __asciinema_shell $fish_pid
    set -l argv (string split0 </proc/$fish_pid/cmdline)
    if status is-interactive; and not string match -qr -- '^(-[^-]*c|--command)' '' $argv[2..]
        and isatty stdout; and isatty stderr
        and test (realpath /proc/$fish_pid/fd/0) = (realpath /proc/$fish_pid/fd/1)
        and test -n "$TERM" -a "$TERM" != dumb; and test -z "$ASCIINEMA_NO_REC"
        and test "$ASCIINEMA_PLAIN_SHELL" != $fish_pid
        and test -x @PROGRAM@; and @PROGRAM@ shell-init --check
        exec @PROGRAM@ shell-init --exec (status fish-path) $argv <&1
    end
    set -e ASCIINEMA_PLAIN_SHELL
end
)sh";

std::string replaced(std::string_view text, std::string_view from, const std::string& to) {
  std::string out;
  for (;;) {
    const std::size_t at = text.find(from);
    out += text.substr(0, at);
    if (at == std::string_view::npos) return out;
    out += to;
    text.remove_prefix(at + from.size());
  }
}

bool is_plain(char c) {
  constexpr std::string_view kPlain = "/._-+:,@%";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kPlain.find(c) != std::string_view::npos;
}

}  // namespace

std::optional<std::string> shell_snippet(std::string_view shell, std::string_view program) {
  const std::string word = shell_word(program);
  if (shell == "bash") return replaced(kBash, "@PROGRAM@", word);
  if (shell == "zsh") return replaced(kZsh, "@PROGRAM@", word);
  if (shell == "fish") return replaced(kFish, "@PROGRAM@", word);
  return std::nullopt;
}

std::string shell_word(std::string_view word) {
  if (!word.empty() && std::all_of(word.begin(), word.end(), is_plain)) return std::string(word);
  // Within single quotes fish takes \\ and \' as escapes, the others take nothing: both characters
  // stand outside of them.
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'' || c == '\\') {
      quoted += std::string("'\\") + c + "'";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string shell_command(const std::string& path, const std::vector<std::string>& argv) {
  std::string line = "exec " + shell_word(path);
  // bash, zsh and fish know this option, which for bash has to come before those of one letter; sh
  // can't give a program a name that begins with a hyphen.
  if (!argv.empty() && argv.front().starts_with('-')) line += " --login";
  for (std::size_t i = 1; i < argv.size(); ++i) line += " " + shell_word(argv[i]);
  return line;
}

}  // namespace asciinemad
