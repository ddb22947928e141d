#include "client/usage.h"

#include <getopt.h>

#include "client/command.h"
#include "client/messages.h"
#include "common/printable.h"

namespace asciinemad {

int usage_error(std::string_view usage, std::string_view command, const std::string& message) {
  print_err(std::string(usage) + "asciinema " + std::string(command) +
            ": error: " + printable(message) + "\n");
  return kExitUsage;
}

std::string stumbling_block(char** argv) {
  return optopt != 0 && optopt < 256 ? std::string("-") + static_cast<char>(optopt)
                                     : std::string(argv[optind - 1]);
}

}  // namespace asciinemad
