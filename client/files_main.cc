// asciinema-files: the client's work on existing recordings, for which it needs a JSON parser.

#include <array>
#include <string_view>

#include "client/command.h"
#include "client/files_program.h"
#include "client/messages.h"

namespace asciinemad {
namespace {

struct Verb {
  std::string_view name;
  int (*run)(int argc, char** argv);
};

constexpr std::array<Verb, 3> kVerbs = {
    {{"append-point", files_append_point}, {"cat", files_cat}, {"convert", files_convert}}};

int run(int argc, char** argv) {
  const std::string_view word = argc > 1 ? argv[1] : "";
  for (const Verb& verb : kVerbs) {
    if (verb.name == word) return verb.run(argc - 1, argv + 1);
  }
  print_err("asciinema-files is asciinema's helper; there is nothing in it to call by hand\n");
  return kExitUsage;
}

}  // namespace
}  // namespace asciinemad

int main(int argc, char** argv) { return asciinemad::run(argc, argv); }
