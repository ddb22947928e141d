#include "client/programs.h"

#include <unistd.h>

#include <cstdlib>

#include "build_config.h"
#include "common/paths.h"

namespace asciinemad {

std::string sibling_program(std::string_view name) {
  for (const std::string& directory :
       {program_directory(), std::string(ASCIINEMAD_LIBEXEC_DIR "/")}) {
    std::string path = directory + std::string(name);
    if (!directory.empty() && ::access(path.c_str(), X_OK) == 0) return path;
  }
  return std::string(name);
}

std::optional<std::string> find_in_path(std::string_view name) {
  const char* variable = std::getenv("PATH");
  std::string_view rest = variable != nullptr ? variable : "/usr/local/bin:/usr/bin:/bin";
  for (;;) {
    const std::size_t colon = rest.find(':');
    std::string path(rest.substr(0, colon));
    path += path.empty() ? "" : "/";  // an empty entry is the current directory
    path += name;
    if (::access(path.c_str(), X_OK) == 0) return path;
    if (colon == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(colon + 1);
  }
}

std::string data_file(std::string_view name) {
  std::string in_tree = program_directory() + "../data/" + std::string(name);
  if (::access(in_tree.c_str(), R_OK) == 0) return in_tree;
  return std::string(ASCIINEMAD_DATA_DIR "/") + std::string(name);
}

}  // namespace asciinemad
