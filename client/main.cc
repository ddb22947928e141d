// asciinema: the command people type; asciinemad does the work.

#include <fcntl.h>
#include <langinfo.h>
#include <unistd.h>

#include <array>
#include <clocale>
#include <cstddef>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "build_config.h"
#include "client/command.h"
#include "client/messages.h"
#include "client/words.h"
#include "common/printable.h"

namespace asciinemad {
namespace {

constexpr const char* kHelp =
    "usage: asciinema [-h] [--version] COMMAND ...\n"
    "\n"
    "Record and play terminal sessions. A daemon, asciinemad, does the work; it starts\n"
    "by itself.\n"
    "\n"
    "commands:\n"
    "  rec         record a terminal session (also: record)\n"
    "  play        play a terminal session\n"
    "  cat         print the whole output of terminal sessions\n"
    "  upload      upload a recording\n"
    "  uploads     list and steer what is being uploaded\n"
    "  auth        link this machine to an account on the server\n"
    "  convert     write a recording in another format\n"
    "  attach      return to a recording that goes on without its terminal\n"
    "  ls          list what is being recorded and played\n"
    "  status      show all about one of them\n"
    "  events      print what happens to them, and to uploads, as JSON\n"
    "  shell-init  print lines that have every new shell recorded\n"
    "  daemon      start, stop, restart or examine the daemon\n"
    "  help        show this help, or a command's\n"
    "\n"
    "commands that steer from elsewhere:\n"
    "  pause, resume, toggle, stop                 a recording or a playback\n"
    "  mark, title, send, resize, detach, discard  a recording\n"
    "  step, seek, speed, marker                   a playback\n"
    "\n"
    "A command may be shortened as long as it is unambiguous; r, p, c and u mean rec, play,\n"
    "cat and upload.\n"
    "\n"
    "options:\n"
    "  -h, --help  show this help and exit\n"
    "  --version   show the version and exit\n"
    "\n"
    "examples:\n"
    "  asciinema rec demo.cast\n"
    "  asciinema play demo.cast\n"
    "  asciinema upload demo.cast\n"
    "\n"
    "'asciinema COMMAND --help' tells more about a command.\n";

int run_help(int argc, char** argv);

struct Command {
  std::string_view name;
  int (*run)(int argc, char** argv);
};

constexpr std::array<Command, 29> kCommands = {{{"rec", run_rec},
                                                {"play", run_play},
                                                {"cat", run_cat},
                                                {"upload", run_upload},
                                                {"auth", run_auth},
                                                {"uploads", run_uploads},
                                                {"record", run_rec},
                                                {"convert", run_convert},
                                                {"attach", run_attach},
                                                {"ls", run_ls},
                                                {"status", run_status},
                                                {"events", run_events},
                                                {"shell-init", run_shell_init},
                                                {"daemon", run_daemon},
                                                {"help", run_help},
                                                {"pause", run_control},
                                                {"resume", run_control},
                                                {"toggle", run_control},
                                                {"stop", run_control},
                                                {"mark", run_control},
                                                {"title", run_control},
                                                {"send", run_control},
                                                {"resize", run_control},
                                                {"detach", run_control},
                                                {"discard", run_control},
                                                {"step", run_control},
                                                {"seek", run_control},
                                                {"speed", run_control},
                                                {"marker", run_control}}};
// The first ones of kCommands are those of asciinema 2.
constexpr std::size_t kOldCommands = 5;

// What could be short for a command of asciinema 2 is that, also where a newer one begins like it.
Resolved resolve_command(std::string_view word) {
  std::array<std::string_view, kCommands.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) names.at(i) = kCommands.at(i).name;
  const Resolved old = resolve_word(word, std::span(names).first(kOldCommands));
  return old.word.empty() ? resolve_word(word, names) : old;
}

// A closed 0, 1 or 2 would give its number to the first thing opened.
void occupy_standard_descriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0) ::open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY);
  }
}

// asciicasts are UTF-8; under another encoding the terminal and the recording would disagree.
// Setting a locale up reads files, so only a name that needs it gets that far.
bool locale_fits() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string_view locale = value;
    if (locale == "C" || locale == "POSIX" || locale.ends_with("UTF-8") ||
        locale.ends_with("utf8")) {
      return true;
    }
    if (std::setlocale(LC_CTYPE, "") == nullptr) return true;  // not installed: C, so ASCII
    const std::string_view codeset = ::nl_langinfo(CODESET);
    return codeset == "UTF-8" || codeset == "ANSI_X3.4-1968" || codeset == "US-ASCII";
  }
  return true;
}

int wrong_command(const std::string& problem) {
  print_err("usage: asciinema [-h] [--version] COMMAND ...\nasciinema: error: " +
            printable(problem) + "\n");
  return kExitUsage;
}

// argv[0] is the command as it was given.
int run_command(int argc, char** argv) {
  const Resolved resolved = resolve_command(argv[0]);
  for (const Command& command : kCommands) {
    if (command.name != resolved.word) continue;
    std::string verb(command.name);
    argv[0] = verb.data();
    return command.run(argc, argv);
  }
  return wrong_command("command " + resolved.problem);
}

int run_help(int argc, char** argv) {
  if (argc > 2) return wrong_command("unrecognized arguments: " + std::string(argv[2]));
  const std::string_view word = argc == 2 ? argv[1] : "--help";
  if (word == "-h" || word == "--help") {
    print_out(kHelp);
    return kExitOk;
  }
  std::string option = "--help";
  std::array<char*, 3> words = {argv[1], option.data(), nullptr};
  return run_command(2, words.data());
}

int run(int argc, char** argv) {
  if (argc < 2) {
    print_out(kHelp);
    return kExitFailure;
  }
  const std::string_view word = argv[1];
  if (word == "-h" || word == "--help") {
    print_out(kHelp);
    return kExitOk;
  }
  if (word == "--version") {
    print_out("asciinema " ASCIINEMAD_VERSION "\n");
    return kExitOk;
  }
  if (word.starts_with('-')) return wrong_command("unrecognized arguments: " + std::string(word));
  if (!locale_fits()) {
    Messages(false).error(
        "the locale must use UTF-8 or ASCII; see what `locale` prints, and set LC_ALL=C.UTF-8 if "
        "in doubt");
    return kExitFailure;
  }
  return run_command(argc - 1, argv + 1);
}

}  // namespace
}  // namespace asciinemad

int main(int argc, char** argv) {
  asciinemad::occupy_standard_descriptors();
  return asciinemad::run(argc, argv);
}
