#include "client/files_program.h"

#include <unistd.h>

#include <cerrno>

#include "client/command.h"
#include "client/messages.h"
#include "client/programs.h"
#include "common/result.h"

namespace asciinemad {

int become_files_program(const std::vector<std::string>& words) {
  std::string program = sibling_program("asciinema-files");
  std::vector<char*> argv = {program.data()};
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  ::execvp(argv[0], argv.data());
  Messages(false).error(system_error("execute " + program, errno).message);
  return kExitFailure;
}

}  // namespace asciinemad
